"""A clock whose hands the tests turn, and a contract of no plugin file."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from WardenServer.loading.contract import Contract
from WardenServer.machine.clock import Clock
from WardenServer.results.field import Declaration


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


def contract(name: str, fields: Mapping[str, Declaration] | None = None, **rest: Any) -> Contract:
    """A contract of an agent that does nothing."""
    said: dict[str, Any] = {
        "name": name, "path": Path(f"{name}.py"), "key": name, "interval": 1.0, "offset": 0.0, "interval_ticks": 10,
        "offset_ticks": 0, "timeout": 10.0, "isolate": False, "fields": fields or {}, "settings": {},
        "work": lambda agent: {},
    }  # fmt: skip
    return Contract(**{**said, **rest})
