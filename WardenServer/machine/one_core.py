"""Threads of short runs share one core, where the machine has several.

They take turns under one interpreter lock: a second core gains them nothing, and each move of their data to it costs.
Measured on two cores, a thousand of them take a third less processor this way, and start in half the time. Threads of
long runs go where they like, and so does all that a bound thread starts, which would inherit its binding: before it
starts a process it is let go until its next run, and threads that it has started are let go within a second.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

#: Share of a core that others may take before another one is chosen, and seconds without one where all are so busy.
MUCH, REST = 0.3, 10.0
#: What Python tells of before a process is started that inherits the binding of the thread.
_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"})
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class OneCore:
    """Which core it is; none until `open`. Any thread may use it."""

    def __init__(self) -> None:
        self.core: int | None = None
        self._here = threading.local()  # `core`: the one that this thread is bound to, if any
        self._bound: set[int] = set()  # native ids of threads
        self._chosen: set[int] = set()  # cores, now and before
        self._rests_until = 0.0
        self._looked = 0.0
        self._busy: Mapping[int, float] = {}
        self._ours = 0.0

    def open(self) -> None:
        """Choose a core, where there are several and the system can bind threads (Linux). Once per process."""
        if not hasattr(os, "sched_setaffinity") or self._looked:
            return
        sys.addaudithook(self._let_go_before)
        self._note(time.monotonic())
        self._choose(os.sched_getaffinity(0), {})

    def place(self, short: bool) -> None:
        """Called by a thread after each of its runs: bind it where that was short, else let it go."""
        core = self.core if short else None
        if core != getattr(self._here, "core", None):
            self._move(core)

    def look(self) -> None:
        """Choose again where others keep the core busy, or it was taken away. About once a second, by a thread that is
        never bound."""
        now = time.monotonic()
        if not self._looked or now - self._looked < 0.5:
            return
        cores, seconds = os.sched_getaffinity(0), now - self._looked
        busy, ours = self._busy, self._ours
        try:
            self._note(now)
        except OSError:  # no file descriptor is left
            return
        shares = {core: (self._busy.get(core, 0.0) - busy.get(core, 0.0)) / seconds for core in cores}
        others = shares.get(self.core, 0.0) - (self._ours - ours) / seconds if self.core is not None else 0.0
        if self.core is None or self.core not in cores or others > MUCH:
            self._choose(cores, shares)
        self._free_strangers(cores)

    def _note(self, now: float) -> None:
        self._busy, self._ours, self._looked = _busy_seconds(), time.process_time(), now

    def _choose(self, cores: set[int], shares: Mapping[int, float]) -> None:
        """The core with the least to do; none for a while where all have much."""
        if len(cores) < 2 or time.monotonic() < self._rests_until:
            self.core = None
            return
        self.core = min(sorted(cores, reverse=True), key=lambda core: shares.get(core, 0.0))
        if shares.get(self.core, 0.0) > 1 - MUCH:
            self.core, self._rests_until = None, time.monotonic() + REST

    def _move(self, core: int | None) -> None:
        """Bind the calling thread to a core, or let it go."""
        thread = threading.get_native_id()
        try:
            os.sched_setaffinity(0, {core} if core is not None else os.sched_getaffinity(os.getpid()))
        except OSError:  # the core was taken away: the next look will choose again
            core = None
        self._here.core = core
        self._chosen |= {core} if core is not None else set()
        (self._bound.discard if core is None else self._bound.add)(thread)

    def _let_go_before(self, event: str, _: object) -> None:
        if event in _STARTS and getattr(self._here, "core", None) is not None:
            self._move(None)

    def _free_strangers(self, cores: set[int]) -> None:
        """Let go threads that a bound one has started, and forget those that have ended. A thread that a plugin binds
        to another core stays there."""
        if not self._bound:
            return
        try:
            threads = {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
        except OSError:  # no file descriptor is left
            return
        self._bound &= threads
        for thread in threads - self._bound:
            try:
                found = os.sched_getaffinity(thread)
                if len(found) == 1 < len(cores) and found <= self._chosen and thread not in self._bound:
                    os.sched_setaffinity(thread, cores)
            except OSError:  # it has ended
                continue


def _busy_seconds() -> dict[int, float]:
    """What each core has worked since boot, for anybody: /proc/stat, all but idle and waiting for disks."""
    busy = {}
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *counts = line.split()
        if name.startswith("cpu") and name[3:].isdigit():
            times = [int(count) for count in counts[:8]]
            busy[int(name[3:])] = (sum(times) - times[3] - times[4]) / _TICKS
    return busy


#: That of this process.
CORE = OneCore()
