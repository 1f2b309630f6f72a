"""What questions about tables of pings say. Words, expressions and periods are judged by what reads the tables."""

import re
from collections.abc import Iterable
from datetime import date

from WardenServer.plugins.common.ping.looking.choosing import LONGEST as LONGEST_PATTERN
from WardenServer.plugins.common.ping.looking.pingtable import BY, TICKS
from WardenServer.plugins.common.ping.looking.pingtable import Asked as Wanted
from WardenServer.plugins.common.ping.looking.series import Wanted as WantedSeries
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.web.paths import LONGEST, Asked, Parameter, Refused

#: Most bytes of a ping.
BIGGEST = 65_535
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOST = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_FORMS = ("json", "tsv")


def _word(name: str, text: str, words: Iterable[str], required: bool = False) -> Parameter:
    return Parameter(name, text, {"type": "string", "enum": list(words)}, required)


def _pattern(name: str, text: str) -> Parameter:
    return Parameter(name, f"A regular expression: {text}", {"type": "string", "maxLength": LONGEST_PATTERN})


def _date(name: str, text: str, required: bool = False) -> Parameter:
    return Parameter(name, text, {"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$"}, required)


_WHAT = (
    _word("metric", "Which metric.", METRICS, required=True),
    Parameter("size", "Bytes of a ping, 100 if not given.", {"type": "integer", "minimum": 1, "maximum": BIGGEST}),
    _word("by", "Pairs of sites, or of nodes; of sites if not given.", BY),
)
TABLE = (
    *_WHAT,
    _word("tick", "What a point stands for; hourly if not given.", TICKS),
    _date("day", "A day within the period; the newest if not given."),
    _pattern("from", "only pairs with such a source."),
    _pattern("to", "only pairs with such a target."),
    _pattern("only", "only pairs of which one is so."),
    _pattern("ex", "only pairs of which none is so."),
    _word("format", "JSON, or the tab-separated text of pingtable.", _FORMS),
)
SERIES = (
    *_WHAT,
    Parameter("from", "The source.", _HOST, required=True),
    Parameter("to", "The target.", _HOST, required=True),
    _date("first", "The first day, in UTC.", required=True),
    _date("last", "The last day, in UTC.", required=True),
)


def table(asked: Asked) -> Wanted:
    """Which table. Raises Refused, as all here."""
    metric, size, by = _what(asked)
    day = _day("day", said) if (said := asked.get("day")) else None
    patterns = (asked.get(name) for name in ("from", "to", "only", "ex"))
    return Wanted(metric, size, by, asked.get("tick", "hourly"), day, *patterns)


def is_text(asked: Asked) -> bool:
    """Whether a table is wanted as text."""
    form = asked.get("format", "json")
    if form not in _FORMS:
        raise Refused(400, f"format is {form[:40]!r}; write {' or '.join(_FORMS)}")
    return form == "tsv"


def series(asked: Asked) -> WantedSeries:
    """Which values of a pair."""
    first, last = (_day(name, asked.get(name)) for name in ("first", "last"))
    return WantedSeries(*_what(asked), asked.get("from"), asked.get("to"), first, last)


def _what(asked: Asked) -> tuple[str, int, str]:
    return asked.get("metric"), _size(asked.get("size", "100")), asked.get("by", "site")


def _size(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= BIGGEST):
        raise Refused(400, f"size is {said[:40]!r}; write a whole number from 1 to {BIGGEST}")
    return int(said)


def _day(name: str, said: str) -> date:
    try:
        return date.fromisoformat(said if _DAY.fullmatch(said) else "")
    except ValueError:
        raise Refused(400, f"{name} is {said[:40]!r}; write a day such as 2026-11-25") from None
