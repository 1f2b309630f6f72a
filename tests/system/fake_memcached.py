"""A memcached that lies on demand: it speaks the protocol as far as the hub does, and any answer may be a lie."""

import socket
import threading
from collections.abc import Callable, Iterator

#: What a lie makes of a question and its honest answer: pieces to send; None closes the connection.
Lie = Callable[["FakeMemcached", list[bytes], bytes], Iterator[bytes | None]]


class FakeMemcached:
    """Keeps what it is sent, in `held`; while `lie` is set, answers go through it. A context manager."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.held: dict[str, bytes] = {}
        self.lie: Lie | None = None
        self._ending = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, name="fake memcached")]

    def __enter__(self) -> "FakeMemcached":
        self._threads[0].start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in list(self._connections):
            _shut(connection)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """For lies that take their time; False at the end."""
        return not self._ending.wait(seconds)

    def come_to_its_senses(self) -> None:
        """Lie no more, and know nothing of what was sent meanwhile."""
        self.lie = None
        self.held = {}

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._connections.add(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), name="fake memcached"))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as requests:
                while line := requests.readline():
                    words = line.split()
                    if not self._send(connection, words, self._answer(words, requests.read)):
                        return
        except OSError:
            pass  # the client has gone
        finally:
            self._connections.discard(connection)

    def _answer(self, words: list[bytes], read: Callable[[int], bytes]) -> bytes:
        command, *said = words
        if command == b"set":
            self.held[said[0].decode()] = read(int(said[3]) + 2)[:-2]
            return b"STORED\r\n"
        if command == b"get":
            found = self.held.get(said[0].decode())
            item = b"" if found is None else b"VALUE %s 0 %d\r\n%s\r\n" % (said[0], len(found), found)
            return item + b"END\r\n"
        if command == b"stats":
            return b"STAT item_size_max 1048576\r\nEND\r\n"
        return b"ERROR\r\n"

    def _send(self, connection: socket.socket, words: list[bytes], honest: bytes) -> bool:
        lie = self.lie
        for piece in lie(self, words, honest) if lie is not None else (honest,):
            if piece is None or self.lie is not lie or self._ending.is_set():
                return False
            connection.sendall(piece)
        return True


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has gone by itself


# -- lies


def slow(seconds: float) -> Lie:
    """Every answer comes late."""

    def lie(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
        yield honest if server.wait(seconds) else None

    return lie


def dripping(pause: float) -> Lie:
    """One byte at a time."""

    def lie(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
        for byte in honest:
            yield bytes([byte]) if server.wait(pause) else None

    return lie


def saying(*pieces: bytes | None) -> Lie:
    """Always this, whatever was asked; None closes the connection."""

    def lie(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
        yield from pieces

    return lie


def refusing(answer: bytes, beyond: int = 0) -> Lie:
    """This for every item of more bytes than `beyond`; all else is honest."""

    def lie(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
        refused = words[0] == b"set" and int(words[4]) > beyond
        if refused:
            server.held.pop(words[1].decode(), None)
        yield answer if refused else honest

    return lie


def endless(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
    """A line without end."""
    while True:
        yield b"x" * 1_000_000


def too_much(server: FakeMemcached, words: list[bytes], honest: bytes) -> Iterator[bytes | None]:
    """One answer more than was asked, a moment later: the next question has its answer already."""
    yield honest
    if server.wait(0.02):
        yield b"STORED\r\n"
