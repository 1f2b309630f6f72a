"""How much processor time a thread of this process uses, seen from another thread."""

import sys
import time


class ThreadTime:
    """The share of one processor that a thread uses, between one look and the next. `share` is 0 to 1."""

    def __init__(self) -> None:
        self.share = 0.0
        self._last: tuple[float, float] | None = None

    def look(self, thread: int | None, now: float) -> None:
        """Take note of what the thread with this native id has used up to `now`, on the monotonic clock."""
        used = _used(thread)
        if used is None:
            self.share, self._last = 0.0, None
            return
        if self._last is not None and now > self._last[1]:
            self.share = (used - self._last[0]) / (now - self._last[1])
        self._last = used, now


def _used(thread: int | None) -> float | None:
    """Seconds of processor time; None where the system cannot say, or the thread has ended."""
    if thread is None or sys.platform != "linux":
        return None
    clock = (~thread << 3) | 6  # Linux, clock_gettime(2): the CPU-time clock of one thread of this process
    try:
        return time.clock_gettime(clock)
    except OSError:
        return None
