"""Readers of event streams, by the name that `[streams.NAME] reader = ...` gives them."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.streams.readers.base import Reader

#: Where each is.
READERS = {
    "json_lines": "json_lines:JSONLines",
    "csv": "csv_lines:CSVLines",
    "root": "root:ROOT",
    "zeromq": "zeromq:ZeroMQ",
    "redis": "redis_stream:RedisStream",
    "couchdb": "couchdb:CouchDB",
    "tango": "tango_events:TangoEvents",
}


def make(stream: str, reader: str, options: Mapping[str, Any]) -> Reader:
    """The reader of a stream.

    Raises:
        SettingError: there is no such reader, or the options do not fit it.
    """
    where = f"[streams.{stream}]"
    if reader not in READERS:
        raise SettingError(f"{where}: reader is {reader!r:.40}; write one of {', '.join(READERS)}")
    module, _, name = READERS[reader].partition(":")
    kind: type[Reader] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    known = inspect.signature(kind).parameters
    if unknown := [option for option in options if option not in known]:
        raise SettingError(f'{where}: reader {reader} has no setting "{unknown[0]}"; it has {", ".join(known)}')
    needed = [name for name, each in known.items() if each.default is each.empty and name not in options]
    if needed:
        raise SettingError(f"{where}: reader {reader} needs the setting {' and '.join(needed)}")
    try:
        return kind(**options)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
