"""Pages of DESY's Web2cToolkit (TTGW panels) over HTTP: the protocol that P02.2's BeamlineWarden spoke.

A GET of the page opens a session; a POST with the session's number asks for its values, and the answer is
percent-encoded XML. Nothing that comes is trusted: it is bounded in time and size, and parsed by defusedxml.
"""

import re
import time
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, unquote
from urllib.request import Request, urlopen

from WardenServer.errors import Unreachable, WardenError

#: Bytes of an answer that are read, unless told otherwise.
LARGEST = 2_000_000
#: Seconds that one answer may take, and between opening a session and asking.
PATIENCE, SETTLING = 5.0, 0.2
#: Where values are asked for.
_ASK = "/web2cToolkit/Web2c?param="
_SESSION = re.compile(r"sessionId\s*=\s*['\"]?(\d+)")
_PICTURE = re.compile(r"\.(?:jpg|png|gif)\b", re.IGNORECASE)


class Page:
    """One page on one server, with its session. One thread uses it.

    Args:
        server: scheme, host and port, such as "http://hasyvac.desy.de:8080".
        page: path and query that open a session.
        steps: what is put into `param` after that, in turn, with {session} for the session's number.
        patience: seconds that each answer may take.
        settling: seconds from opening to asking.
        largest: bytes of an answer.
    """

    def __init__(
        self,
        server: str,
        page: str,
        steps: tuple[str, ...] = (),
        patience: float = PATIENCE,
        settling: float = SETTLING,
        largest: int = LARGEST,
    ) -> None:
        self._server, self._page, self._steps = server.rstrip("/"), page, steps
        self._patience, self._settling, self._largest = patience, settling, largest
        self._session = ""

    def update(self) -> Any:
        """The root of the XML with the newest values. A session that is no longer good is opened again, once.

        Raises:
            Unreachable: the server does not answer, not in time, or with too much.
            ValueError: it answers with what is no such page.
        """
        if self._session:
            try:
                return self._ask()
            except (Unreachable, ValueError):
                self._session = ""
        self._open()
        return self._ask()

    def _open(self) -> None:
        text = self._fetch(self._page, None)
        found = _SESSION.search(text)
        if found is None:
            raise ValueError(f"{self._server}{self._page} opens no session: it has no sessionId, but {text[:60]!r}")
        self._session = found[1]
        time.sleep(self._settling)
        for step in self._steps:
            self._fetch(_ASK + quote(step.replace("{session}", self._session)), None)

    def _ask(self) -> Any:
        stamp = int(time.time() * 1000)
        asked = f"<update><sessionId>{self._session}</sessionId><timeStamp>{stamp}</timeStamp></update>"
        encoded = quote(asked)  # / stays as it is
        answer = self._fetch(_ASK + encoded, f"param={encoded}".encode())
        try:
            return parse(unquote(answer))
        except ValueError as error:
            self._session = ""
            raise ValueError(f"{self._server}: {error}") from None

    def _fetch(self, path: str, body: bytes | None) -> str:
        url = self._server + path
        try:
            return self._download(Request(url, data=body)).decode("utf-8", "replace")
        except (OSError, HTTPException, ValueError) as error:
            self._session = ""
            cure = "check the server and the page"
            raise Unreachable(f"{url:.80} does not answer as it should ({error}); {cure}") from None

    def _download(self, request: Request) -> bytes:
        """The limit that `urlopen` takes is for each packet, so a slow sender needs one for the whole."""
        body, end = b"", time.monotonic() + self._patience
        with urlopen(request, timeout=self._patience) as response:
            while piece := response.read1(65536):
                body += piece
                if len(body) > self._largest:
                    raise OSError(f"more than {self._largest} bytes; raise the setting largest if that is right")
                if time.monotonic() > end:
                    raise TimeoutError(f"not all there after {self._patience:g} s")
        return body


def parse(text: str) -> Any:
    """The root element of an answer; raises ValueError where it is no XML, or has entities."""
    try:
        from defusedxml import ElementTree
        from defusedxml.common import DefusedXmlException
    except ImportError:
        raise WardenError("Web2c pages need defusedxml; install it: pip install wardenserver[web2c]") from None
    try:
        return ElementTree.fromstring(text.replace("</style></style>", "</style>"))
    except DefusedXmlException as error:
        raise ValueError(f"the answer is XML with entities, which is refused ({error})") from None
    except ElementTree.ParseError as error:
        raise ValueError(f"the answer is no whole XML ({error}): {text[:60]!r}") from None


def values(root: Any, host_port: str, page: str) -> dict[str, str]:
    """The texts of a page by id. What is empty, or only a point, is left out; of a picture it is the link."""
    folder = page.partition("?")[0].rpartition("/")[0]
    found: dict[str, str] = {}
    for update in root.findall("update"):
        name, value = (update.findtext("id") or "").strip(), (update.findtext("value") or "").strip()
        if name and value not in ("", "."):
            found[name] = f"{host_port}{folder}/{value}" if _PICTURE.search(value) else value
    return found
