"""The paths of woodstock, for its old clients: /proc/key and /proc/key/RANGE, with times in minutes."""

import time
from collections.abc import Mapping
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.web.history import AT_A_TIME, POINTS, RAW, History
from WardenServer.web.live import Live
from WardenServer.web.paths import Asked, Path, Refused, as_json
from WardenServer.web.period import LAST, in_order
from WardenServer.web.series import plain

_MINUTE, _DAY = 60.0, 86400.0
#: Its words in seconds: a month has 28 days, a year twelve such months.
WORDS: Mapping[str, float] = {
    "hour": 3600.0, "day": _DAY, "week": 7 * _DAY, "month": 28 * _DAY, "year": 336 * _DAY, "all": LAST,
}  # fmt: skip
#: Seconds after now at which its ranges end.
AHEAD = 600.0
_VALUES = {"type": "array", "items": {"type": "array"}}


class Woodstock:
    """Answers as woodstock did. A processor is the key of a document, and its key a field."""

    def __init__(self, live: Live, history: History) -> None:
        self._live, self._history = live, history

    def paths(self) -> list[Path]:
        """The paths of this module; they come last, since they take much."""
        turn = CapacityLimiter(AT_A_TIME)
        return [
            Path("GET", "/{proc}/{key}", "As woodstock: the newest value.", self.newest, cuts=True),
            Path("GET", "/{proc}/{key}/{range}", "As woodstock: [minutes, value], newest first.", self.over_time,
                 cuts=True, schema=_VALUES, turn=turn),
        ]  # fmt: skip

    def newest(self, asked: Asked) -> Response:
        """The newest value, bare."""
        if asked.query:
            raise Refused(400, "cuts are for ranges; ask for /proc/key/RANGE?proc2.key2=value")
        return as_json(self._live.newest(asked.place["proc"], asked.place["key"]))

    def over_time(self, asked: Asked) -> Response:
        """Pairs of minutes since 1970 and value; of long ranges means."""
        begin, end = _period(asked.place["range"], time.time())
        points = 0 if end - begin <= RAW else POINTS
        _, series = self._history.ask(asked.place["proc"], asked.place["key"], begin, end, points)
        for name, values in asked.query.items():
            if "." not in name or len(values) > 1:
                raise Refused(400, f"the cut {name[:60]!r} is given twice, or has no dot; write ?proc2.key2=value")
            series = self._history.cut(series, f"{name}={values[0]}", begin, end)
        series = series.newest_first()
        column: Any = series.columns["value" if "value" in series.columns else "mean"]
        pairs = zip(series.time, column, strict=True)
        return as_json([[round(float(when) / _MINUTE, 3), plain(value)] for when, value in pairs])


def _period(text: str, now: float) -> tuple[float, float]:
    if text in WORDS:
        return max(0.0, now - WORDS[text]), now + AHEAD
    begin, dots, end = text.partition("..")
    if not dots or not all(part.isascii() and part.isdigit() and len(part) < 9 for part in (begin, end)):
        raise Refused(404, f"{text[:60]!r} is no range; write hour, day, week, month, year, all, or A..B in minutes")
    return in_order(text, int(begin) * _MINUTE, int(end) * _MINUTE)
