"""The time at which a set of pings began, on both clocks."""

import time
from collections.abc import Callable

#: Seconds by which the wall clock may differ from the other one over a set, without being set.
STEADY = 0.1


class Stamp:
    """The moment in which it is made: `time` in Unix seconds, `begun` in seconds on the monotonic clock."""

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self.time, self.begun = wall(), monotonic()

    def marks(self) -> tuple[str, ...]:
        """What is wrong with times since then: ("clock",) where the wall clock was set, else nothing."""
        drift = (self._wall() - self.time) - (self._monotonic() - self.begun)
        return ("clock",) if abs(drift) > STEADY else ()
