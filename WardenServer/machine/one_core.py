"""Threads of short runs share one core, and do not interrupt each other.

They take turns under one interpreter lock: a second core gains them nothing, and each move of their data to it costs.
Nor is anything gained where the kernel lets a thread run as soon as it is woken, in place of the one that wakes it: it
finds the lock taken, and waits for it. SCHED_BATCH, see sched(7), prevents that. Measured on two cores, a thousand of
them take half the processor this way, and start in half the time.

Threads of long runs go where they like, and so does all that a bound thread starts, which would inherit its binding:
before it starts a process it is let go until its next run, and threads that it has started are let go within a second.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

#: What is no core.
NONE = -1
#: Share of a core by which others must use ours more than they use another one, for that to be taken.
MUCH = 0.3
#: What Python tells of before a process is started that inherits the binding of the thread.
_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"})
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class OneCore:
    """Which core it is; NONE until `open`. Any thread may use it."""

    def __init__(self) -> None:
        self.core = NONE
        self._bound: set[int] = set()  # native ids of threads
        self._chosen: set[int] = set()  # cores, now and before
        self._policy = 0  # what threads have that are not bound, see sched_setscheduler(2)
        self._looked = 0.0
        self._busy: Mapping[int, float] = {}
        self._ours = 0.0

    def open(self) -> None:
        """Choose a core, where the system can bind threads (Linux). Once per process."""
        if not hasattr(os, "sched_setaffinity") or self.core != NONE:
            return
        self._policy = os.sched_getscheduler(0)
        sys.addaudithook(self._let_go_before)
        self._note(time.monotonic())
        self._choose(os.sched_getaffinity(0), {})

    def place(self, thread: int | None, short: bool) -> None:
        """Called by a thread with its native id, before its first run and after each: bind it where its runs are short,
        else let it go."""
        if (thread in self._bound) is not short and thread is not None:
            (self._bind if short else self._let_go)(thread)

    def look(self) -> None:
        """Choose again where others keep the core busy, or it was taken away. About once a second, by a thread that is
        never bound."""
        now = time.monotonic()
        if self.core == NONE or now - self._looked < 0.5:
            return
        cores, seconds = os.sched_getaffinity(0), now - self._looked
        busy, ours = self._busy, self._ours
        try:
            self._note(now)
        except OSError:  # no file descriptor is left
            return
        shares = {core: (self._busy.get(core, 0.0) - busy.get(core, 0.0)) / seconds for core in cores}
        others = shares.get(self.core, 0.0) - (self._ours - ours) / seconds
        if self.core not in cores or others > min(shares.values()) + MUCH:
            self._choose(cores, shares)
        self._free_strangers(cores)

    def _note(self, now: float) -> None:
        self._busy, self._ours, self._looked = _busy_seconds(), time.process_time(), now

    def _choose(self, cores: set[int], shares: Mapping[int, float]) -> None:
        """Take the core with the least to do. All move at once: one that wakes the next across cores may wait for it
        as long as others use that core."""
        core = self.core = min(sorted(cores, reverse=True), key=lambda core: shares.get(core, 0.0))
        self._chosen.add(core)
        for thread in tuple(self._bound):
            _set(thread, {core})

    def _bind(self, thread: int) -> None:
        """Bind the calling thread."""
        if self.core == NONE:
            return
        self._bound.add(thread)
        self._take_turns(thread, True)
        core = NONE
        while core != self.core:  # another one may be chosen just now
            core = self.core
            _set(thread, {core})

    def _let_go(self, thread: int) -> None:
        self._bound.discard(thread)
        self._free(thread, os.sched_getaffinity(os.getpid()))

    def _free(self, thread: int, cores: set[int]) -> None:
        """Give a thread what it would have without us."""
        _set(thread, cores)
        self._take_turns(thread, False)

    def _take_turns(self, thread: int, really: bool) -> None:
        """Whether a thread that is woken waits for its turn. Where an administrator has chosen a policy, that stays."""
        if self._policy == os.SCHED_OTHER:
            with suppress(OSError):  # it has ended, or we may not
                os.sched_setscheduler(thread, os.SCHED_BATCH if really else os.SCHED_OTHER, os.sched_param(0))

    def _let_go_before(self, event: str, _: object) -> None:
        if event in _STARTS and (thread := threading.get_native_id()) in self._bound:
            self._let_go(thread)

    def _free_strangers(self, cores: set[int]) -> None:
        """Let go threads that a bound one has started, and forget those that have ended. A thread that a plugin binds
        to another core stays there."""
        bound = set(self._bound)
        if not bound:
            return
        try:
            threads = {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
        except OSError:  # no file descriptor is left
            return
        self._bound -= bound - threads
        for thread in threads - self._bound:
            with suppress(OSError):  # it has ended
                found = os.sched_getaffinity(thread)
                if len(found) == 1 < len(cores) and found <= self._chosen and thread not in self._bound:
                    self._free(thread, cores)


def _set(thread: int, cores: set[int]) -> None:
    """Let a thread run on these cores only, if it has not ended, and they were not taken away: the next look sees."""
    with suppress(OSError):
        os.sched_setaffinity(thread, cores)


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
