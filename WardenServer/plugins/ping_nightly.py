"""Every night, raw data of pings are collected, made into tables, and checked: PingER's getdata, its analyses and
checkdata. It runs where the settings have a table [ping_archive].

    [ping_archive]
    nodes = "/etc/warden/nodes.csv"
    [ping_archive.monitors]
    "ping.example.org" = "https://ping.example.org/ping_data"

Yesterday (UTC) is fetched from all monitoring hosts, and up to 31 days before it that could not be fetched earlier.
Then all tables are made that these days are in, and the last 30 days are checked. A day of a host that is missing, or
has fewer than half of its usual lines, is told once, as an event; more than 20 at once are one event. To get them by
mail, add a rule:

    [notify.rules.pings]
    events = "ping_nightly"
    to = ["mail"]

Publishes in the document "ping_nightly":

    day                 yesterday, when it ran
    hosts               how many monitoring hosts there are
    fetched, lines      how many days of hosts were fetched, and how many lines they have
    missing, short      days that are not whole, as "HOST DAY"
    tables, changed     how many tables were made, and how many of them are other than before
    warnings            how many sentences there were on what was missing or left out
    took                seconds
    problem             what people should put right, else ""

To repair a time:

    warden ask ping_nightly '{"restore": "2026-11-01..2026-11-05"}'
"""

from datetime import date
from typing import TYPE_CHECKING, Any

from WardenServer.agent import Agent, Value
from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.opening import libraries

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.archive.nightly import Night, Nightly

AT = "01:32"
TIMEOUT = 6 * 3600.0
ISOLATE = True
EXCLUSIVE = True

SETTINGS = {"ping_archive": ...}

_COUNT = {"dtype": "int", "format": "%d"}
_DAYS = {"dtype": "str", "dims": 1}
FIELDS = {
    "day": {"dtype": "str"},
    **dict.fromkeys(("hosts", "fetched", "lines", "tables", "changed", "warnings"), _COUNT),
    **dict.fromkeys(("missing", "short"), _DAYS),
    "took": {"dtype": "float", "unit": "s", "format": "%.1f"},
    "problem": {"dtype": "str"},
}

nightly: "Nightly"


def setup(agent: Agent) -> None:
    """Read the table, and what was done before."""
    global nightly
    with libraries(SettingError):
        import httpx  # noqa: F401
        import polars  # noqa: F401
    from WardenServer.plugins.common.ping import configuration
    from WardenServer.plugins.common.ping.archive.nightly import Nightly

    nightly = Nightly(configuration.read_archive(agent.settings["ping_archive"]))


def work(agent: Agent) -> dict[str, Any]:
    """One night, and what people have asked for."""
    night = nightly.run(agent.stopping, lambda text, id: agent.tell(text, "warning", id))
    counts = {name: getattr(night, name) for name in ("hosts", "fetched", "lines", "tables", "changed", "warnings")}
    return agent.tolerate({
        "day": night.day.isoformat(),
        **counts,
        **{why: _days_of(night, why) for why in ("missing", "short")},
        "took": night.took,
        "problem": Value(night.problem, "WARNING" if night.problem else "VALID"),
    })  # fmt: skip


def answer(agent: Agent, request: Any) -> dict[str, Any]:
    """Repair a time with a run of its own, which comes next."""
    match request:
        case {"restore": str() as text, **rest} if not rest:
            first, last = _days(text)
        case _:
            raise SettingError('ping_nightly does not know what is asked; ask {"restore": "2026-11-01..2026-11-05"}')
    nightly.ask(first, last)
    agent.soon()
    return {"queued": f"{first}..{last}"}


def _days_of(night: "Night", why: str) -> list[str]:
    return [f"{each.host} {each.day}" for each in night.faults if each.why == why]


def _days(text: str) -> tuple[date, date]:
    """The first and the last day of A..B, or of A alone."""
    first, dots, last = text.partition("..")
    try:
        days = date.fromisoformat(first.strip()), date.fromisoformat((last if dots else first).strip())
    except ValueError:
        raise SettingError(f"{text!r:.60} is no time; write days such as 2026-11-01..2026-11-05") from None
    if days[1] < days[0]:
        raise SettingError(f"{text!r:.60} ends before it begins; write the first day first")
    return days
