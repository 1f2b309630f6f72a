"""Looks at the hub from outside, as its clients do: documents, State, events, processes.

Two threads look all the time, and a bare loop on every processor feels whether it is there for us. They put what they
see into `seen`; the main thread takes it from there once it knows which faults were on. Nothing here waits longer than
Tango's or Memcached's own limits.
"""

import functools
import json
import os
import sys
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import tango
import tango.utils
from pymemcache.exceptions import MemcacheError

from WardenServer.errors import WardenError
from WardenServer.machine.clock import Clock
from WardenServer.servers.memcached import open_client
from WardenServer.soak.client import ask
from WardenServer.soak.record import DOCUMENTS as STALE
from WardenServer.soak.record import NO_PROCESSOR, RUNS, SeenRun, SoakRecord, Window
from WardenServer.soak.stage import DOCUMENTS, INTERVALS, TABLES, Stage
from WardenServer.soak.verdict import Sample

#: Seconds between looks.
LOOK = 0.1
#: Seconds that a document may be older than the interval of its agents.
AGE = 1.0
#: Seconds between the turns of a bare loop, and by which one is late when this machine, not the hub, had no processor
#: for us: half an interval.
TURN, HICCUP = 0.02, 0.05
#: Bare loops at most, each on a processor of its own.
LOOPS = 8
#: The share of all processor time, over so many looks, that the host of a virtual machine gives to others: likewise.
STOLEN, LOOKS = 0.2, 6


class Theft:
    """Whether the host of a virtual machine gives its processors to others."""

    def __init__(self, processors: int) -> None:
        self._processors = processors
        self._looks: deque[tuple[float, float]] = deque(maxlen=LOOKS)

    def look(self, now: float, stolen: float) -> float | None:
        """`stolen` is what was taken so far, in seconds; returns since when it was too much, if it was."""
        self._looks.append((now, stolen))
        began, before = self._looks[0]
        return began if stolen - before > STOLEN * self._processors * (now - began) else None


def turns(clock: Clock, closing: threading.Event) -> Iterator[tuple[float, float]]:
    """The turns of a bare loop, each as when it was due and when it came. What was missed is not made up for."""
    due = clock.monotonic() + TURN
    while not clock.wait(closing, max(0.0, due - clock.monotonic())):
        now = clock.monotonic()
        yield due, now
        due = max(due + TURN, now)


def _processors() -> list[int]:
    """Those that the soak may use; where a thread cannot choose, one stands for all."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


class Watch:
    """All that is looked at. Made and closed by the main thread."""

    def __init__(self, stage: Stage) -> None:
        self.seen: deque[Callable[[SoakRecord], None]] = deque()
        self.loop: array[float] = array("d")
        self.events: dict[str, float] = {}  # attribute: when the last valid event came
        self.missed = 0
        self.error = ""
        self._stage = stage
        self._closing = threading.Event()
        self._journal = stage.journal.open(encoding="ascii")
        self._proxy = tango.DeviceProxy(stage.device)
        self._hub: dict[str, Any] = {}
        targets = [self._look_on, self._ask_on]
        targets += [functools.partial(self._feel, processor) for processor in _processors()[:LOOPS]]
        self._threads = [tango.utils.PyTangoThread(target=target, daemon=True) for target in targets]

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look all the time."""
        self._subscribe()
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._closing.set()
            for thread in self._threads:
                thread.join(4.0)
            self._journal.close()

    # -- for the main thread

    def collect(self, record: SoakRecord) -> None:
        """Hand over what was seen so far; the faults of that time must be known."""
        for _ in range(len(self.seen)):
            self.seen.popleft()(record)
        for line in self._journal:  # last: among what was seen are moments without a processor, which explain runs
            name, n, began = line.split()
            if name in INTERVALS:
                record.run(SeenRun(name, int(n), float(began)))

    def command(self, name: str) -> str:
        """Run a command of the device, and take note how long it took; what was wrong."""
        said = ask(self._proxy, name)
        self.seen.append(lambda record: record.answer(*said))
        return said[3]

    def answers(self, command: str, began: float, ended: float, error: str) -> None:
        """Take note of what a client saw."""
        self.seen.append(lambda record: record.answer(command, began, ended, error))

    def whole(self) -> bool:
        """Whether every document in Memcached is fresh, and not older than the hub's own."""
        try:
            theirs = {key: json.loads(self._proxy.command_inout("GetDocument", key)) for key in DOCUMENTS}
            found = self._documents()
        except (tango.DevFailed, MemcacheError, OSError):
            return False
        ages = {key: _age(key, found.get(key)) for key in DOCUMENTS}
        if any(age is None or age > _limit(key) for key, age in ages.items()):
            return False
        return all(
            found[key].get(f"{name}_n", -1) >= (theirs[key].get(f"{name}_n") or 0)
            for key, agents in DOCUMENTS.items()
            for name in agents
        )

    def events_since(self, moment: float) -> bool:
        """Whether a valid event of every agent that behaves well has come since then."""
        return all(self.events.get(_attribute(name).lower(), 0.0) > moment for name in INTERVALS)

    def status(self) -> str:
        """What the device says of itself."""
        try:
            return str(self._proxy.command_inout("Status"))
        except tango.DevFailed:
            return ""

    def document(self, key: str) -> dict[str, Any]:
        """A document as it stands in Memcached; empty when none does."""
        try:
            return self._documents([key]).get(key, {})
        except (MemcacheError, OSError):
            return {}

    def valid(self, attribute: str) -> bool:
        """Whether an attribute has a valid value."""
        try:
            return bool(self._proxy.read_attribute(attribute).quality == tango.AttrQuality.ATTR_VALID)
        except tango.DevFailed:
            return False

    def sample(self) -> Sample | None:
        """What the hub's process has and holds now."""
        process = self._stage.process
        try:
            threads = int(self._proxy.read_attribute("NumThreads").value)
            if process is None:
                return None
            memory = process.memory_info().rss / 1e6
            return Sample(time.monotonic(), process.pid, memory, process.num_threads(), threads, process.num_fds())
        except (tango.DevFailed, TypeError, psutil.Error):
            return None

    # -- threads

    def _look_on(self) -> None:
        began, tick, theft = time.monotonic(), 0, Theft(psutil.cpu_count() or 1)
        while not self._closing.is_set():
            tick += 1
            self._closing.wait(max(0.0, began + tick * LOOK - time.monotonic()))
            now = time.monotonic()
            since = theft.look(now, getattr(psutil.cpu_times(), "steal", 0.0))
            if since is not None:
                self._hiccup(since, now)
            self._guarded(self._look)
            tick = max(tick, int((time.monotonic() - began) / LOOK))  # a look may take longer: it is then left out

    def _ask_on(self) -> None:
        while not self._closing.wait(2 * LOOK):
            self._guarded(lambda: self.command("State"))

    def _feel(self, processor: int) -> None:
        if sys.platform == "linux":
            os.sched_setaffinity(0, {processor})  # of this thread
        for due, now in turns(Clock(), self._closing):
            self.loop.append(now - due)
            if now - due > HICCUP:
                self._hiccup(due, now)

    def _guarded(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except (WardenError, tango.DevFailed, MemcacheError, OSError, ValueError) as error:
            self.error = str(error)

    def _hiccup(self, began: float, ended: float) -> None:
        window = Window(NO_PROCESSOR, began, ended, frozenset({RUNS, STALE}))
        self.seen.appendleft(lambda record: record.open(window))

    def _look(self) -> None:
        """One look at all documents, and at the hub's own."""
        try:
            found = self._documents([*DOCUMENTS, self._stage.settings.hub_key])
        except (MemcacheError, OSError):
            found = {}
        now = time.monotonic()
        for key in DOCUMENTS:
            age, limit = _age(key, found.get(key)), _limit(key)
            self.seen.append(functools.partial(_see_document, key=key, age=age, limit=limit, at=now))
        hub = found.get(self._stage.settings.hub_key)
        if hub:
            self._count_missed(hub["missed"], now)

    def _count_missed(self, missed: int, now: float) -> None:
        """Ticks missed since the last look; the hub counts anew at Start."""
        more = missed - self.missed if missed >= self.missed else missed
        self.missed = missed
        if more:
            self.seen.append(lambda record: record.missed(more, now - 2.5, now))

    def _documents(self, keys: list[str] | None = None) -> dict[str, dict[str, Any]]:
        client = open_client((self._stage.memcached.address,), 0.5)
        try:
            return {key: json.loads(value) for key, value in client.get_many(keys or list(DOCUMENTS)).items()}
        finally:
            client.close()

    def _subscribe(self) -> None:
        for name in INTERVALS:
            attribute = _attribute(name)
            self._proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, self._take, [], True)

    def _take(self, event: Any) -> None:
        if not event.err and event.attr_value.quality == tango.AttrQuality.ATTR_VALID:
            self.events[event.attr_value.name.lower()] = time.monotonic()


def _see_document(record: SoakRecord, key: str, age: float | None, limit: float, at: float) -> None:
    record.document(key, age, limit, at)


def _attribute(agent: str) -> str:
    return f"{agent}_{agent}_n"


def _limit(key: str) -> float:
    """The age of a document beyond which it is stale."""
    table = TABLES[DOCUMENTS[key][0]]
    return float(table["interval"]) + float(table.get("takes", 0.0)) + AGE


def _age(key: str, document: dict[str, Any] | None) -> float | None:
    """The age of the oldest field; None when the document, or a field, is not there."""
    stamps = [(document or {}).get(f"{name}_at") for name in DOCUMENTS[key]]
    return None if None in stamps else time.time() - min(stamp for stamp in stamps if stamp is not None)
