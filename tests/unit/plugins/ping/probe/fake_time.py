"""An event loop whose clock jumps to the next timer instead of waiting for it, and is late where a test says so."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Jumping(selectors.DefaultSelector):
    now = 1000.0
    late = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout + self.late
            self.late = 0.0
        return found


class FakeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def be_late(self, seconds: float) -> None:
        """The next timer is so much later than it should be."""
        self._jumping.late = seconds


def run(what: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=FakeLoop) as runner:
        return runner.run(what)


def loop() -> FakeLoop:
    found = asyncio.get_running_loop()
    assert isinstance(found, FakeLoop)
    return found
