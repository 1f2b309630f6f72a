"""Reads all that a hub has in Memcached, by one exchange, and believes nothing of it unseen."""

import json
import time
from collections.abc import Mapping
from typing import Any

from WardenServer.results import hub_document, wire_form
from WardenServer.servers import memcached
from WardenServer.servers.memcached import ERRORS, WithFlags, open_client, sentence
from WardenServer.settings.config import Settings
from WardenServer.web.view import View

_BAD = "Memcached holds under {} what no hub has written ({}); see what writes it"


class Memory:
    """The hub's Memcached. One thread uses it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = memcached.memcached_servers(settings)
        self._client = open_client(self._servers, settings.memcached_timeout, WithFlags())
        self._own = (settings.hub_key, settings.fields_key, settings.alarms_key)
        self._keys: frozenset[str] = frozenset()  # of documents, as the last table of fields has them

    def read(self, number: int) -> View:
        """What stands there now. Where Memcached does not answer, that is nothing, and `problem` says why."""
        try:
            found = self._take([*self._own, *sorted(self._keys)])
        except ERRORS as error:
            self._client.close()
            return View(number, time.time(), sentence(", ".join(self._servers), error))
        return self._understand(number, found)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _take(self, keys: list[str]) -> dict[str, tuple[bytes, int]]:
        prefix = self._settings.prefix
        found = self._client.get_many([prefix + key for key in keys])
        return {key: found[prefix + key] for key in keys if prefix + key in found}

    def _understand(self, number: int, found: Mapping[str, tuple[bytes, int]]) -> View:
        problems: list[str] = []
        hub, fields, alarms = (_table(key, found.get(key), problems) for key in self._own)
        hub = _checked(self._settings.hub_key, hub, problems)
        fields = {name: entry for name, entry in (fields or {}).items() if _is_field(entry)}
        alarms = {name: entry for name, entry in (alarms or {}).items() if isinstance(entry, dict)}
        plain = {entry["key"] for entry in fields.values() if "form" in entry}
        documents: dict[str, Any] = {}
        for key in found.keys() - set(self._own):
            document = _plain(key, found[key], problems) if key in plain else _table(key, found[key], problems)
            if document is not None:
                documents[key] = document
        if fields:
            self._keys = frozenset(entry["key"] for entry in fields.values()) - set(self._own)
        if hub is None and not problems:
            problems.append(self._no_hub())
        return View(number, time.time(), "; ".join(problems[:3]) or None, hub, fields, alarms, documents)

    def _no_hub(self) -> str:
        key = self._settings.prefix + self._settings.hub_key
        return f"Memcached has no {key}: the hub {self._settings.instance} does not run; start it with: warden up"


def _table(key: str, value: tuple[bytes, int] | None, problems: list[str]) -> dict[str, Any] | None:
    if value is None:
        return None
    try:
        document = json.loads(value[0], parse_constant=lambda name: None)
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")
        return document
    except (ValueError, RecursionError) as error:
        problems.append(_BAD.format(key, error))
        return None


def _plain(key: str, value: tuple[bytes, int], problems: list[str]) -> Any:
    try:
        return wire_form.decode(*value)
    except ValueError as error:
        problems.append(_BAD.format(key, error))
        return None


def _checked(key: str, document: dict[str, Any] | None, problems: list[str]) -> dict[str, Any] | None:
    try:
        if document is not None:
            hub_document.read(document)
        return document
    except (ValueError, TypeError) as error:
        problems.append(_BAD.format(key, error))
        return None


def _is_field(entry: Any) -> bool:
    """Whether it is an entry of the table of fields; its `timestamp` is none."""
    return isinstance(entry, dict) and isinstance(entry.get("key"), str) and isinstance(entry.get("field"), str)
