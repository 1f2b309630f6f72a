"""Which fields changed most across a time, such as that of an event."""

import math
import time
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import Unreachable, WardenError
from WardenServer.settings.config import Settings
from WardenServer.web.history import History
from WardenServer.web.paths import Asked, Parameter, Path, Refused, as_json
from WardenServer.web.period import moment
from WardenServer.web.series import plain
from WardenServer.web.zone import zone

#: Seconds before and after, where nothing is said, and at most; fields that are named; seconds that this may take.
USUAL, LONGEST, NAMED, LIMIT = 60.0, 86400.0, 20, 5.0
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
        """The last value before and the last value after, and how much they differ: 0 to 1."""
        at, seconds = moment(asked.get("at"), zone(self._settings)), _seconds(asked.get("seconds", str(USUAL)))
        until, found = time.monotonic() + LIMIT, []
        for known in self._history.reader.known():
            if time.monotonic() > until:
                raise Unreachable(f"the history takes more than {LIMIT:g} s for all fields; ask for single ones")
            if known.first <= at + seconds and known.last >= at - seconds:
                found.append(self._change(known.key, known.field, at, seconds))
        changed = [each for each in found if each is not None and each["change"] > 0]
        return as_json(sorted(changed, key=lambda each: -each["change"])[:NAMED])

    def _change(self, key: str, field: str, at: float, seconds: float) -> dict[str, Any] | None:
        try:
            _, series = self._history.ask(key, field, at - seconds, at + seconds, 0)
        except Unreachable:
            raise
        except WardenError:  # it has gone meanwhile
            return None
        values = list(series.columns["value" if "value" in series.columns else "mean"])
        count = sum(when <= at for when in series.time)
        before = plain(values[count - 1] if count else series.before[1] if series.before else None)
        after = plain(values[-1]) if count < len(values) else before
        return {"key": key, "field": field, "before": before, "after": after, "change": _distance(before, after)}


def _distance(one: Any, other: Any) -> float:
    """0 of the same, 1 of what has nothing in common; of numbers their difference by the larger of them."""
    if one == other or one is None or other is None:
        return 0.0
    if isinstance(one, int | float) and isinstance(other, int | float):
        return min(1.0, abs(one - other) / max(abs(one), abs(other)))
    return 1.0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= LONGEST:
        raise Refused(400, f"seconds is {text[:40]!r}; write a number from 1 to {LONGEST:g}")
    return seconds
