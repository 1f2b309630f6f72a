"""Who may read and who may change something: by the place, a token, or the cookie that a browser got for it."""

import hmac
import ipaddress
import re
import time

from starlette.requests import Request
from starlette.responses import Response

from WardenServer.settings.config import Settings
from WardenServer.web.paths import Asked, Path, Refused, Right, as_json
from WardenServer.web.tokens import token, wall_token

#: Seconds that a browser stays logged in; a wall display since its last visit.
LIVES = {Right.CHANGE: 7 * 86400, Right.READ: 60 * 86400}
#: What a reverse proxy adds: then the client is not the one who asks us.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_COOKIE = re.compile(r"(change|read)\.([0-9]{1,12})\.[0-9a-f]{64}")
_TOKEN = {"token": {"type": "string", "maxLength": 1000}}
_ME = {
    "type": "object",
    "properties": {name: {"type": "boolean"} for name in ("may_read", "may_change", "login_needed")},
}


class Login:
    """The rights of those who ask. Raises as `tokens.token`."""

    def __init__(self, settings: Settings) -> None:
        self._always = settings.web_login == "always"
        self._cookie = f"warden_{settings.instance}"
        self._tokens = {Right.CHANGE: token(settings), Right.READ: wall_token(settings)}

    def paths(self) -> list[Path]:
        """The paths of this module."""
        nothing = Right.NOTHING
        return [
            Path("GET", "/api/me", "What you may do.", self.me, nothing, schema=_ME),
            Path("POST", "/api/login", "Get a cookie for a token.", self.login, nothing, body=_TOKEN, schema=_ME),
            Path("POST", "/api/logout", "Give the cookie back.", self.logout, nothing, body={}, schema=_ME),
        ]

    def check(self, request: Request, needed: Right) -> None:
        """Raises Refused where a client has not the right."""
        if needed is Right.NOTHING or (has := self.right(request)) >= needed:
            return
        if has is Right.NOTHING or self._by_token(request) is Right.NOTHING:
            raise Refused(401, "log in first: POST /api/login, or send the header Authorization: Bearer TOKEN")
        raise Refused(403, "a wall display may only read; log in with the other token")

    def right(self, request: Request) -> Right:
        """What a client may do."""
        if "authorization" in request.headers or self._by_token(request):
            return self._by_token(request)
        return Right.READ if not self._always and _is_here(request) else Right.NOTHING

    def me(self, asked: Asked) -> Response:
        """What this client may do; the cookie of a wall display lives on."""
        has = self.right(asked.request)
        answer = _me(has)
        if self._of_cookie(asked.request) is Right.READ:
            self._give(answer, asked.request, Right.READ)
        return answer

    def login(self, asked: Asked) -> Response:
        """A cookie for a token: browsers cannot send it with a stream."""
        has = self._of_token(str(asked.body.get("token", "")))
        if has is Right.NOTHING:
            raise Refused(401, "this is not the token; `warden web` says at its start where it is")
        answer = _me(has)
        self._give(answer, asked.request, has)
        return answer

    def logout(self, asked: Asked) -> Response:
        """The cookie is deleted."""
        answer = _me(Right.READ if not self._always and _is_here(asked.request) else Right.NOTHING)
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict")
        return answer

    def _by_token(self, request: Request) -> Right:
        """What a client has shown: the header of a program counts, else the cookie of a browser."""
        kind, _, said = request.headers.get("authorization", "").partition(" ")
        if kind:
            return self._of_token(said.strip()) if kind.lower() == "bearer" else Right.NOTHING
        return self._of_cookie(request)

    def _of_token(self, said: str) -> Right:
        has = Right.NOTHING
        for right, known in self._tokens.items():
            if known and hmac.compare_digest(said.encode("utf-8", "replace"), known.encode()):
                has = max(has, right)
        return has

    def _of_cookie(self, request: Request) -> Right:
        found = _COOKIE.fullmatch(request.cookies.get(self._cookie, ""))
        if found is None:
            return Right.NOTHING
        right, until = Right[found[1].upper()], int(found[2])
        good = self._tokens[right] and hmac.compare_digest(found[0], self._signed(right, until))
        return right if good and time.time() < until else Right.NOTHING

    def _give(self, answer: Response, request: Request, right: Right) -> None:
        life = LIVES[right]
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        value = self._signed(right, int(time.time()) + life)
        answer.set_cookie(self._cookie, value, life, httponly=True, samesite="strict", secure=secure)

    def _signed(self, right: Right, until: int) -> str:
        """A cookie: nothing is kept of it, and it is worth nothing when the token is another."""
        said = f"{right.name.lower()}.{until}"
        return f"{said}.{hmac.new(self._tokens[right].encode(), said.encode(), 'sha256').hexdigest()}"


def _me(has: Right) -> Response:
    return as_json(
        {"may_read": has >= Right.READ, "may_change": has >= Right.CHANGE, "login_needed": has is Right.NOTHING}
    )


def _is_here(request: Request) -> bool:
    """Whether the client is on this machine, and nobody says that he only hands on."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        found = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
