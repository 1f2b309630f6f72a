"""Sockets with limits on a whole exchange, a question and its answer, for clients that have them on single calls only.

A server that sends one byte now and then, or a line without end, would hold such a client for ever. The module has the
names of the standard module `socket` that pymemcache uses, to be given to it as `socket_module`.
"""

import socket as standard
import time
from socket import AF_UNIX, AF_UNSPEC, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, getaddrinfo
from typing import Any

__all__ = ["AF_UNIX", "AF_UNSPEC", "IPPROTO_TCP", "SOCK_STREAM", "TCP_NODELAY", "getaddrinfo", "socket"]

#: Bytes an answer may have.
LARGEST = 32 * 1024 * 1024


class socket(standard.socket):
    """A socket whose timeout holds for all from one `sendall` to the next."""

    _limit: float | None = None
    _until = 0.0
    _taken = 0

    def settimeout(self, value: float | None) -> None:
        """Set the limit of an exchange in seconds."""
        self._limit = value
        super().settimeout(value)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Begin an exchange. Raises: ValueError, there is an answer to no question."""
        if self._leftover():
            raise ValueError("it answers what nobody asked")
        super().settimeout(self._limit)
        self._until, self._taken = time.monotonic() + (self._limit or 0.0), 0
        super().sendall(data, flags)

    def _leftover(self) -> bytes:
        """The first byte of what has come already."""
        super().settimeout(0)
        try:
            return super().recv(1, standard.MSG_PEEK)
        except BlockingIOError:
            return b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Take a part of the answer. Raises: TimeoutError, ValueError: the answer has not ended within the limits."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        super().settimeout(left)
        got = super().recv(size, flags)
        self._taken += len(got)
        if self._taken > LARGEST:
            raise ValueError(f"its answer has more than {LARGEST} bytes")
        return got
