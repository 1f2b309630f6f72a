"""Events from the changes of a CouchDB database: each new or changed document.

Where a document changes twice in a short time, only the second may be seen: so works the feed. Documents that are
deleted, and design documents, are left out.
"""

import importlib
import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from WardenServer.errors import WardenError
from WardenServer.settings import masking
from WardenServer.settings.units import size
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.changes_feed import ChangesFeed, Sequence, is_sequence, number
from WardenServer.streams.readers.option import checked, word

#: From a document to an event, or None where it is to be left out.
Mapper = Callable[[Any], Any]


class CouchDB(Reader):
    """Follows a database, from where it was last read on."""

    def __init__(
        self, url: str, database: str, mapper: Mapper | str | None = None, since: str = "now", largest: Any = "16 MB"
    ) -> None:
        """Take on the settings.

        Args:
            url: of the server, such as "http://user:password@host:5984".
            database: its name.
            mapper: makes an event of a document, or None to leave it out; "module:function" names one. A document for
                which it raises an exception counts as one that cannot be decoded. Without it documents are events.
            since: where to begin the first time: "now", or "start" for all that is there.
            largest: bytes of a change beyond which it is not decoded.

        Raises:
            SettingError: one of them cannot be used.
        """
        super().__init__()
        masking.learn("url", url)
        self._url, self._database = checked("url", url, _url), checked("database", database, word)
        self._mapper = checked("mapper", mapper, _mapper)
        self._begin = checked("since", since, _since)
        self._largest = checked("largest", largest, size)
        self._feed: ChangesFeed | None = None
        self._position: Sequence | None = None

    def open(self, position: Any) -> None:
        """See Reader."""
        self.close()
        self._map = _function(self._mapper) if isinstance(self._mapper, str) else self._mapper or _itself
        self._feed = ChangesFeed(self._url, self._database, self._largest)
        try:
            newest = self._feed.newest()
            if not is_sequence(position):
                position = newest if self._begin == "now" else 0
            elif number(position) > number(newest):  # another database of this name
                position = 0
            self._position = position
            self._feed.start(position)
        except WardenError:
            self.close()
            raise

    def read(self, wait: float) -> Batch | None:
        """See Reader. The server's signs of life end the waiting."""
        until = time.monotonic() + wait
        while True:
            lines, too_long = self._feed.lines() if self._feed is not None else ([], 0)
            batch = self._batch(lines, too_long)
            if len(batch) or batch.undecodable:
                return batch
            if time.monotonic() > until:
                return None

    def _batch(self, lines: Iterable[bytes], undecodable: int) -> Batch:
        events = []
        taken = 0
        for line in lines:
            taken += len(line)
            try:
                event = self._event(line)
            except Exception:  # whatever the mapper raises
                undecodable += 1
                continue
            if event is not None:
                events.append(event)
        return Batch(events, size=taken, undecodable=undecodable)

    def _event(self, line: bytes) -> Any:
        """The event of a change; None where there is none."""
        change = json.loads(line)
        newest = change["seq"] if "seq" in change else change["last_seq"]
        if is_sequence(newest):
            self._position = newest
        if change.get("deleted") or "id" not in change or change["id"].startswith("_design/"):
            return None
        return self._map(change["doc"])

    def position(self) -> Any:
        """See Reader: the server's number of the last change."""
        return self._position

    def close(self) -> None:
        """See Reader."""
        if self._feed is not None:
            self._feed.close()
            self._feed = None


def _itself(document: Any) -> Any:
    return document


def _function(name: str) -> Mapper:
    """The function "module:function".

    Raises:
        WardenError: it cannot be imported.
    """
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # whatever the module does
        raise WardenError(f"mapper {name} cannot be imported ({error!r:.200}); correct `mapper`") from None
    if not callable(found):
        raise WardenError(f"mapper {name} is no function; correct `mapper`")
    return found  # type: ignore[no-any-return]


def _url(value: Any) -> str:
    wanted = '"http://host:5984"'
    if not isinstance(value, str):
        raise ValueError(wanted)
    try:
        parts = urlsplit(value)
        has_place = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_place = False
    if not has_place or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise ValueError(wanted)
    return value


def _mapper(value: Any) -> Mapper | str | None:
    if value is None or callable(value):
        return value  # type: ignore[no-any-return]
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", value):
        raise ValueError('"module:function"')
    return value


def _since(value: Any) -> str:
    if value not in ("now", "start"):
        raise ValueError('"now" or "start"')
    return str(value)
