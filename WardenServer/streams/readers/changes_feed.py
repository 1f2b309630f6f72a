"""The changes feed of a CouchDB database, over plain HTTP: GET /DATABASE/_changes?feed=continuous.

One change a line, as JSON; an empty line is a sign of life. It is asked for often enough that nobody waits for long.
https://docs.couchdb.org/en/stable/api/database/changes.html
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from WardenServer.errors import Unreachable, WardenError
from WardenServer.settings.masking import mask

#: Seconds that the server may take to answer, and between two signs of life.
ANSWER = 5.0
#: Milliseconds between signs of life that it is asked for.
HEARTBEAT = 200
#: Most bytes of an answer that should be short.
SHORT = 1_000_000

#: Where a feed stands, as the server names it.
Sequence = str | int


class ChangesFeed:
    """A connection to the feed. Errors are WardenErrors with the cure."""

    def __init__(self, url: str, database: str, largest: int) -> None:
        """Take on where it is; lines of more than `largest` bytes are left out."""
        try:
            import httpx
        except ImportError:
            cure = "pip install 'wardenserver[couchdb]'"
            raise WardenError(f'reader = "couchdb" needs the library httpx: {cure}') from None
        self._place, self._database, self._largest = mask(f"{url.rstrip('/')}/{database}"), database, largest
        self._failed = (httpx.HTTPError, httpx.StreamError, OSError)
        try:
            plain = httpx.URL(url)
            user = (plain.username, plain.password) if plain.userinfo else None
            base = plain.copy_with(userinfo=b"")  # what is in the URL stands in httpx's log lines
            headers = {"accept-encoding": "identity"}
            self._client = httpx.Client(auth=user, base_url=base, timeout=ANSWER, headers=headers)
        except (httpx.InvalidURL, ValueError, OSError) as error:
            raise WardenError(f"{self._place} cannot be used ({error}); correct `url`") from None
        self._path = quote(database, safe="")
        self._response: Any = None
        self._chunks: Iterator[bytes] = iter(())
        self._rest = bytearray()  # of a line that has no end yet
        self._is_too_long = False  # that line

    def newest(self) -> Sequence:
        """Where the database is now."""
        response = self._send("", {})
        try:
            newest = json.loads(self._whole(response))["update_seq"]
        except (ValueError, TypeError, KeyError, RecursionError):
            newest = None
        finally:
            response.close()
        if not is_sequence(newest):
            raise WardenError(f"{self._place} does not answer as CouchDB does; correct `url` and `database`")
        return newest  # type: ignore[no-any-return]

    def _whole(self, response: Any) -> bytes:
        """An answer, which must be short, and come in time."""
        until, body = time.monotonic() + ANSWER, b""
        try:
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > SHORT or time.monotonic() > until:
                    return b""
        except self._failed as error:
            raise self._away(error) from None
        return body

    def start(self, since: Sequence) -> None:
        """Ask for all changes after `since`."""
        options = {"feed": "continuous", "include_docs": "true", "heartbeat": str(HEARTBEAT), "since": str(since)}
        self._response = self._send("/_changes", options)
        self._chunks = self._response.iter_raw()
        self._rest, self._is_too_long = bytearray(), False

    def lines(self) -> tuple[list[bytes], int]:
        """The changes that came together, and how many lines were too long; both none where it was a sign of life."""
        try:
            chunk = next(self._chunks)
        except StopIteration:
            raise Unreachable(f"{self._place} has ended the feed of changes; it is asked for again") from None
        except self._failed as error:
            raise self._away(error) from None
        lines, too_long = self._cut(chunk)
        lines = [line for line in lines if line.strip()]
        short = [line for line in lines if len(line) <= self._largest]
        return short, too_long + len(lines) - len(short)

    def _cut(self, chunk: bytes) -> tuple[list[bytes], int]:
        """The lines that end in a chunk; how many ended that had been too long before."""
        first, *others = chunk.split(b"\n")
        self._rest += first
        lines = []
        if others:
            lines = [bytes(self._rest), *others[:-1]]
            self._rest = bytearray(others[-1])
        too_long = int(bool(others) and self._is_too_long)
        self._is_too_long = len(self._rest) > self._largest or (self._is_too_long and not others)
        if self._is_too_long:
            self._rest.clear()
        return lines[too_long:], too_long

    def _send(self, path: str, options: dict[str, str]) -> Any:
        """The answer to a request, with its body still to come."""
        request = self._client.build_request("GET", f"/{self._path}{path}", params=options)
        try:
            response = self._client.send(request, stream=True)
        except self._failed as error:
            raise self._away(error) from None
        if response.status_code != 200:
            response.close()
            raise self._refused(response.status_code)
        return response

    def _away(self, error: Exception) -> Unreachable:
        said = mask(f"{error}") or type(error).__name__
        return Unreachable(f"{self._place} does not answer ({said:.200}); start the server, or correct `url`")

    def _refused(self, status: int) -> WardenError:
        if status in (401, 403):
            return WardenError(f"{self._place} does not let us in ({status}); correct user and password in `url`")
        if status == 404:
            return WardenError(f"{self._place} does not exist; make the database, or correct `database`")
        if status == 429 or status >= 500:
            return Unreachable(f"{self._place} is not ready ({status}); look at the server's log")
        return WardenError(f"{self._place} answers {status}; correct `url` and `database`")

    def close(self) -> None:
        """Let go of the connection."""
        if self._response is not None:
            self._response.close()
        self._client.close()


def is_sequence(value: Any) -> bool:
    """Whether this may be where a feed stands."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def number(sequence: Sequence) -> int:
    """How many changes there were, about: newer servers put more behind it. 0 where that cannot be read."""
    digits = re.match(r"\d{1,18}", str(sequence))
    return int(digits[0]) if digits is not None else 0
