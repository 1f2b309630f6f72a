"""What has happened, from the store of events, which the hub alone writes."""

from dataclasses import asdict

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.results.event import Severity
from WardenServer.settings.config import Settings
from WardenServer.sinks.events import store
from WardenServer.web.paths import Asked, Parameter, Path, Refused, as_json
from WardenServer.web.period import moment
from WardenServer.web.zone import zone

#: Events that are given when nothing is said, and the most that are given.
USUAL, MOST = 100, 1000
_WORDS = [str(severity) for severity in Severity]
_PARAMETERS = (
    Parameter("since", "Unix seconds or ISO 8601."),
    Parameter("until", "Unix seconds or ISO 8601."),
    Parameter("severity", "Only these.", {"type": "string", "enum": _WORDS}, many=True),
    Parameter("agent", "Only events of this agent."),
    Parameter("text", "Only events whose text has this in it, in small or large letters."),
    Parameter("number", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST}),
)
_EVENTS = {"type": "array", "items": {"type": "object", "required": ["id", "timestamp", "agent", "severity", "text"]}}


class Events:
    """The store of events, for those who ask by HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def paths(self) -> list[Path]:
        """The paths of this module."""
        turn = CapacityLimiter(2)
        text = "What has happened, newest first."
        return [Path("GET", "/api/events", text, self.events, parameters=_PARAMETERS, schema=_EVENTS, turn=turn)]

    def events(self, asked: Asked) -> Response:
        """The newest events that fit."""
        here = zone(self._settings)
        since, until = (moment(asked.get(name, usual), here) for name, usual in (("since", "0"), ("until", "9e10")))
        found = store.read(
            store.place(self._settings), _number(asked.get("number", str(USUAL))), since,
            _severities(asked.query.get("severity", [])), asked.get("agent"), until, asked.get("text"),
        )  # fmt: skip
        return as_json([_plain(asdict(event)) for event in reversed(found)])


def _plain(event: dict[str, object]) -> dict[str, object]:
    return {name: event[name] for name in ("id", "timestamp", "agent", "severity", "text")}


def _severities(said: list[str]) -> list[str]:
    if wrong := [each for each in said if each not in _WORDS]:
        raise Refused(400, f"severity is {wrong[0][:40]!r}; write {', '.join(_WORDS)}")
    return said


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= MOST):
        raise Refused(400, f"number is {said[:40]!r}; write a whole number from 1 to {MOST}")
    return int(said)


