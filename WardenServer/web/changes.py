"""Which fields changed most across a time, such as that of an event."""

import math

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.settings.config import Settings
from WardenServer.web.history import History
from WardenServer.web.paths import Asked, Parameter, Path, Refused, as_json
from WardenServer.web.period import moment
from WardenServer.web.series import plain
from WardenServer.web.zone import zone

#: Seconds before and after, where nothing is said, and at most; fields that are named.
USUAL, LONGEST, NAMED = 60.0, 86400.0, 20
_PARAMETERS = (
    Parameter("at", "Unix seconds or ISO 8601.", required=True),
    Parameter("seconds", "How long before and after.", {"type": "number", "minimum": 1, "maximum": LONGEST}),
)
_CHANGES = {"type": "array", "items": {"type": "object", "required": ["key", "field", "before", "after", "change"]}}


class Changes:
    """Looks through the history of all fields."""

    def __init__(self, settings: Settings, history: History) -> None:
        self._settings, self._history = settings, history

    def paths(self) -> list[Path]:
        """The path of this module."""
        text = f"The {NAMED} fields that changed most across a time."
        turn = CapacityLimiter(1)
        return [Path("GET", "/api/changes", text, self.changes, parameters=_PARAMETERS, schema=_CHANGES, turn=turn)]

    def changes(self, asked: Asked) -> Response:
        """Before and after of each, and how much they differ: in standard deviations of the values before."""
        at, seconds = moment(asked.get("at"), zone(self._settings)), _seconds(asked.get("seconds", str(USUAL)))
        found = self._history.reader.changes(at, seconds, NAMED)
        return as_json([
            {"key": each.key, "field": each.field, "before": plain(each.before), "after": plain(each.after),
             "change": each.size}
            for each in found
        ])  # fmt: skip


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= LONGEST:
        raise Refused(400, f"seconds is {text[:40]!r}; write a number from 1 to {LONGEST:g}")
    return seconds
