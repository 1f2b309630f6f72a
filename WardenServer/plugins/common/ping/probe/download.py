"""A text fetched over HTTP that nobody has to trust: all of it together has a limit in time and in size."""

import base64
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from WardenServer.errors import Unreachable

#: Seconds for all of it, and for a single wait; bytes; how often a server may send us elsewhere.
LIMIT, PATIENCE, LARGEST, REDIRECTS = 60.0, 10.0, 10_000_000, 5


class Download:
    """One text, fetched once, by a thread of its own: a server that sends a byte now and then, or a name that DNS does
    not answer for, would hold the caller beyond any limit of single waits. At the end the connections are shut, which
    ends the thread.

    Args:
        url: of HTTP; it may have a user and a password.
        limit: seconds for all of it.
        patience: seconds for a single wait.
    """

    def __init__(self, url: str, limit: float = LIMIT, patience: float = PATIENCE) -> None:
        self._url, self._limit, self._patience = url, limit, patience
        self._answers: queue.SimpleQueue[str | Unreachable] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._has_ended = False

    def text(self) -> str:
        """The text. Bytes that are no UTF-8 are replaced.

        Raises:
            Unreachable: there is none; it says why, without the URL.
        """
        threading.Thread(target=self._run, name="ping fetches a list", daemon=True).start()
        try:
            found = self._answers.get(timeout=self._limit)
        except queue.Empty:
            found = Unreachable(f"takes more than {self._limit:g} s")
        finally:
            self._shut()
        if isinstance(found, Unreachable):
            raise found
        return found

    def stop(self) -> None:
        """End it, if it goes on: `text` raises at once. Any thread may."""
        self._answers.put(Unreachable("was stopped"))

    def _run(self) -> None:
        try:
            self._answers.put(self._fetch())
        except Unreachable as error:
            self._answers.put(error)
        except HTTPError as error:
            error.close()
            self._answers.put(Unreachable(f"answers with {error.code} {error.reason!s:.60}"))
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            self._answers.put(Unreachable(f"cannot be fetched ({type(reason).__name__}: {reason!s:.100})"))

    def _fetch(self) -> str:
        opener = build_opener(*_handlers(self._keep), _Redirects())
        with opener.open(_request(self._url), timeout=self._patience) as answer:
            text = bytearray()
            while part := answer.read1(65_536):
                text += part
                if len(text) > LARGEST:
                    raise Unreachable(f"has more than {LARGEST} bytes")
            if answer.length:
                raise Unreachable("ends too early")
        return text.decode("utf-8", "replace")

    def _keep(self, connection: socket.socket) -> None:
        """So that it can be shut from outside; TLS takes the original over."""
        with self._lock:
            self._connections.append(connection.dup())
        if self._has_ended:
            self._shut()

    def _shut(self) -> None:
        self._has_ended = True
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # it has ended by itself
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._connections.clear()


class _Redirects(HTTPRedirectHandler):
    max_redirections = REDIRECTS

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise Unreachable("leads to what is no URL of HTTP")
        fp.close()  # else all that comes with it would be read
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _handlers(keep: Callable[[socket.socket], None]) -> tuple[HTTPHandler, HTTPSHandler]:
    """What opens connections and tells `keep` of each, before TLS begins."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            keep(self.sock)

    class Encrypted(HTTPSConnection, Plain):
        pass

    class OpensPlain(HTTPHandler):
        def http_open(self, req: Request) -> HTTPResponse:
            return self.do_open(Plain, req)

    class OpensEncrypted(HTTPSHandler):
        def https_open(self, req: Request) -> HTTPResponse:
            options: dict[str, Any] = {"context": ssl.create_default_context()}
            return self.do_open(Encrypted, req, **options)

    return OpensPlain(), OpensEncrypted()


def _request(url: str) -> Request:
    """User and password are for this server alone: where it sends us elsewhere they stay here."""
    parts = urlsplit(url)
    request = Request(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, "")))
    request.add_header("User-Agent", "WardenServer")
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
    return request
