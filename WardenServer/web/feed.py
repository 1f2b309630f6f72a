"""The changes of the last minutes, encoded once, for all who listen. Belongs to the event loop."""

import asyncio
from collections import deque

#: Bytes of changes that are kept for those who come back.
KEPT = 8_000_000


class Feed:
    """Changes by number, one after the other. `closed` is set when there will be no more."""

    def __init__(self, number: int, kept: int = KEPT) -> None:
        self.closed = False
        self._newest = number
        self._kept = kept
        self._changes: deque[bytes] = deque()
        self._size = 0
        self._more = asyncio.Event()

    def put(self, number: int, change: bytes) -> None:
        """Add a change, and wake all who wait."""
        self._newest = number
        self._changes.append(change)
        self._size += len(change)
        while self._size > self._kept and len(self._changes) > 1:
            self._size -= len(self._changes.popleft())
        self._rouse()

    def close(self) -> None:
        """Tell all who wait that nothing comes any more."""
        self.closed = True
        self._rouse()

    def after(self, number: int) -> list[bytes] | None:
        """The changes after this one; None where it is not known any more, or not yet."""
        missing = self._newest - number
        if not 0 <= missing <= len(self._changes):
            return None
        return list(self._changes)[len(self._changes) - missing :] if missing else []

    @property
    def newest(self) -> int:
        """The number of the newest change."""
        return self._newest

    async def wait(self, seconds: float) -> bool:
        """Wait for the next change; False where none has come in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
            return True
        except TimeoutError:
            return False

    def _rouse(self) -> None:
        self._more.set()
        self._more = asyncio.Event()
