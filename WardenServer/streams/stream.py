"""One stream: what reads its events, and the processors that get them."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from WardenServer.machine.state_file import StateFile
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams import readers
from WardenServer.streams.batch import Batch
from WardenServer.streams.feed import Feed
from WardenServer.streams.gaps import Gaps
from WardenServer.streams.host import Explain, Host
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.told import Run, Turn

log = logging.getLogger("warden.stream")

#: What each sample says of the events: since the start and, with `_new`, since the last sample. `seen` were given to
#: the processor, `dropped` had no room in its queue, `lost` never came (null where events have no numbers),
#: `undecodable` could not be read.
COUNTS = ("seen", "dropped", "lost", "undecodable")


def make_reader(settings: Settings) -> Reader | None:
    """The reader that the settings name; None where they name none. Raises SettingError."""
    return readers.make(settings.name, settings.reader, settings.options) if settings.reader else None


class Stream:
    """Reads events and hands them to processors. Any thread may call it."""

    def __init__(self, settings: Settings, positions: StateFile | None = None) -> None:
        """Put a stream together; `open` begins. Its position is kept in `positions`, over restarts."""
        self.settings = settings
        self.recent: Batch | None = None  # what came last
        self._feed = Feed(settings.name, self._hand_on, positions)
        self._gaps = Gaps(settings.sequence, settings.publisher) if settings.sequence else None
        self._lost = self._undecodable = 0
        self._hosts: dict[str, Host] = {}
        self._before: dict[str, tuple[int | None, ...]] = {}
        self._lock = threading.Lock()
        self._handing = threading.Lock()  # held while a batch is handed on, to all processors or none
        self._run: Run | None = None
        self._is_open = False

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        return self._feed.notes

    @property
    def ended(self) -> bool:
        """Whether all events were read, and no more will come."""
        return self._feed.ended

    @property
    def reader(self) -> Reader | None:
        """What reads the events."""
        return self._feed.reader

    # -- life

    def open(self, reader: Reader | None) -> None:
        """Begin to read."""
        self._is_open = True
        for host in self._hosts.values():
            host.open()
        self._feed.open(reader)

    def finish(self, seconds: float) -> bool:
        """Read no more, and let the processors take what was read; False where that lasts longer than `seconds`."""
        until = time.monotonic() + seconds
        self._feed.close()
        done = self._feed.join(seconds)
        for host in self._hosts.values():
            done &= host.wait_idle(max(0.0, until - time.monotonic()))
        return done

    def close(self, seconds: float) -> None:
        """End. Processors that still work after `seconds` are left behind."""
        self._feed.close()
        for host in self._hosts.values():
            host.close()
        self._feed.join(seconds)
        for host in self._hosts.values():
            host.join(seconds)

    def change(self, settings: Settings) -> None:
        """Read with other settings; where that fails the old ones stay.

        Raises:
            WardenError: why it fails.
        """
        old = self.settings
        if (settings.reader, settings.options) != (old.reader, old.options):
            self.read_with(lambda: make_reader(settings), settings.options)
        if (settings.sequence, settings.publisher) != (old.sequence, old.publisher):
            self._gaps = Gaps(settings.sequence, settings.publisher) if settings.sequence else None
        for host in self._hosts.values():
            host.limit(settings.queue, settings.full)
        self.settings = settings

    def read_with(
        self, make: Callable[[], Reader | None], options: Mapping[str, Any], seconds: float | None = None
    ) -> None:
        """Read with another reader, or the same one with other options; where that fails the old one stays.

        Raises:
            WardenError: why it cannot.
            TimeoutError: that is not known after `seconds`.
        """
        self._feed.change(make, options).result(seconds)

    # -- processors

    def add(self, name: str, processor: Any, explain: Explain) -> Host:
        """Give events to a processor from now on."""
        host = Host(name, processor, self.settings.queue, self.settings.full, explain)
        if self._is_open:
            host.open()
        with self._lock:
            if self._run is not None:
                host.turn(self._run)
            self._hosts = {**self._hosts, name: host}
        return host

    def remove(self, name: str) -> None:
        """Give a processor no more events."""
        with self._lock:
            host = self._hosts.get(name)
            self._hosts = {other: each for other, each in self._hosts.items() if other != name}
            self._before.pop(name, None)
        if host is not None:
            host.close()

    def host(self, name: str) -> Host | None:
        """A processor at work."""
        return self._hosts.get(name)

    @property
    def run(self) -> Run | None:
        """The run of now; None where the hub has none."""
        return self._run

    @property
    def closes(self) -> bool:
        """Whether a processor gets the events of runs alone."""
        return any(host.closes for host in self._hosts.values())

    def turn(self, run: Run) -> list[tuple[Host, Turn]]:
        """A run begins or ends between what was read and what will be; all processors, and what tells when they know.

        Where the reader waits for room it waits, too."""
        with self._handing, self._lock:
            self._run = run
            return [(host, host.turn(run)) for host in self._hosts.values()]

    @property
    def names(self) -> list[str]:
        """The processors."""
        return list(self._hosts)

    def document(self, host: Host, processor: Any, anew: bool = False) -> dict[str, Any]:
        """A sample of a processor with the counts of its events; `anew` where that is to take over. For what the host
        is asked to do."""
        if not anew:
            host.check()
        document = processor.sample()
        return {**self._counts(host), **document} if isinstance(document, Mapping) else document

    def _counts(self, host: Host) -> dict[str, int | None]:
        """The counts, and how many are new since they were last asked for."""
        numbered = self._gaps.lost if self._gaps is not None else 0
        reader = self._feed.reader
        counts_lost = self._gaps is not None or (reader is not None and reader.counts_lost)
        lost = numbered + self._lost if counts_lost else None
        now: tuple[int | None, ...] = (host.seen, host.dropped, lost, self._undecodable)
        before = self._before.get(host.name, (0,) * len(now))
        self._before[host.name] = now
        new = [None if a is None else a - (b or 0) for a, b in zip(now, before, strict=True)]
        names = (*COUNTS, *(f"{name}_new" for name in COUNTS))
        return dict(zip(names, (*now, *new), strict=True))

    # -- the feed's thread

    def _hand_on(self, batch: Batch) -> None:
        self._undecodable += batch.undecodable
        self._lost += batch.lost
        if not len(batch):
            return
        if self._gaps is not None:
            self._gaps.look(batch)
        self.recent = batch
        with self._handing:
            for host in self._hosts.values():
                host.put(batch)
