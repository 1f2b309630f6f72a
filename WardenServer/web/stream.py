"""The endless answer: a snapshot, or what a client has missed, then every change, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from WardenServer.web.follow import Follow

#: Seconds without a change after which a comment says that the connection lives.
KEEP = 15.0
#: Bytes that are handed over at once: a client that does not read holds no more of them.
PIECE = 32_768
#: Milliseconds after which a browser that has lost the stream tries again.
RETRY = 2000


class Stream(Response):
    """One client's stream. It ends when the client has gone, or lags behind by more than what is kept, or at the end of
    the process; one that does not read at all is cut off by its connection."""

    media_type = "text/event-stream"

    def __init__(self, follow: Follow, last: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._follow, self._last = follow, last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Response."""
        if scope["method"] == "HEAD":
            await Response(media_type=self.media_type)(scope, receive, send)
            return
        gone = asyncio.create_task(_await_disconnect(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for text in self._texts():
                for begin in range(0, len(text), PIECE):
                    piece = text[begin : begin + PIECE]
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    if gone.done():
                        return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _texts(self) -> AsyncIterator[bytes]:
        feed = self._follow.feed
        yield b"retry: %d\n\n" % RETRY
        number = -1 if self._last is None else self._last
        if feed.after(number) is None:
            number, data = await to_thread.run_sync(self._follow.snapshot)
            for text in (b"event: snapshot\nid: %d\ndata: " % number, data, b"\n\n"):  # no copy of it for each client
                yield text
        while not feed.closed and (missed := feed.after(number)) is not None:
            number = feed.newest
            for text in missed:
                yield text
            if not missed and not await feed.wait(KEEP):
                yield b": keep\n\n"


async def _await_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
