"""Why a value is missing: in words, since when, and what to do."""

from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.results import hub_document
from WardenServer.settings.config import Settings
from WardenServer.web.follow import Follow
from WardenServer.web.history import History
from WardenServer.web.live import FIELD, KEY
from WardenServer.web.paths import Asked, Parameter, Path, as_json
from WardenServer.web.period import moment
from WardenServer.web.view import View
from WardenServer.web.zone import zone

_AT = Parameter("at", "A time of the past: Unix seconds or ISO 8601.")
_SAID = {"type": "object", "required": ["text", "since", "cure"]}


class Why:
    """Answers from the newest view, and of the past from the history."""

    def __init__(self, settings: Settings, follow: Follow, history: History) -> None:
        self._settings, self._follow, self._history = settings, follow, history

    def paths(self) -> list[Path]:
        """The path of this module."""
        text = "Why a value is missing, now or at a time of the past."
        return [
            Path("GET", "/api/why", text, self.why, parameters=(KEY, FIELD, _AT), schema=_SAID, turn=CapacityLimiter(2))
        ]

    def why(self, asked: Asked) -> Response:
        """Text, since when in Unix seconds or null, and the cure or ""."""
        from WardenServer.sinks.history import why

        key, field, reader = asked.get("key"), asked.get("field"), self._history.reader
        if asked.get("at"):
            said = why.then(self._settings, reader, key, field, moment(asked.get("at"), zone(self._settings)))
        else:
            said = why.now(_seen(self._follow.view), reader, key, field)
        return as_json(said._asdict())


def _seen(view: View) -> Any:
    from WardenServer.sinks.history.why import Seen

    hub = None if view.hub is None else hub_document.read(view.hub)
    return Seen(view.problem or "", hub, view.fields, view.documents.get)
