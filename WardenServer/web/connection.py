"""One connection of a client, with limits: who does not read, or does not ask, is cut off."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds in which a client must take what waits for it, and in which its first question must have come.
PATIENCE = 5.0


class Connection(H11Protocol):
    """uvicorn's own, with limits."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._ask)

    def pause_writing(self) -> None:
        """More waits for the client than it should."""
        self.flow.pause_writing()
        self._cut = self.loop.call_later(PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        self.flow.resume_writing()
        self._spare()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._spare()
        super().connection_lost(exc)

    def _spare(self) -> None:
        if self._cut is not None:
            self._cut.cancel()

    def _ask(self) -> None:
        if getattr(self, "cycle", None) is None:  # uvicorn's type does not say that there may be none
            self.transport.abort()
