"""What holds for every request and every answer: whose name was asked for, who asked, and what a browser may do."""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from WardenServer.settings.config import Settings
from WardenServer.web import ping_data
from WardenServer.web.paths import as_json

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
#: What no browser takes for a page: there the policy would only take room.
_NO_PAGES = ("application/json", "text/css", "text/javascript", "text/event-stream", "text/csv")
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Around the application. Pages of others must not reach it under a name of theirs, nor send anything to it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._given = {name.lower() for name in settings.web_hosts}
        self._names = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower(), *self._given}
        if host := _name(settings.web_listen):
            self._names.add(host)
        # Everybody may have what stands there, so it does not matter under which of our names they ask.
        self._open = ping_data.ADDRESSES if settings.ping_serve else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is wrong; add our headers to every answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-cache")
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not headers.get("content-type", "").startswith(_NO_PAGES):
                    headers["Content-Security-Policy"] = _POLICY
            await send(message)

        why = "" if scope["path"] in self._open else self._trouble(Headers(scope=scope), scope["method"])
        app = as_json({"error": why}, 400 if why.startswith("Host") else 403) if why else self._app
        await app(scope, receive, send_with_headers)

    def _trouble(self, headers: Headers, method: str) -> str:
        host = headers.get("host", "")
        if not self._is_ours(_name(host)):
            return f"Host is {host[:100]!r}, which is no name of this server; add it to the setting web_hosts"
        origin = headers.get("origin")
        if origin is not None and method not in ("GET", "HEAD") and not self._is_same(origin, host):
            return f"Origin is {origin[:100]!r}, and pages of others may change nothing here"
        return ""

    def _is_ours(self, name: str) -> bool:
        """Whether a name is ours. An address is always: nobody else can have it lead here."""
        try:
            ipaddress.ip_address(name)
            return True
        except ValueError:
            return name in self._names

    def _is_same(self, origin: str, host: str) -> bool:
        """Whether a page is ours; behind a proxy that puts its own name there, by the names in the settings."""
        return origin.partition("://")[2].lower() == host.lower() or _name(origin.partition("://")[2]) in self._given


def _name(host: str) -> str:
    """The name or address of host:port, in small letters; nothing where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
