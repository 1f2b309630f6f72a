"""A server of beacon lists that lies in every way. What it does is said by the path."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.system.web_hook import served

LIST = b"# beacons\na.b 192.0.2.1 send=5\nc.d\n"
HEAD = b"HTTP/1.1 200 OK\r\n"


def whole(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


def elsewhere(place: bytes) -> bytes:
    return whole(b"", b"302 Found", b"Location: %s\r\n" % place)


ANSWERS = {
    "/list": whole(LIST),
    "/without-length": HEAD + b"\r\n" + LIST,
    "/chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n0\r\n\r\n" % (len(LIST), LIST),
    "/nothing": whole(b""),
    "/comments": whole(b"# none today\n! none\n"),
    "/html": whole(b"<html><body>\nwww.de\n</body></html>", more=b"Content-Type: text/plain\r\n"),
    "/500": whole(LIST, b"500 Out of order"),
    "/404": whole(LIST, b"404 Not Found"),
    "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/cut": HEAD + b"Content-Length: 1000\r\n\r\n" + LIST,
    "/chunks-cut": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s" % (len(LIST) + 9, LIST),
    "/gzip": whole(gzip.compress(LIST)[:30], more=b"Content-Encoding: gzip\r\n"),
    "/garbage": b"NOT HTTP AT ALL\r\n\r\n",
    "/nobody": b"",
    "/once": elsewhere(b"/list"),
    "/loop": elsewhere(b"/loop"),
    "/file": elsewhere(b"file:///etc/passwd"),
    "/ftp": elsewhere(b"ftp://127.0.0.1/list"),
    "/nowhere": elsewhere(b"http://"),
    **{f"/{number}-times": elsewhere(b"/%d-times" % (number - 1)) for number in range(2, 9)},
    "/1-times": elsewhere(b"/list"),
}
#: What comes again and again, after what, and the seconds in between.
ENDLESS = {
    "/endless": (HEAD + b"\r\n", b"x" * 65_000 + b"\n", 0.0),
    "/endless-head": (HEAD, b"X-More: x\r\n", 0.0),
    "/endless-line": (HEAD + b"X-More: ", b"x" * 65_000, 0.0),
    "/away-with-much": (b"HTTP/1.1 302 Found\r\nLocation: /list\r\n\r\n", b"x" * 65_000, 0.0),
    "/drips": (HEAD + b"\r\n", b"x", 0.02),
    "/drips-in-head": (HEAD + b"X-More: ", b"x", 0.02),
    "/silent": (b"", b"", 20.0),
}


class Liar(NamedTuple):
    """Its address, and what was asked for: path and Authorization."""

    url: str
    asked: list[tuple[str, str]]


@contextmanager
def lying() -> Iterator[Liar]:
    """Such a server; it has ended afterwards."""
    over = threading.Event()
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization", "")))
            self.close_connection = True
            with suppress(OSError):  # who asked has gone
                self.answer(*self.path.split("?"))

        def answer(self, path: str, place: str = "") -> None:
            self.wfile.write(elsewhere(place.encode()) if place else ANSWERS.get(path, b""))
            begin, part, pause = ENDLESS.get(path, (b"", b"", None))
            self.wfile.write(begin)
            while pause is not None and not over.wait(pause):
                self.wfile.write(part)

        def log_message(self, *args: object) -> None: ...

    with served(Handler) as place:
        try:
            yield Liar(f"http://{place}", asked)
        finally:
            over.set()
