"""The process of the web: listens, serves, and ends when it is told to, whoever still listens to it."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from WardenServer.errors import WardenError
from WardenServer.local.our_servers import web_address, web_url
from WardenServer.settings.config import Settings
from WardenServer.web import tokens
from WardenServer.web.app import make_app
from WardenServer.web.connection import Connection
from WardenServer.web.follow import Follow
from WardenServer.web.login import Login

#: Connections at a time.
MOST = 1000
#: Bytes that the kernel keeps for a client, and milliseconds after which it gives up one that takes nothing.
KERNEL, SILENT = 32_768, 5000
#: Seconds that answers may still take at the end, and that the thread which reads may.
ENDING, JOINING = 1, 1.0

log = logging.getLogger("warden.web")


def _introduction(settings: Settings) -> str:
    place = web_url(*web_address(settings))
    known = "set by web_token" if settings.web_token else f"in the file {tokens.place(settings)}"
    return f"The web page is at {place} and the token to log in with is {known}."


def run(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code. `say` is told where the page is.

    Raises:
        SettingError: a token cannot be read.
        WardenError: nothing can listen there, or a token cannot be made.
    """
    login = Login(settings)
    listener = _listen(*web_address(settings))
    say(_introduction(settings))
    asyncio.run(_serve(settings, login, listener))
    return 0


class Server(uvicorn.Server):
    """uvicorn's, whose end by a signal is a good one: it tells the streams, and leaves the exit code to us."""

    follow: Follow

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See uvicorn. A second one changes nothing: the end has its limits."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        self.follow.close()
        await super().shutdown(sockets)


async def _serve(settings: Settings, login: Login, listener: socket.socket) -> None:
    follow = Follow(settings, asyncio.get_running_loop())
    config = uvicorn.Config(
        make_app(settings, login, follow),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=ENDING,
    )
    server = Server(config)
    server.follow = follow
    follow.open()
    try:
        await server.serve([listener])
    finally:
        follow.close()
        follow.join(JOINING)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL)  # connections inherit it
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise WardenError(
            f"the web cannot listen on {host}:{port} ({error.strerror}); end what listens there, or correct web_listen"
        ) from None
    return listener
