"""The history of fields over time, also of fields that are no longer there."""

import time
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response, StreamingResponse

from WardenServer.errors import Unreachable, WardenError
from WardenServer.settings.config import Settings
from WardenServer.web.follow import Follow
from WardenServer.web.live import FIELD, KEY
from WardenServer.web.paths import Asked, Parameter, Path, Refused, as_json
from WardenServer.web.period import period
from WardenServer.web.series import Series
from WardenServer.web.zone import zone

#: Questions to the history at a time.
AT_A_TIME = 4
#: Longest period in seconds of which every value may be asked for; else so many points, and the most of them.
RAW, POINTS, MOST = 2 * 86400.0, 5000, 50_000
_NUMBER = {"type": "integer", "minimum": 0, "maximum": MOST}
_PARAMETERS = (
    KEY,
    FIELD,
    Parameter("range", "hour, day, week, month, year, all, or A..B: Unix seconds or ISO 8601.", required=True),
    Parameter("points", f"About how many; 0: every value, of {RAW / 86400:g} days at most.", _NUMBER),
    Parameter("cut", "KEY.FIELD=value: only times at which that field had this value.", many=True),
    Parameter("order", "Which comes first.", {"type": "string", "enum": ["oldest", "newest"]}),
    Parameter("form", "How it is written.", {"type": "string", "enum": ["json", "csv"]}),
)


class History:
    """The history, for those who ask by HTTP. It is opened at the first question."""

    def __init__(self, settings: Settings, follow: Follow) -> None:
        self._settings, self._follow = settings, follow
        self._turn = CapacityLimiter(AT_A_TIME)
        self._reader: Any = None

    def paths(self) -> list[Path]:
        """The paths of this module."""
        schema = {"type": "object"}
        return [
            Path("GET", "/api/history", "A field over time.", self.history, parameters=_PARAMETERS, schema=schema,
                 turn=self._turn),
            Path("GET", "/api/fields", "All fields, with those of the history that are gone.", self.fields,
                 schema=schema, turn=self._turn),
        ]  # fmt: skip

    @property
    def reader(self) -> Any:
        """What reads it; raises Unreachable where its libraries are missing."""
        if self._reader is None:
            try:
                from WardenServer.sinks.history import ask
            except ImportError as error:
                cure = "install it with: pip install wardenserver[history]"
                raise Unreachable(f"the history needs the library {error.name}; {cure}") from None
            self._reader = ask.History(self._settings)
        return self._reader

    def history(self, asked: Asked) -> Response:
        """One field over a period."""
        key, field, order, form = (asked.get(name) for name in ("key", "field", "order", "form"))
        _check_word("order", order, ("oldest", "newest"))
        _check_word("form", form, ("json", "csv"))
        begin, end = period(asked.get("range"), time.time(), zone(self._settings))
        found, series = self.ask(key, field, begin, end, _points(asked.get("points"), end - begin))
        for cut in asked.query.get("cut", []):
            series = self.cut(series, cut, begin, end)
        series = series.newest_first() if order == "newest" else series
        if form == "csv":
            headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
            return StreamingResponse(series.as_csv(), media_type="text/csv", headers=headers)
        gaps = [{"begin": gap.begin, "end": gap.end, "reason": gap.reason} for gap in found.gaps]
        about = {"key": key, "field": field, "level": found.level, "begin": begin, "end": end}
        unit = next((each.get("unit") for each in self._entries(key, field)), None)
        return as_json({**about, "unit": unit, **series.as_dict(), "gaps": gaps})

    def ask(self, key: str, field: str, begin: float, end: float, points: int) -> tuple[Any, Series]:
        """What the history says of a field, and its values; of one that has just come there are none yet."""
        try:
            found = self.reader.range(key, field, begin, end, points)
        except Unreachable:
            raise
        except WardenError:
            if begin > end or not self._entries(key, field):
                raise
            from WardenServer.sinks.history.question import nothing

            found = nothing(key, field, begin, end)
        return found, Series(found.time, found.columns, found.before)

    def cut(self, series: Series, said: str, begin: float, end: float) -> Series:
        """Only times at which the field that is named in KEY.FIELD=value has this value."""
        name, equals, value = said.partition("=")
        key, field = self._named(name)
        if not equals:
            raise Refused(400, f"cut is {said[:60]!r}; write KEY.FIELD=value")
        other = self.ask(key, field, begin, end, 0)[1]
        if "value" not in other.columns:
            raise Refused(400, f"the single values of {name} are no longer kept for that time; take a later range")
        return series.where(other, value)

    def fields(self, asked: Asked) -> Response:
        """The table of fields; without a history only those that are there now."""
        table = {name: {**entry, "retired": False} for name, entry in self._follow.view.fields.items()}
        try:
            known = self.reader.known()
        except WardenError:
            known = []
        for each in known:
            entry = {"agent": each.agent, "key": each.key, "field": each.field}
            times = {"first": each.first, "last": each.last, "retired": True}
            table.setdefault(f"{each.key}.{each.field}", {**entry, **times})
        return as_json(table)

    def _entries(self, key: str, field: str) -> list[Any]:
        fields = self._follow.view.fields.values()
        return [entry for entry in fields if (entry["key"], entry["field"]) == (key, field)]

    def _named(self, name: str) -> tuple[str, str]:
        """Key and field of KEY.FIELD: the longest known key wins."""
        if (entry := self._follow.view.fields.get(name)) is not None:
            return entry["key"], entry["field"]
        try:
            found: tuple[str, str] = self.reader.named(name)
        except Unreachable:
            raise
        except WardenError:
            raise Refused(400, f"cut names {name[:60]!r}, which is no KEY.FIELD; GET /api/fields shows all") from None
        return found


def _points(text: str, seconds: float) -> int:
    if text == "":
        return 0 if seconds <= RAW else POINTS
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MOST):
        raise Refused(400, f"points is {text[:40]!r}; write a whole number up to {MOST}")
    if text == "0" and seconds > RAW:
        raise Refused(400, f"every value is given for {RAW / 86400:g} days at most; take a shorter range, or points")
    return int(text)


def _check_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word and word not in words:
        raise Refused(400, f"{name} is {word[:40]!r}; write {' or '.join(words)}")
