"""The tables [streams.NAME]: where events come from, and how they reach the processors.

    [streams.daq]
    reader = "zeromq"
    addresses = ["tcp://daq.example:5024"]
    sequence = "number"
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import parse
from WardenServer.settings.units import size

#: What happens to events for which the queue of a processor has no room: the oldest or the newest are dropped, or the
#: reader waits.
FULL = ("oldest", "newest", "block")


@dataclass(frozen=True)
class Stream:
    """One stream.

    Args:
        name: of the stream.
        reader: how events are read; "" where there are none, for processors that only act when they are sampled.
        options: the settings of the reader.
        queue: most events that wait for each processor.
        full: one of FULL.
        sequence: the field of an event that has its number, "" where there is none.
        publisher: the field that says where the number was counted, "" where there is one counter.
        interval: seconds between samples of processors that have no interval of their own.
        memory: bytes that the process of the stream may hold; 0 where nothing was said.
    """

    name: str
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    queue: int = 100_000
    full: str = "oldest"
    sequence: str = ""
    publisher: str = ""
    interval: float = 5.0
    memory: int = 0


def _full(value: Any) -> str:
    if value not in FULL:
        raise ValueError(" or ".join(f'"{each}"' for each in FULL))
    return str(value)


def _queue(value: Any) -> int:
    if parse.whole(value) < 1:
        raise ValueError("a number of events, 1 or more")
    return int(value)


_PARSED: Mapping[str, Callable[[Any], Any]] = {
    "reader": parse.text, "queue": _queue, "full": _full, "sequence": parse.text, "publisher": parse.text,
    "interval": parse.positive, "memory": size,
}  # fmt: skip


def read(table: Any, where: str) -> dict[str, Stream]:
    """The streams of the settings file `where`, by name. Their readers judge the rest of the settings.

    Raises:
        SettingError: something in it means nothing; the text has the cure.
    """
    if not isinstance(table, Mapping):
        raise SettingError(f"{where}: streams is {table!r:.40}; write tables such as [streams.daq]")
    return {name: _stream(name, entry, where) for name, entry in table.items()}


def of(agent: str, table: Mapping[str, Any], streams: Mapping[str, Stream]) -> Stream:
    """The stream of a processor: the one that its table in the configuration names, or the only one.

    Raises:
        SettingError: there is no such stream, or several.
    """
    known = ", ".join(streams) or "none; add a table [streams.NAME]"
    if "stream" not in table:
        if len(streams) == 1:
            return next(iter(streams.values()))
        raise SettingError(f'[agents.{agent}]: is a processor and needs stream = "..."; there are: {known}')
    if (named := table["stream"]) not in streams:
        raise SettingError(f"[agents.{agent}]: stream is {named!r:.60}; there are: {known}")
    return streams[str(named)]


def _stream(name: str, entry: Any, where: str) -> Stream:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name):
        raise SettingError(f'{where}: stream "{name}"; write a name of letters, digits and _, a letter first')
    if not isinstance(entry, Mapping):
        raise SettingError(f"{where}: streams.{name} is {entry!r:.40}; write a table [streams.{name}]")
    known: dict[str, Any] = {}
    for setting in entry.keys() & _PARSED.keys():
        try:
            known[setting] = _PARSED[setting](entry[setting])
        except ValueError as error:
            said = repr(entry[setting])[:60]
            raise SettingError(f"{where}: [streams.{name}]: {setting} is {said}; write {error}") from None
    options = {option: value for option, value in entry.items() if option not in _PARSED}
    if options and not known.get("reader"):
        first = next(iter(options))
        close = difflib.get_close_matches(first, _PARSED, 1)
        meant = f'; did you mean "{close[0]}"?' if close else '; add reader = "..." if events are to be read'
        raise SettingError(f'{where}: [streams.{name}]: unknown setting "{first}"{meant}')
    return Stream(name, options=options, **known)
