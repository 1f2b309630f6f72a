"""What an old file sets in the run that goes on, and what becomes of it: fields of documents, and plain values."""

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from WardenServer.agent import Agent, Place, Value
from WardenServer.errors import FieldError
from WardenServer.results.field import RESERVED
from WardenServer.servers import documents

#: Forms of plain values in Memcached, by type.
_FORMS = {bool: "bool", int: "int", float: "float", str: "text"}


class ThisRun:
    """Any thread of the agent may set and get keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._agent = Agent("old file")
        self._root = ""
        self._plain: dict[str, Any] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._names: dict[str, tuple[str, str]] = {}  # of fields: their key, and what they are called there
        self._told = ""
        self.locks: set[str] = set()

    @property
    def log(self) -> logging.Logger:
        """The agent's log."""
        return self._agent.log

    def begin(self, agent: Agent, root: str) -> None:
        """Forget what the last run has set. `root` is the file's ROOT_REF."""
        self.end()
        self._agent, self._root = agent, root.rstrip(".")

    def end(self) -> None:
        """No lock outlives the run: what was left locked would keep the plugin from running for ever."""
        with self._lock:
            self._plain, self._documents = {}, {}
            self.locks.clear()

    def set(self, key: str, value: Any) -> None:
        """Note a plain value; raises FieldError where Memcached cannot hold it in a form that its readers know."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if value is not None and type(value) not in _FORMS:
            said = f"set_key({key!r:.60}) got a {type(value).__name__}; give text, a number or a bool"
            raise FieldError(f"{said}, or a dict to dict2json")
        with self._lock:
            self._documents.pop(key, None)
            self._plain[key] = value

    def set_document(self, key: str, fields: Mapping[str, Any]) -> None:
        """Note a document."""
        with self._lock:
            self._plain.pop(key, None)
            self._documents[key] = {str(name): value for name, value in fields.items()}

    def get(self, key: str) -> Any:
        """What a key holds: what this run has set, else what is in Memcached; None where there is nothing."""
        with self._lock:
            if key in self._plain:
                return self._plain[key]
            if key in self._documents:
                return json.dumps(self._documents[key])
        return documents.read([key]).get(key)

    def tell(self, text: str) -> None:
        """Give out an event, unless it says what the last one did: old files tell again in every run."""
        if text != self._told:
            self._agent.tell(text, severity="warning")
        self._told = text

    def fields(self) -> dict[str, Any]:
        """What the run returns: each key's values with their places."""
        with self._lock:
            plain, documents = self._plain.copy(), self._documents.copy()
        stamps = [fields.pop("timestamp") for fields in documents.values() if "timestamp" in fields]
        found: dict[str, Any] = {"timestamp": max(stamps)} if stamps else {}
        for key, fields in documents.items():
            for name, value in fields.items():
                found[self._name(key, name)] = Value(value, place=Place(key, None, name))
        for key, value in plain.items():
            form = _FORMS.get(type(value), "text")
            found[self._name(key, "")] = Value(value, place=Place(key, form))
        return found

    def _name(self, key: str, field: str) -> str:
        """The name of the agent's field: short where the key begins with ROOT_REF, and where no other has that name."""
        within = key.removeprefix(self._root).strip(".") if self._root else key
        last = key.rpartition(".")[2]
        short = (f"{within}.{field}" if within and field else within or field) or last
        whole = f"{key}.{field}" if field else key
        for name in (short, whole):
            if name not in RESERVED and self._names.setdefault(name, (key, field)) == (key, field):
                return name
        return whole


RUN = ThisRun()
