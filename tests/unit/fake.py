"""A clock whose hands the tests turn."""

import threading

from WardenServer.machine.clock import Clock


class FakeClock(Clock):
    """Starts as the machine does, at 0 s; only `turn` moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1.7e9 + self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        return event.is_set()

    def turn(self, seconds: float) -> None:
        self.now += seconds
