"""Documents in a database of CouchDB, over HTTP: https://docs.couchdb.org/en/stable/api/document/common.html."""

import json
import re
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.settings import masking

if TYPE_CHECKING:
    import httpx

#: Seconds that connecting may take, each step of an exchange, and its answer as a whole.
CONNECT, STEP, ANSWER = 4.0, 10.0, 20.0
#: Bytes of an answer that are read, beyond those that are expected.
LARGEST = 100_000
#: What CouchDB takes as the name of a database.
_DATABASE = re.compile(r"[a-z][a-z0-9_$()+/-]{0,200}")


class Refused(WardenError):
    """The server will never take this document."""


class Server:
    """One database on one server. One thread uses it. Nothing is opened before the first request."""

    def __init__(self, url: Any, database: Any) -> None:
        """Check the settings; a user and password stand in the URL.

        Raises:
            SettingError: they mean nothing.
        """
        masking.learn("", url)
        if not isinstance(database, str) or not _DATABASE.fullmatch(database):
            cure = "write a name of small letters, digits and _$()+-/, a letter first"
            raise SettingError(f"database is {database!r:.60}; {cure}")
        parts = _split(url)
        self._place = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        self._database = database
        self._user = unquote(parts.username or "")
        self._auth = (self._user, unquote(parts.password or "")) if parts.username else None
        masking.add(unquote(parts.password or ""))
        self._client: httpx.Client | None = None

    def put(self, id: str, text: str) -> bool:
        """Make a new document of this JSON; False where there is one of this id, which stays as it is.

        Raises:
            Refused: the server will never take this document; the text says why.
            Unreachable: it was not taken, or it is not known whether it was.
        """
        status, said = self._put(id, text)
        if status == 404:
            self._make_database()
            status, said = self._put(id, text)
        if status in (201, 202) and said.get("ok") is True:
            return True
        if status == 409 and said:
            return False
        if status in (413, 414) or (status == 400 and "error" in said):
            raise Refused(f"is refused by {self._place} ({_reason(status, said)})")
        raise self._unreachable(status, said)

    def holds(self, id: str, text: str) -> bool:
        """Whether the document of this id is the one of this JSON.

        Raises:
            Unreachable: that cannot be known now.
        """
        status, said = self._ask("GET", self._path(id), most=2 * len(text))
        if status != 200 or not said:
            raise self._unreachable(status, said)
        there = {name: value for name, value in said.items() if not name.startswith("_")}
        return bool(there == json.loads(text, parse_int=float))

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # -- requests

    def _put(self, id: str, text: str) -> tuple[int, dict[str, Any]]:
        return self._ask("PUT", self._path(id), text)

    def _make_database(self) -> None:
        status, said = self._ask("PUT", self._path())
        if status not in (201, 202, 412):  # 412: it is there by now
            cure = "make it, or correct database"
            what = f"the database {self._database} is missing at {self._place}, and the hub may not make it"
            raise Unreachable(f"{what} ({_reason(status, said)}); {cure}")

    def _path(self, id: str = "") -> str:
        names = [self._database, id] if id else [self._database]
        return "/".join([self._place, *(quote(name, safe="") for name in names)])

    def _ask(self, method: str, path: str, text: str | None = None, most: int = 0) -> tuple[int, dict[str, Any]]:
        """The status of the answer, and its JSON object; {} where it is anything else."""
        client = self._client = self._client or self._open()
        import httpx

        until = time.monotonic() + ANSWER
        try:
            with client.stream(method, path, content=text) as answer:
                found = bytearray()
                for part in answer.iter_bytes():
                    found += part
                    if len(found) > LARGEST + most or time.monotonic() > until:
                        raise Unreachable(f"{self._place} sends an answer without end; correct url")
                return answer.status_code, _parsed(found)
        except httpx.HTTPError as error:
            why = masking.mask(str(error) or type(error).__name__)
            raise Unreachable(f"{self._place} does not answer ({why}); start it, or correct url") from None
        except httpx.InvalidURL as error:  # it is the id's: the rest was checked
            raise Refused(f"has a name that cannot be part of a URL ({error})") from None

    def _open(self) -> "httpx.Client":
        try:
            import httpx

            httpx.URL(self._place)
        except ImportError:
            cure = "install it: pip install 'wardenserver[couchdb]'"
            raise Unreachable(f"the writer couchdb needs the library httpx; {cure}") from None
        except httpx.InvalidURL as error:
            raise Unreachable(f"{self._place} is no address ({error}); correct url") from None
        return httpx.Client(
            auth=self._auth,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=httpx.Timeout(STEP, connect=CONNECT),
            verify=ssl.create_default_context(),  # the authorities that the machine knows
            trust_env=False,
        )

    def _unreachable(self, status: int, said: dict[str, Any]) -> Unreachable:
        reason = _reason(status, said)
        if status in (401, 403):
            user = f"the user {self._user}" if self._user else "people without a name"
            cure = f"correct user and password in url, or their rights in {self._database}"
            return Unreachable(f"{self._place} does not take documents of {user} ({reason}); {cure}")
        if status in (429, 500, 502, 503, 504):
            return Unreachable(f"{self._place} cannot take documents now ({reason}); see its log")
        return Unreachable(f"{self._place} does not answer as CouchDB does ({reason}); correct url")


def _split(url: Any) -> SplitResult:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if is_whole and not parts.query and not parts.fragment:
        return parts
    raise SettingError('url is no address of a server; write "https://HOST:6984", or where it is: { env = "NAME" }')


def _parsed(text: bytearray) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _reason(status: int, said: dict[str, Any]) -> str:
    """What an answer says, for sentences."""
    words = " ".join(str(said.get("reason") or said.get("error") or "").split())
    return masking.mask(f"{status}: {words:.200}" if words else f"status {status}")
