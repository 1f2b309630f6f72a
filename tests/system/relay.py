"""A relay between a client and a server, which can fail as networks do."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

#: What becomes of data: it goes through, the request does not get there, the answer does not, half of it does, or it
#: has to wait.
THROUGH, NO_REQUEST, NO_ANSWER, HALF_ANSWER, HANGS = range(5)


class Relay:
    """Relays connections to a port of this machine. `fate` is what becomes of data; `failed` counts what failed."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.fate, self.failed, self._more = THROUGH, 0, 0
        self._changed = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening: socket.socket | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        """Take connections; the port stays the same."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        self._start(self._accept, self._listening)

    def close(self) -> None:
        """Take no connections any more, and cut those that there are."""
        listening, self._listening = self._listening, None
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        self.change(THROUGH)

    def change(self, fate: int, after: int = 0) -> None:
        """Cut all connections; from now on this becomes of data, after so many pieces of it that get through."""
        self.fate, self.failed, self._more = fate, 0, after
        self._changed.set()
        self._changed = threading.Event()
        for each in list(self._sockets):
            _shut(each)

    def end(self) -> None:
        """Leave nothing behind."""
        self.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, name="relay"))
        self._threads[-1].start()

    def _accept(self, listening: socket.socket) -> None:
        while self._listening is listening:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
                server.settimeout(None)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets |= {client, server}
                self._start(self._pump, client, server, (NO_REQUEST,))
                self._start(self._pump, server, client, (NO_ANSWER, HALF_ANSWER, HANGS))

    def _pump(self, source: socket.socket, target: socket.socket, fails: tuple[int, ...]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                fate, changed = self.fate, self._changed
                if fate in fails and self._more:
                    self._more -= 1
                elif fate in fails:
                    target.sendall(data[: len(data) // 2] if fate == HALF_ANSWER else b"")
                    self.failed += 1
                    if fate == HANGS:
                        changed.wait(30)
                    break
                target.sendall(data)
        for each in (source, target):
            _shut(each)
        source.close()  # the other pump closes the other one
        self._sockets.discard(source)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has gone by itself
        connection.shutdown(socket.SHUT_RDWR)
