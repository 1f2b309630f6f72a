"""A day of raw data from a monitoring host, over HTTP: the query of PingER's collectors to ping_data.pl."""

import ssl
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import date
from typing import TYPE_CHECKING

from WardenServer.errors import Unreachable, WardenError
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.opening import libraries

if TYPE_CHECKING:
    import httpx

#: Seconds that connecting may take, and the most redirections.
CONNECT, REDIRECTIONS = 10.0, 5
#: Bytes that are unpacked at a time.
BLOCK = 1 << 18
#: For zlib: gzip with its header (https://zlib.net/manual.html, inflateInit2).
_GZIP = 31


class Silent(Unreachable):
    """A host cannot be reached, or says nothing any more: it need not be asked for other days now."""


class Refused(WardenError):
    """A host answers, and not with raw data."""


def query(day: date) -> dict[str, str]:
    """The query of a whole day, both ends included."""
    said = {"in_form": "1"}
    for end, hour, rest in (("begin", "00", "00"), ("end", "23", "59")):
        said |= {f"{end}_hour": hour, f"{end}_min": rest, f"{end}_sec": rest}
        said |= {f"{end}_day": f"{day:%d}", f"{end}_month": f"{day:%m}", f"{end}_year": f"{day.year:04}"}
        said |= {f"{end}_offset": "", f"{end}_point": "y"}
    return said


def open_client(patience: float) -> "httpx.AsyncClient":
    """What all hosts of a collection are asked with; each may say nothing for `patience` seconds.

    Raises:
        WardenError: a library is missing, or a proxy of the environment cannot be used.
    """
    with libraries():
        import httpx
    try:
        return httpx.AsyncClient(
            timeout=httpx.Timeout(patience, connect=CONNECT),
            limits=httpx.Limits(max_connections=None),
            headers={"Accept": "text/plain", "Accept-Encoding": "gzip"},
            verify=ssl.create_default_context(),  # the authorities that the machine knows
        )
    except (ImportError, ValueError, httpx.InvalidURL):  # their texts may have the password of the proxy
        raise WardenError("the proxy in the environment cannot be used; correct http_proxy and all_proxy") from None


async def answer(client: "httpx.AsyncClient", monitor: Monitor, day: date, largest: int) -> AsyncGenerator[bytes, None]:
    """What a host answers for a day, unpacked, in blocks.

    Raises:
        Silent: it cannot be reached, or says nothing.
        Unreachable: its answer breaks off.
        Refused: it answers, and not with data, or with more than `largest` bytes; or its URL is none.
    """
    import httpx

    url = _url(monitor, day)
    who, size = f"{monitor.name} ({_place(url)})", 0
    try:
        async with aclosing(_blocks(client, url, who)) as blocks:
            async for block in blocks:
                size += len(block)
                if size > largest:
                    raise Refused(f"{who} sends more than {largest} bytes; correct its URL, or raise `largest`")
                yield block
    except (httpx.ConnectError, httpx.TimeoutException) as error:
        raise Silent(f"{who} does not answer ({_why(error)}); start it, or correct its URL") from None
    except (httpx.HTTPError, httpx.StreamError, zlib.error) as error:
        raise Unreachable(f"{who} does not answer as it should ({_why(error)}); correct its URL or wait") from None
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"{who} cannot be asked ({_why(error)}); correct its URL") from None


async def _blocks(client: "httpx.AsyncClient", url: "httpx.URL", who: str) -> AsyncGenerator[bytes, None]:
    """The answer after all redirections. What they say is not read: it may have no end."""
    user = (url.username, url.password) if url.userinfo else None
    request = client.build_request("GET", url.copy_with(userinfo=b""))  # the URL stands in the lines of httpx's log
    for _ in range(REDIRECTIONS + 1):
        response = await client.send(request, stream=True, auth=user)
        try:
            if response.next_request is None:
                async with aclosing(_content(response, who)) as blocks:
                    async for block in blocks:
                        yield block
                return
        finally:
            await response.aclose()
        request, user = response.next_request, None  # has the user in its headers, where it goes to the same server
    raise Refused(f"{who} redirects more than {REDIRECTIONS} times; correct its URL")


async def _content(response: "httpx.Response", who: str) -> AsyncGenerator[bytes, None]:
    if response.status_code != 200:
        cure = "see its log" if response.status_code >= 500 else "correct its URL"
        raise Refused(f"{who} answers with status {response.status_code}; {cure}")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise Refused(f"{who} packs its answer as {encoding[:20]!a}, for which nobody asked; correct its settings")
    unpacker = Unpacker() if "gzip" in encoding else None
    async for packed in response.aiter_raw():
        for block in (packed,) if unpacker is None else unpacker.take(packed):
            yield block
    if unpacker is not None and not unpacker.is_whole:
        raise Unreachable(f"{who} sends half a gzip; fetch it again")


class Unpacker:
    """Unpacks gzip as it comes, in blocks of bounded size; httpx itself takes half a gzip for a whole one."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    def take(self, packed: bytes) -> Iterator[bytes]:
        """What is in this part. Raises zlib.error where it is no gzip."""
        while packed:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            yield self._stream.decompress(packed, BLOCK)
            packed = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    @property
    def is_whole(self) -> bool:
        """Whether the gzip has ended."""
        return self._stream.eof


def _url(monitor: Monitor, day: date) -> "httpx.URL":
    import httpx

    try:
        url = httpx.URL(monitor.url)
        is_whole = url.scheme in ("http", "https") and bool(url.host)
    except (httpx.InvalidURL, ValueError):  # its text may have part of a password
        is_whole = False
    if not is_whole:
        raise Refused(f"{monitor.name} has a URL that is none; write https://HOST/PATH")
    return url.copy_merge_params(query(day))


def _place(url: "httpx.URL") -> str:
    """A URL without what may be secret."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def _why(error: Exception) -> str:
    return f"{error}"[:200] or type(error).__name__
