"""A monitoring host that answers as asked for, or lies in one of many ways: the first part of the path says how."""

import contextlib
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from urllib.parse import parse_qs, urlsplit

from tests.unit.plugins.ping.archive.files import raw

#: Seconds that a host that was told to wait waits at most.
LIMIT = 30.0


class Host:
    """What the host has and knows.

    Args:
        lines: how many lines each day has.
        asked: the way and the day of each request.
        users: what each request said of its user.
        held: how many requests wait; they go on once `free` is set.
        together: where given, requests of the way "together" wait there for each other.
    """

    def __init__(self) -> None:
        self.lines = 40
        self.asked: list[tuple[str, date]] = []
        self.queries: list[str] = []
        self.users: list[str | None] = []
        self.held = self.now = self.most = 0
        self.free = threading.Event()
        self.together: threading.Barrier | None = None
        self.lock = threading.Lock()
        self.url = ""

    def way(self, name: str) -> str:
        """The URL by which it answers in this way."""
        return f"{self.url}/{name}"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    timeout = LIMIT
    host: Host

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.close_connection = True
        self.way, _, self.rest = parts.path.strip("/").partition("/")
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.day = date(*(int(said[f"begin_{each}"]) for each in ("year", "month", "day")))
        with self.host.lock:
            self.host.asked.append((self.way, self.day))
            self.host.queries.append(parts.query)
            self.host.users.append(self.headers["Authorization"])
            self.host.now += 1
            self.host.most = max(self.host.most, self.host.now)
        with contextlib.suppress(OSError):  # who asked has gone
            getattr(self, f"answer_{self.way}")()
        with self.host.lock:
            self.host.now -= 1

    def log_message(self, *args: object) -> None: ...

    @property
    def text(self) -> bytes:
        return raw(self.day, self.host.lines)

    def send(self, body: bytes, status: int = 200, length: int | None = -1, **headers: str) -> None:
        """An answer; `length` is what it says of itself, if it is to lie about that, or None to say nothing."""
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def wait(self) -> None:
        """Wait until the test lets it go on."""
        with self.host.lock:
            self.host.held += 1
        self.host.free.wait(LIMIT)

    # -- good ways

    def answer_good(self) -> None:
        self.send(self.text, Content_Type="text/plain")

    def answer_plain_close(self) -> None:
        self.send(self.text, length=None)

    def answer_gzip(self) -> None:
        assert "gzip" in self.headers["Accept-Encoding"]
        self.send(gzip.compress(self.text), Content_Encoding="gzip")

    def answer_chunked(self) -> None:
        self.chunks(len(self.text))
        self.wfile.write(b"0\r\n\r\n")

    def answer_nothing(self) -> None:
        self.send(b"No data\n")

    def answer_together(self) -> None:
        if self.host.together is not None:
            self.host.together.wait(LIMIT)
        self.answer_good()

    def answer_redirect(self) -> None:
        """As often as the path says, then good."""
        left, query = int(self.rest), urlsplit(self.path).query
        self.send(b"", 302, Location=f"/redirect/{left - 1}?{query}" if left else f"/good?{query}")

    # -- slow ways

    def answer_held(self) -> None:
        """Half of it, the rest once it may."""
        text = self.text
        self.send(text[: len(text) // 2], length=len(text))
        self.wait()
        self.wfile.write(text[len(text) // 2 :])

    def answer_held_later(self) -> None:
        """Good for the first day that is asked for, held for others."""
        first = min(day for way, day in self.host.asked if way == self.way)
        (self.answer_good if self.day == first else self.answer_held)()

    def answer_silent(self) -> None:
        self.wait()

    def answer_drip(self) -> None:
        """A line now and then, for ever."""
        self.send(b"", length=None)
        line = self.text.partition(b"\n")[0] + b"\n"
        while not self.host.free.wait(0.02):
            self.wfile.write(line)

    # -- lies

    def answer_error(self) -> None:
        self.send(self.text, 500)

    def answer_gone(self) -> None:
        self.send(b"<html>404</html>", 404)

    def answer_unchanged(self) -> None:
        self.send(b"", 304)

    def answer_half_gzip(self) -> None:
        packed = gzip.compress(self.text)
        self.send(packed[: len(packed) // 2], Content_Encoding="gzip")

    def answer_bad_gzip(self) -> None:
        packed = gzip.compress(self.text)
        self.send(packed[:30] + bytes(30) + packed[60:], Content_Encoding="gzip")

    def answer_no_gzip(self) -> None:
        self.send(self.text, Content_Encoding="gzip")

    def answer_brotli(self) -> None:
        self.send(self.text, Content_Encoding="br")

    def answer_bomb(self) -> None:
        self.send(gzip.compress(self.text * 5000), Content_Encoding="gzip")

    def answer_cut(self) -> None:
        self.send(self.text, length=2 * len(self.text))

    def answer_chunked_cut(self) -> None:
        self.chunks(len(self.text) // 2)

    def answer_within_line(self) -> None:
        self.send(self.text[:-5], length=None)

    def answer_page(self) -> None:
        self.send(b"<!DOCTYPE html>\n<p>Welcome to our dashboard. No data</p>\n", Content_Type="text/html")

    def answer_other_lines(self) -> None:
        self.send(b"Nov 25 00:00:00 host sshd[1]: Accepted publickey for root\n" * 50)

    def answer_wrong_day(self) -> None:
        self.send(raw(self.day - timedelta(1), 40))

    def answer_empty(self) -> None:
        self.send(b"")

    def answer_endless(self) -> None:
        self.send(b"", length=None)
        while not self.host.free.is_set():
            self.wfile.write(self.text)

    def answer_endless_line(self) -> None:
        self.send(b"", length=None)
        while not self.host.free.is_set():
            self.wfile.write(b"1 " * 10_000)

    def answer_round(self) -> None:
        self.send(b"", 302, Location=f"/round?{urlsplit(self.path).query}")

    def answer_elsewhere(self) -> None:
        self.send(b"", 302, Location="ftp://127.0.0.1/etc/passwd")

    def answer_nowhere(self) -> None:
        self.send(b"", 302, Location="http://[bad/")

    def answer_endless_redirect(self) -> None:
        self.send(b"", 302, length=None, Location=f"/good?{urlsplit(self.path).query}")
        while not self.host.free.is_set():
            self.wfile.write(bytes(10_000))

    def answer_no_http(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    def chunks(self, size: int) -> None:
        """The beginning of the text, in chunks without their end."""
        self.send(b"", length=None, Transfer_Encoding="chunked")
        text = self.text[:size]
        for at in range(0, len(text), 100):
            part = text[at : at + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that the end waits for all requests

    def handle_error(self, *args: object) -> None:
        """Who asked may have gone in the middle."""


class _Server6(_Server):
    address_family = AF_INET6


@contextmanager
def lying_host(family: int = AF_INET) -> Iterator[Host]:
    """A host on a free port of loopback; it has ended afterwards."""
    host = Host()
    handler: Callable[..., BaseHTTPRequestHandler] = type("Handler", (Answer,), {"host": host})
    make, name = (_Server, "127.0.0.1") if family == AF_INET else (_Server6, "::1")
    server = make((name, 0), handler)
    host.url = f"http://[{name}]:{server.server_port}" if family == AF_INET6 else f"http://{name}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with ExitStack() as stack:
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        stack.callback(host.free.set)
        yield host
