"""`warden stream record`: the events of a stream into a file of JSON lines."""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from WardenServer.errors import SettingError, WardenError
from WardenServer.loading.trust import Trust
from WardenServer.settings import secret
from WardenServer.settings.config import Settings
from WardenServer.streams.batch import Batch
from WardenServer.streams.feed import Feed
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.recorded import as_line, opened
from WardenServer.streams.snoop.config import load
from WardenServer.streams.snoop.names import Names
from WardenServer.streams.stream import make_reader

log = logging.getLogger("warden.stream")

#: Seconds that the end may take: what was read is written.
END = 10.0


class Recording:
    """One file that is written. `done` when there are as many events as were wanted, or it cannot be written."""

    def __init__(self, path: Path, most: int | None = None, force: bool = False) -> None:
        """Make the file.

        Args:
            path: of the file; it is compressed where it ends in .gz.
            most: how many events are wanted; None for all.
            force: write over a file that is there.

        Raises:
            WardenError: it is there already, or cannot be made.
        """
        self.events = self.size = self.unwritten = self.undecodable = self.lost = 0
        self.done = False
        self._path, self._most = path, most
        self._error = ""
        try:
            self._file: IO[bytes] = opened(path, "wb" if force else "xb")
        except FileExistsError:
            raise WardenError(f"{path} is there already; name another file, or say --force") from None
        except OSError as error:
            raise WardenError(self._sentence(error)) from None

    def take(self, batch: Batch) -> None:
        """Write events; what no JSON can hold is counted in `unwritten`. For one thread."""
        self.undecodable += batch.undecodable
        self.lost += batch.lost
        if self.done:
            return
        events = batch.events if self._most is None else batch.events[: self._most - self.events]
        lines = [line for event in events if (line := self._line(event))]
        try:
            self._file.write(b"".join(lines))
        except OSError as error:
            self._fail(error)
            return
        self.events += len(lines)
        self.size += sum(map(len, lines))
        self.done = self._most is not None and self.events >= self._most

    def _line(self, event: Any) -> bytes:
        try:
            return as_line(event)
        except (ValueError, TypeError, RecursionError):
            self.unwritten += 1
            return b""

    def close(self) -> None:
        """Write all that is still in memory.

        Raises:
            WardenError: the file could not be written; what is in there is whole up to some line.
        """
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)
        if self._error:
            raise WardenError(self._error)

    def _fail(self, error: OSError) -> None:
        self._error = self._error or self._sentence(error)
        self.done = True

    def _sentence(self, error: OSError) -> str:
        return f"{self._path} cannot be written ({error.strerror}); make room, or name another file"

    def __str__(self) -> str:
        said = {"could not be decoded": self.undecodable, "are lost": self.lost, "cannot be written": self.unwritten}
        more = "".join(f", {count} {what}" for what, count in said.items() if count)
        return f"{self.events} events, {self.size / 1e6:.3g} MB{more}"


def feed_of(name: str, reader: Reader, recording: Recording) -> Feed:
    """Begin to record what a reader reads; `Feed.close` and `join` end it."""
    feed = Feed(name, recording.take)
    feed.open(reader)
    return feed


def reader_of(settings: Settings, stream: str | None) -> tuple[Reader, Mapping[str, Any]]:
    """The reader of a stream of the settings, and its options. It takes nothing away from the hub's: of a Redis stream
    it reads by a group of its own, which `release` removes.

    Raises:
        SettingError: there is no such stream, or its settings cannot be used.
    """
    known = ", ".join(settings.streams) or "none; add a table [streams.NAME]"
    if stream is None and len(settings.streams) == 1:
        (stream,) = settings.streams
    if stream is None or stream not in settings.streams:
        said = "no stream is named" if stream is None else f"there is no stream {stream!r:.60}"
        raise SettingError(f"{said}; say --stream NAME; there are: {known}")
    about, where = settings.streams[stream], f"[streams.{stream}]"
    options = {name: secret.value(f"{where}: {name}", said) for name, said in about.options.items()}
    if about.reader == "redis":
        options = {**options, "group": f"record-{os.getpid()}", "share": False}
    reader = make_reader(replace(about, options=options))
    if reader is None:
        raise SettingError(f"{where} has no reader, so there is nothing to be recorded")
    return reader, options if about.reader == "redis" else {}


def reader_in(settings: Settings, module: Path) -> tuple[Reader, Names]:
    """The reader of a configuration module of snoop, and its imports, which are to be closed at the end.

    Raises:
        WardenError: the module cannot be used, or has no reader.
    """
    module = module.absolute()
    names = Names(module.parent, Trust(settings).read)
    names.open()
    try:
        source = load(module, "record", names, settings.state_folder).source
        if source is None:
            raise SettingError(f"{module}: has no reader, so there is nothing to be recorded")
        reader: Reader = source.make()
    except BaseException:
        names.close()
        raise
    return reader, names


def release(options: Mapping[str, Any]) -> None:
    """Remove the group by which a Redis stream was recorded; nothing where there are no options."""
    if not options:
        return
    import redis

    try:
        with redis.Redis.from_url(options["url"], socket_timeout=END, socket_connect_timeout=END) as server:
            server.xgroup_destroy(options["key"], options["group"])
    except (redis.RedisError, OSError) as error:
        log.warning("the group %s stays in Redis (%s); remove it with XGROUP DESTROY", options["group"], error)
