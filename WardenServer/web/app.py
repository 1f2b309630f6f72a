"""The application: all paths, and what is around them."""

from pathlib import Path as FilePath

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from WardenServer.errors import Unreachable, WardenError
from WardenServer.plugins.common import differ
from WardenServer.servers.client import RefusedByHub
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.web import openapi
from WardenServer.web.changes import Changes
from WardenServer.web.device import Device
from WardenServer.web.events import Events
from WardenServer.web.follow import Follow
from WardenServer.web.guard import Guard
from WardenServer.web.health import Health
from WardenServer.web.history import History
from WardenServer.web.jobs import Jobs
from WardenServer.web.live import Live
from WardenServer.web.login import Login
from WardenServer.web.metrics import Metrics
from WardenServer.web.pages import Pages
from WardenServer.web.paths import Path, Refused, as_json, route
from WardenServer.web.ping import Ping
from WardenServer.web.ping_data import PingData
from WardenServer.web.runs import Runs
from WardenServer.web.view import encode
from WardenServer.web.why import Why
from WardenServer.web.woodstock import Woodstock

STATIC = FilePath(__file__).parent / "static"
#: What pages of a comparison look like, with and without the web.
DIFF = FilePath(differ.__file__).parent / "diff.css"


def make_app(settings: Settings, login: Login, follow: Follow) -> Starlette:
    """The application."""
    paths = [*login.paths(), *_paths(settings, follow)]
    description = encode(openapi.describe(paths))
    static = [
        Route("/", lambda request: FileResponse(STATIC / "index.html")),
        # An answer of its own each time: who compresses one changes its headers.
        Route("/openapi.json", lambda request: Response(description, media_type="application/json")),
        Route("/static/diff.css", lambda request: FileResponse(DIFF)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(
        routes=[*static, *(route(path, login.check) for path in paths)],
        middleware=[
            Middleware(Guard, settings=settings),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),  # it leaves the stream alone
        ],
        exception_handlers={WardenError: _refuse, HTTPException: _refuse_path, Exception: _excuse},
    )


def _paths(settings: Settings, follow: Follow) -> list[Path]:
    live, history = Live(follow), History(settings, follow)
    return [
        *live.paths(),
        *history.paths(),
        *Changes(settings, history).paths(),
        *Why(settings, follow, history).paths(),
        *Events(settings).paths(),
        *Jobs(settings).paths(),
        *Runs(settings).paths(),
        *Ping(settings).paths(),
        *PingData(settings).paths(),
        *Device(settings, follow).paths(),
        *Metrics(settings, follow).paths(),
        *Health(follow).paths(),
        *Pages(settings).paths(),
        *(Woodstock(live, history).paths() if settings.web_woodstock else ()),
    ]


def _refuse(request: Request, error: Exception) -> Response:
    """An error of ours, as one sentence."""
    if isinstance(error, Refused):
        status = error.status
    else:
        status = 503 if isinstance(error, Unreachable) else 422 if isinstance(error, RefusedByHub) else 404
    answer = as_json({"error": mask(str(error))}, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _refuse_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {404: "there is nothing here; GET /openapi.json describes all paths", 405: "this path takes another method"}
    answer = as_json({"error": said.get(error.status_code, error.detail)}, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _excuse(request: Request, error: Exception) -> Response:
    return as_json({"error": "this is a mistake in the server; its log says more"}, 500)
