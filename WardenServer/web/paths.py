"""What a path of the web is: what it takes, what it needs, who answers. Routing and description are made from it."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from WardenServer.errors import WardenError
from WardenServer.web.view import encode

#: Most characters of a parameter, values of one, bytes of a body, and questions that wait for their turn.
LONGEST, MANY, LARGEST, QUEUE = 1000, 10, 65_536, 20
#: Seconds that a body may take to come.
PATIENCE = 10.0


class Right(IntEnum):
    """What a client may do."""

    NOTHING = 0
    READ = 1
    CHANGE = 2


class Refused(WardenError):
    """A request is refused; `status` is the code of the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Parameter:
    """A parameter of a query. `schema` is that of its value in the description. Of `many` values, `most` may be
    given."""

    name: str
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string", "maxLength": LONGEST})
    required: bool = False
    many: bool = False
    most: int = MANY


@dataclass(frozen=True)
class Asked:
    """One request, checked. `place` are the parts of the path, `body` is the JSON of a POST."""

    request: Request
    place: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Mapping[str, Any]

    def get(self, name: str, default: str = "") -> str:
        """The value of a parameter; the default where it is not given, or empty."""
        return self.query.get(name, [""])[0] or default


@dataclass(frozen=True)
class Path:
    """One path. `answer` runs on the event loop, or on a thread where there is `turn`: so many at a time. `body` are
    the entries of a POST's JSON, of which those with a default may be left out; `schema` is what the JSON of the answer
    looks like. With `cuts` any parameter may be given. With `limit` a thread that takes longer than so many seconds is
    not waited for; it ends by itself, and has its turn until then."""

    method: str
    path: str
    text: str
    answer: Callable[[Asked], Response]
    needs: Right = Right.READ
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Mapping[str, Any]] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = "application/json"
    turn: CapacityLimiter | None = None
    cuts: bool = False
    limit: float | None = None


def route(path: Path, check: Callable[[Request, Right], None]) -> Route:
    """The route of a path. `check` raises Refused where a client may not."""

    async def endpoint(request: Request) -> Response:
        check(request, path.needs)
        body = {} if path.body is None else await _body(request, path.body)
        asked = Asked(request, _place(request), _query(request, path), body)
        if path.turn is None:
            return path.answer(asked)
        if path.turn.statistics().tasks_waiting > QUEUE:
            raise Refused(503, "too many wait for this already; try again in some seconds")
        return await _in_time(to_thread.run_sync(path.answer, asked, limiter=path.turn), path.limit)

    return Route(path.path, endpoint, methods=[path.method])


async def _in_time(answer: Coroutine[Any, Any, Response], limit: float | None) -> Response:
    if limit is None:
        return await answer
    task = asyncio.ensure_future(answer)
    done, _ = await asyncio.wait([task], timeout=limit)
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody is left to hear of it
        raise Refused(503, f"there was no answer within {limit:g} s; try again, or ask for less")
    return task.result()


def as_json(value: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(encode(value), status, media_type="application/json")


def _place(request: Request) -> dict[str, str]:
    for value in request.path_params.values():
        _check_length("the path", value)
    return dict(request.path_params)


def _query(request: Request, path: Path) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(_check_length("a parameter's name", name), []).append(_check_length(name, value))
    if not path.cuts:
        _check_names(given, path.parameters)
    return given


def _check_names(given: Mapping[str, list[str]], known: tuple[Parameter, ...]) -> None:
    most = {parameter.name: parameter.most if parameter.many else 1 for parameter in known}
    for name, values in given.items():
        if name not in most:
            raise Refused(400, f"there is no parameter {name[:40]!r}; there are: {', '.join(most) or 'none'}")
        if len(values) > most[name]:
            raise Refused(400, f"parameter {name} is given {len(values)} times; {most[name]} is the most")
    if missing := [each.name for each in known if each.required and not any(given.get(each.name, []))]:
        raise Refused(400, f"parameter {missing[0]} is missing; add {missing[0]}=...")


def _check_length(name: str, value: str) -> str:
    if len(value) > LONGEST:
        raise Refused(400, f"{name} has {len(value)} characters; {LONGEST} is the most")
    return value


async def _take(request: Request) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST:
            raise Refused(413, f"the body has more than {LARGEST} bytes; send less")
    return bytes(data)


async def _body(request: Request, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(PATIENCE):
            data = await _take(request)
    except TimeoutError:
        raise Refused(408, f"the body did not come within {PATIENCE:g} s; send it at once") from None
    if not known and not data:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "the body is not sent as application/json; set the header Content-Type")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not said.keys() <= known.keys():
        raise Refused(400, f"the body is no JSON object with {', '.join(known) or 'no entries'}; send one")
    return said
