"""Where the events of a configuration module come from, and where its samples go: ours, or an object of its own."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.settings import masking
from WardenServer.sinks import writers
from WardenServer.sinks.writers.writer import Writer
from WardenServer.streams import readers
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.own import Own
from WardenServer.streams.readers.several import Several
from WardenServer.streams.snoop import stand_ins
from WardenServer.streams.snoop.own_writer import OwnWriter


@dataclass(frozen=True)
class Place:
    """A reader or writer; `key` is equal for two whose settings, and code of their own, are the same. `options` are the
    settings of one of ours."""

    make: Callable[[], Any]
    key: Any
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def source_of(name: str, reader: Any) -> Place | None:
    """What reads the events of the stream `name`; None where there is no reader.

    Raises:
        PluginError: it is no reader.
    """
    if reader is None:
        return None
    if isinstance(reader, stand_ins.Reader) and not _is_own(reader, "read"):
        return _described(name, reader)
    if not callable(getattr(reader, "read", None)):
        raise PluginError(f"reader is {reader!r:.60}; write a reader of snoop, or an object with read()")
    return Place(lambda: Own(reader.read), _key_of(reader))


def target_of(name: str, writer: Any, folder: Path) -> Place:
    """What writes the samples; where it keeps documents for later, in a file `name` in `folder`.

    Raises:
        PluginError: it is no writer.
    """
    if isinstance(writer, stand_ins.Writer) and not _is_own(writer, "write") and writer.target[0]:
        kind, options = writer.target
        masking.learn("", options)
        return Place(lambda: _writer(name, kind, options, folder), (kind, options))
    if not callable(getattr(writer, "write", None)):
        raise PluginError(f"writer is {writer!r:.60}; write PrintWriter(), or an object with write(docs, timestamp)")
    return Place(lambda: OwnWriter(writer.write), _key_of(writer))


def _described(name: str, reader: stand_ins.Reader) -> Place:
    sources = reader.sources
    masking.learn("", [options for _, options in sources])

    def make() -> Reader:
        made = [readers.make(name, kind, options) for kind, options in sources]
        return made[0] if len(made) == 1 else Several(made)

    if not sources:
        raise PluginError("reader reads nothing; add_dispatcher(address) gives it a publisher")
    key = [(kind, {option: _key(value) for option, value in each.items()}) for kind, each in sources]
    return Place(make, key, sources[0][1] if len(sources) == 1 else {})


def _writer(name: str, kind: str, options: Mapping[str, Any], folder: Path) -> Writer:
    return writers.make(name, kind, options, folder)


def _is_own(thing: Any, method: str) -> bool:
    return hasattr(type(thing), method)


def _key_of(thing: Any) -> Any:
    """The class of an object with its code, and the settings that it was made with."""
    return _key(type(thing)), repr(getattr(thing, "__dict__", None))


def _key(value: Any) -> Any:
    """A value of a setting; of a class or function its name and code, since each import makes new ones."""
    if not callable(value):
        return value
    try:
        source = inspect.getsource(value)
    except (OSError, TypeError):
        source = ""
    return getattr(value, "__qualname__", ""), source
