"""Reads the events of a stream, on a thread of its own, and hands them on, whatever happens to the source."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.machine.state_file import StateFile
from WardenServer.settings.masking import mask
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader

log = logging.getLogger("warden.stream")

#: Seconds that a reader waits for events, before it looks whether something else is to be done.
WAIT = 0.2
#: Seconds between attempts to open a source, doubling from the first to the last.
PAUSES = (0.5, 10.0)
#: Seconds between two notes of the position.
REMEMBER = 1.0


@dataclass(frozen=True)
class _Change:
    """Other settings that are to be taken on: their options, and what makes a reader with them."""

    make: Callable[[], Reader | None]
    options: Mapping[str, Any]
    outcome: "Future[None]" = field(default_factory=Future)


class Feed:
    """One reader and its thread. `trouble` says why nothing can be read, if that is so."""

    def __init__(self, name: str, take: Callable[[Batch], None], positions: StateFile | None = None) -> None:
        """`take` gets every batch, on the feed's thread; the position is kept in `positions`, over restarts."""
        self.name = name
        self.trouble = ""
        self._take = take
        self._positions = positions
        self._position: Any = None  # with the reader's kind, as it was noted last
        self._noted_at = 0.0
        self._reader: Reader | None = None
        self._is_open = False
        self._change: _Change | None = None
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"stream {name}", daemon=True)

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        reader = self._reader
        notes = [self.trouble] if self.trouble else list(reader.notes) if reader is not None else []
        return [mask(f"stream {self.name}: {note}") for note in notes]

    @property
    def ended(self) -> bool:
        """Whether there are no more events, and never will be."""
        return self._reader is None or self._reader.ended

    @property
    def reader(self) -> Reader | None:
        """What reads."""
        return self._reader

    def open(self, reader: Reader | None) -> None:
        """Begin to read; nothing without a reader."""
        self._reader = reader
        if self._positions is not None:
            self._position = self._positions.read(lambda _, content: content, None)
        self._thread.start()

    def change(self, make: Callable[[], Reader | None], options: Mapping[str, Any]) -> "Future[None]":
        """Read with other settings: the reader takes on the `options`, or what `make` makes goes on in its place. Where
        that fails the old one goes on, and the outcome says why."""
        change = self._change = _Change(make, options)
        self._wake.set()
        return change.outcome

    def close(self) -> None:
        """Tell the thread to read no more."""
        self._closing = True
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for its end after `close`, at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # -- its own thread

    def _run(self) -> None:
        pause = PAUSES[0]
        while not self._closing:
            if self._change is not None:
                self._serve(self._change)
            try:
                self._turn()
                pause = PAUSES[0]
            except WardenError as error:
                self._fail(f"{error}")
            except Exception as error:  # a mistake in a reader must not end the stream
                log.exception("stream %s: the reader failed", self.name)
                self._fail(f"its reader failed ({error!r:.200}); the log has more")
            if self.trouble:
                self._shut()
                self._rest(pause)
                pause = min(2 * pause, PAUSES[1])
        self._shut()

    def _turn(self) -> None:
        """Read once, and hand over what came."""
        reader = self._reader
        if reader is None or (self._is_open and reader.ended):
            self._rest(None)
            return
        if not self._is_open:
            reader.open(self._place_for(reader))
            self._is_open, self.trouble = True, ""
        batch = reader.read(WAIT)
        if batch is not None:
            self._take(batch)
        if time.monotonic() - self._noted_at > REMEMBER:
            self._remember(reader)

    def _rest(self, seconds: float | None) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _fail(self, why: str) -> None:
        if why != self.trouble:
            log.warning("%s", mask(f"stream {self.name}: {why}; it is tried again"))
        self.trouble = why

    def _shut(self) -> None:
        """Close the reader, with its position noted."""
        if self._reader is None or not self._is_open:
            return
        self._is_open = False
        try:
            self._remember(self._reader)
            self._reader.close()
        except Exception:  # as above
            log.exception("stream %s: its reader cannot be closed", self.name)

    def _place_for(self, reader: Reader) -> Any:
        """Where a reader is to go on: only its own kind knows what the position means."""
        noted = self._position if isinstance(self._position, dict) else {}
        return noted.get("position") if noted.get("reader") == type(reader).__name__ else None

    def _remember(self, reader: Reader) -> None:
        self._noted_at = time.monotonic()
        position = {"reader": type(reader).__name__, "position": reader.position()}
        if position != self._position:
            self._position = position
            if self._positions is not None:
                self._positions.write(position)

    def _serve(self, change: _Change) -> None:
        """Go on with other settings, or with the old ones where that fails."""
        self._change = None
        try:
            new, old = change.make(), self._reader
            if old is None or type(new) is not type(old) or not self._is_open or not old.change(change.options):
                self._replace(new)
        except Exception as error:  # whatever it is, the old reader goes on
            change.outcome.set_exception(error)
        else:
            change.outcome.set_result(None)

    def _replace(self, new: Reader | None) -> None:
        self._shut()  # first: both may want the same port, or group
        if new is not None and not (self.trouble or self._reader is None):
            new.open(self._place_for(new))
            self._is_open = True
        self._reader, self.trouble = new, ""
