"""How fast all hosts together are pinged."""

import asyncio
from collections import deque

#: Seconds that a turn may be late, and the next ones make up for. Timers wake up to some ms late, which must not lower
#: the rate; a machine that stood still for longer must not send at once all that it missed.
_SLACK = 0.01


class Pace:
    """At most so many packets a second, over everybody who asks: first come, first served, each 1/rate after the one
    before. One event loop uses it.

    Args:
        rate: packets a second, over 0.
    """

    def __init__(self, rate: float) -> None:
        self._step = 1 / rate
        self._due = 0.0
        self._line: deque[asyncio.Future[None]] = deque()  # a timer runs while somebody stands in it

    async def turn(self) -> None:
        """Wait until the next packet may go."""
        loop = asyncio.get_running_loop()
        if not self._line:
            if (now := loop.time()) >= self._due:
                self._due = now + self._step
                return
            loop.call_at(self._due, self._next)
        mine = loop.create_future()
        self._line.append(mine)
        await mine

    def _next(self) -> None:
        """Let the first one go; those who were cancelled meanwhile take no turn."""
        loop = asyncio.get_running_loop()
        while self._line and (first := self._line.popleft()):
            if not first.done():
                first.set_result(None)
                break
        self._due = max(self._due, loop.time() - _SLACK) + self._step
        if self._line:
            loop.call_at(self._due, self._next)
