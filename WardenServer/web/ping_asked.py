"""What questions about tables of pings say, checked."""

import re
from collections.abc import Iterable
from datetime import date

from WardenServer.plugins.common.ping.looking.pingtable import TICKS
from WardenServer.plugins.common.ping.looking.pingtable import Asked as Wanted
from WardenServer.plugins.common.ping.looking.series import Wanted as WantedSeries
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.web.paths import LONGEST, Asked, Parameter, Refused

#: What tables are made for; characters of a regular expression; bytes of a ping; days of a pair: 60 years.
BY, PATTERN, BIGGEST, MOST_DAYS = ("site", "node"), 200, 65_535, 60 * 366
#: How a table is written.
FORMS = ("json", "tsv")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SIZE = {"type": "integer", "minimum": 1, "maximum": BIGGEST}
_HOST = {"type": "string", "minLength": 1, "maxLength": LONGEST}


def _word(name: str, text: str, words: Iterable[str], required: bool = False) -> Parameter:
    return Parameter(name, text, {"type": "string", "enum": list(words)}, required)


def _pattern(name: str, text: str) -> Parameter:
    return Parameter(name, f"A regular expression: {text}", {"type": "string", "maxLength": PATTERN})


def _date(name: str, text: str, required: bool = False) -> Parameter:
    return Parameter(name, text, {"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$"}, required)


_WHAT = (
    _word("metric", "Which metric.", METRICS, required=True),
    Parameter("size", "Bytes of a ping; 100 where it is not given.", _SIZE),
    _word("by", "Pairs of sites, or of nodes; of sites where it is not given.", BY),
)
TABLE = (
    *_WHAT,
    _word("tick", "What a point stands for; hourly where it is not given.", TICKS),
    _date("day", "A day within the period; the newest where it is not given."),
    _pattern("from", "only pairs with such a source."),
    _pattern("to", "only pairs with such a target."),
    _pattern("only", "only pairs of which one is so."),
    _pattern("ex", "only pairs of which none is so."),
    _word("format", "JSON, or the tab-separated text of pingtable.", FORMS),
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
    tick = one_of("tick", asked.get("tick", "hourly"), TICKS)
    day = _day("day", said) if (said := asked.get("day")) else None
    return Wanted(*_what(asked), tick, day, *(_short(name, asked.get(name)) for name in ("from", "to", "only", "ex")))


def series(asked: Asked) -> WantedSeries:
    """Which values of a pair."""
    what, (first, last) = _what(asked), (_day(name, asked.get(name)) for name in ("first", "last"))
    if first > last:
        raise Refused(400, f"first is {first}, which is after last, {last}; write the earlier day first")
    if (last - first).days >= MOST_DAYS:
        raise Refused(400, f"{first} to {last} is more than {MOST_DAYS} days; ask for less")
    return WantedSeries(*what, asked.get("from"), asked.get("to"), first, last)


def one_of(name: str, said: str, words: Iterable[str]) -> str:
    """One of these words."""
    if said not in words:
        raise Refused(400, f"{name} is {said[:40]!r}; write one of {', '.join(words)}")
    return said


def _what(asked: Asked) -> tuple[str, int, str]:
    metric = one_of("metric", asked.get("metric"), METRICS)
    return metric, _size(asked.get("size", "100")), one_of("by", asked.get("by", "site"), BY)


def _size(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= BIGGEST):
        raise Refused(400, f"size is {said[:40]!r}; write a whole number from 1 to {BIGGEST}")
    return int(said)


def _short(name: str, said: str) -> str:
    if len(said) > PATTERN:
        raise Refused(400, f"{name} has {len(said)} characters; {PATTERN} is the most")
    return said


def _day(name: str, said: str) -> date:
    try:
        return date.fromisoformat(said if _DAY.fullmatch(said) else "")
    except ValueError:
        raise Refused(400, f"{name} is {said[:40]!r}; write a day such as 2026-11-25") from None
