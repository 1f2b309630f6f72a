"""A configuration module is loaded again while its stream runs: all that is new takes over, or nothing."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from WardenServer.errors import PluginError
from WardenServer.streams.outlets import Outlets
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.sampling import plain
from WardenServer.streams.snoop.config import Config
from WardenServer.streams.snoop.names import Names
from WardenServer.streams.snoop.source import Place
from WardenServer.streams.stream import Stream
from WardenServer.streams.takeover import take_over, try_all

log = logging.getLogger("warden.stream")

#: Seconds that a processor may take to be tried, and to take over; and that the reader may take to come back.
LOADING = 15.0


def full_for(reader: Reader | None) -> str:
    """What happens to events that processors have no room for: a reader that has an end waits, one without cannot."""
    return "oldest" if reader is None or reader.endless else "block"


class Reload:
    """Changes a stream that runs. One thread at a time calls it."""

    def __init__(
        self, stream: Stream, outlets: Outlets, names: Names, make_reader: Callable[[Config], Reader | None]
    ) -> None:
        """Take note of what there is.

        Args:
            stream: whose processors and reader are replaced.
            outlets: whose writer is replaced.
            names: what imports go through.
            make_reader: makes the reader of a configuration; None where it has none.
        """
        self._stream, self._outlets, self._names = stream, outlets, names
        self._make_reader = make_reader

    def run(self, load: Callable[[], Config], old: Config, name: str) -> Config:
        """What `load` loads takes over. Reader and writer are replaced only where their own settings are others.

        Args:
            load: loads the configuration.
            old: the one that is at work.
            name: of the writer.

        Raises:
            WardenError: something of it cannot be used, and the old one goes on.
        """

        def load_and_try() -> Config:
            new = load()
            self._try(new)
            self._replace_places(old, new, name)
            return new

        new: Config = self._names.fresh(load_and_try)
        take_over(self._stream, new.codes)
        return new

    def _try(self, new: Config) -> None:
        if new.problems or not new.codes:
            raise PluginError("; ".join(new.problems) or "there is no processor; correct processor_paths")
        try_all(self._stream, new.codes, LOADING, plain)

    def _replace_places(self, old: Config, new: Config, name: str) -> None:
        is_written_anew = new.target.key != old.target.key
        if is_written_anew:
            new.target.make()  # which opens nothing: whether it can be used is known before anything is replaced
        if _key(new.source) != _key(old.source):
            self._read_with(new)
            log.info("events are read with other settings")
        if is_written_anew:
            self._outlets.change(new.target, name)
            log.info("samples are written with other settings")

    def _read_with(self, new: Config) -> None:
        options = new.source.options if new.source is not None else {}
        try:
            self._stream.read_with(partial(self._make_reader, new), options, LOADING)
        except TimeoutError:
            said = f"the reader has not come back within {LOADING:g} s"
            raise PluginError(f"{said}; have read() yield None where there is nothing") from None
        self._stream.change(replace(self._stream.settings, full=full_for(self._stream.reader)))


def _key(source: Place | None) -> object:
    return source.key if source is not None else None
