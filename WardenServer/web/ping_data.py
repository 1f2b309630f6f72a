"""Raw data of this machine's pings, for those who collect them: PingER's ping_data.pl, at its own address, too."""

import logging
from collections.abc import AsyncIterator, Generator
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from WardenServer.errors import SettingError
from WardenServer.hub.ping_tables import ping_of
from WardenServer.plugins.common.ping.serving.asked import FIELDS, Page, asked
from WardenServer.plugins.common.ping.serving.form import form, help_text
from WardenServer.plugins.common.ping.serving.window import Window, blocks
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.web.paths import Asked, Parameter, Path, Refused, Right, as_json

log = logging.getLogger("warden.web")

#: Its addresses: ours, and that which collectors of PingER know.
ADDRESSES = ("/ping_data", "/cgi-bin/ping_data.pl")
#: Answers at a time, blocks that are read at a time, and seconds within which an answer begins.
ANSWERS, AT_A_TIME, LIMIT = 20, 4, 30.0
#: Hosts that may be named.
HOSTS = 100
_HOST = {"type": "string", "maxLength": 255, "pattern": r"^\S*$"}
_PARAMETERS = (
    *(Parameter(each.name, f"Write {each.text}.", {"type": "string", "pattern": f"^({each.pattern})?$"})
      for each in FIELDS),
    Parameter("host", "Only pings of this host, by name or address.", _HOST, many=True, most=HOSTS),
)  # fmt: skip


class PingData:
    """Raw data of pings, for those who ask by HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading, self._answers = CapacityLimiter(AT_A_TIME), CapacityLimiter(ANSWERS)

    @cached_property
    def _folder(self) -> FilePath:
        return ping_of(self._settings).folder

    def paths(self) -> list[Path]:
        """The paths of this module."""
        more: dict[str, Any] = {
            "needs": Right.NOTHING if self._settings.ping_serve else Right.READ,
            "parameters": _PARAMETERS, "schema": {"type": "string"}, "media_type": "text/*",
            "turn": self._reading, "limit": LIMIT,
        }  # fmt: skip
        return [Path("GET", address, "Raw data of pings.", self.data, **more) for address in ADDRESSES]

    def data(self, said: Asked) -> Response:
        """The lines of a time; without in_form=1 the form."""
        folder = self._place()
        try:
            wanted = asked({field.name: said.get(field.name) for field in FIELDS})
        except SettingError as error:
            raise Refused(400, str(error)) from None
        if wanted is Page.HELP:
            return PlainTextResponse(help_text())
        if wanted is Page.FORM:
            return HTMLResponse(form(datetime.now(UTC).date()))
        return self._lines(folder, wanted, said)

    def _place(self) -> FilePath:
        """The folder; what is wrong in the settings is not for everybody."""
        try:
            return self._folder
        except SettingError as error:
            if "ping" not in self._settings.shared or not self._settings.ping_serve:
                raise
            log.error("raw data of pings cannot be given: %s", mask(str(error)))
            raise Refused(503, "raw data cannot be given now; the log of the web server says why") from None

    def _lines(self, folder: FilePath, window: Window, said: Asked) -> Response:
        found = blocks(folder, window, _hosts(said.query.get("host", [])))
        first = next(found, b"")  # what cannot be read is said before the answer begins
        if not first:
            return PlainTextResponse("No data\n")
        if said.request.method == "HEAD":
            return PlainTextResponse()
        return _Lines(first, found, self._reading, self._answers)


class _Lines(StreamingResponse):
    """Lines, block by block. A client that takes none is cut off by its connection; its file is closed then."""

    media_type = "text/plain"

    def __init__(
        self, first: bytes, rest: Generator[bytes, None, None], reading: CapacityLimiter, answers: CapacityLimiter
    ) -> None:
        super().__init__(self._blocks(first))
        self._rest, self._reading, self._answers = rest, reading, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Response."""
        try:
            if self._answers.available_tokens < 1:
                refused = as_json({"error": "too many ask for raw data already; try again in some seconds"}, 503)
                await refused(scope, receive, send)
                return
            async with self._answers:
                await super().__call__(scope, receive, send)
        finally:
            self._rest.close()

    async def _blocks(self, block: bytes) -> AsyncIterator[bytes]:
        while block:
            yield block
            block = await to_thread.run_sync(partial(next, self._rest, b""), limiter=self._reading)


def _hosts(said: list[str]) -> frozenset[bytes]:
    """The hosts that are meant; those of a form may be empty."""
    wrong = [host for host in said if len(host) > 255 or len(host.split()) > 1 or host.strip() != host]
    if wrong:
        raise Refused(400, f"host is {wrong[0][:40]!r}; write the name or the address of one host, without spaces")
    return frozenset(host.lower().encode("utf-8", "replace") for host in said if host)
