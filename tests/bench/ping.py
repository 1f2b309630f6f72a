"""Pings: a day of raw data to tables, reading it, longer tables, a thousand hosts probed, and the hub's tick meanwhile.

Days are in ping_day.py (raw data are made in ping_raw.py, by plain Python in ping_plain.py), archives in
ping_archive.py, probing in ping_probing.py, the hub in ping_hub.py. Where two sides do not find the same there is no
figure.
"""

import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.bench import ping_hub
from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.ping_probing import missing

PAIRS, HOSTS = 500, 1000
#: Ours / rival: a day to tables, reading it, processor time of pings, the tick; memory of long tables / of a day.
DAY, READ, PROBE, TICK, MEMORY = 0.1, 1.5, 10.0, 1.5, 1.5
#: Seconds that a long table may take.
SECONDS = 10.0
_A_DAY = "a day to hourly tables"
#: Folders for the archives of this run; they go when the benchmark ends.
_folders: list[tempfile.TemporaryDirectory[str]] = []


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    why_not = missing()
    if why_not:
        print(f"bench: ping: probing is left out: {why_not}", file=sys.stderr)
    return [*_of_a_day(quick), *_of_an_archive(quick), *(() if why_not else _of_probing(quick))]


def _of_a_day(quick: bool) -> Iterator[Contender]:
    for function, often, seldom in (("make", 9, 1 if quick else 3), ("read", 9, 9)):
        for ours, times in ((True, often), (False, seldom)):
            given = {"pairs": PAIRS, "ours": ours, "times": times}
            yield Contender(f"{function} {ours}", function, given, "ping_day")


def _of_an_archive(quick: bool) -> Iterator[Contender]:
    pairs, years = (50, 2) if quick else (PAIRS, 10)
    _folders.append(tempfile.TemporaryDirectory(prefix="warden-bench-"))
    kept = {"kept": _folders[-1].name}
    given: dict[str, Any] = {**kept, "years": years}
    module = "ping_archive"
    yield Contender("archive", "make", {**given, "pairs": pairs}, module, 600, once=True)
    yield Contender("years first", "all_years", {**given, "first": True}, module, 600, once=True)
    for function in ("day", "month"):
        yield Contender(function, function, kept, module)
    yield Contender("years", "all_years", {**given, "first": False}, module)


def _of_probing(quick: bool) -> Iterator[Contender]:
    for who in ("ours", "fping"):
        yield Contender(who, who, {"hosts": HOSTS, "wait": 0.5 if quick else 1.0}, "ping_probing")
    for hosts in (HOSTS, 0):
        given = {"hosts": hosts, "load": ping_hub.HASTY if quick else ping_hub.USUAL}
        yield Contender(f"hub {hosts}", "hub", given, "ping_hub", 400, once=quick)


# -- what the measurements say


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    found = [*_of_tables(runs), *_of_long_tables(runs)]
    if "ours" in runs:
        found += _of_pings(runs)
    return found


def _of_tables(runs: Runs) -> Iterator[Figure]:
    lines = f"{PAIRS} pairs x 48 x 2 lines"
    made, read = ((runs[f"{name} True"], runs[f"{name} False"]) for name in ("make", "read"))
    yield against(f"a day of {lines} to all hourly tables", *made, "took", "s", "plain Python, line by line", DAY)
    yield against(f"read {lines}", *read, "took", "s", "read_csv, split and casts of polars", READ)


def _of_long_tables(runs: Runs) -> Iterator[Figure]:
    pairs, years = (runs["archive"][0][name] for name in ("pairs", "years"))
    names = {
        "month": f"a month of {pairs:g} pairs to daily tables",
        "years": f"{years:g} years of {pairs:g} pairs to tables of years",
    }
    for name, what in names.items():
        yield limit(what, runs[name], "took", "s", SECONDS)
        yield against(f"{what}: memory at most", runs[name], runs["day"], "memory", "MB", _A_DAY, MEMORY)
    yield from _of_first(f"{names['years']} for the first time", runs["years first"], runs["day"])


def _of_first(what: str, first: list[Run], day: list[Run]) -> Iterator[Figure]:
    """Of sums that are made once for each month."""
    yield limit(what, first, "took", "s", SECONDS)
    yield against(f"{what}: memory at most", first, day[: len(first)], "memory", "MB", _A_DAY, MEMORY)


def _of_pings(runs: Runs) -> Iterator[Figure]:
    what = f"{HOSTS} hosts probed"
    yield against(f"{what}: CPU per ping", runs["ours"], runs["fping"], "cpu", "µs", "fping", PROBE)
    hubs = runs[f"hub {HOSTS}"], runs["hub 0"]
    tick = hubs[0][0]["tick"]
    target = TICK if tick == ping_hub.USUAL.tick else None  # in haste it is no usual hub
    what = f"{what} by a hub with a tick of {1e3 * tick:g} ms: its lateness p99"
    yield against(what, *hubs, "p99", "ms", "the hub without pings", target)
