"""Time as the hub sees it, so that tests can turn the hands."""

import threading
import time
from collections.abc import Callable


class Clock:
    """The machine's clocks.

    `monotonic` (seconds, arbitrary start) is for deadlines and durations, `time` (Unix seconds) for stamps only: the
    wall clock may be stepped at any moment.
    """

    #: Seconds on a clock that never steps.
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    #: Unix seconds.
    time: Callable[[], float] = staticmethod(time.time)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set, for at most `seconds`; True when it is set."""
        return event.wait(seconds)
