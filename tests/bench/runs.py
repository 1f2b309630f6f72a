"""Runs and their differences: stored runs compared, texts, nested values, pages, and a snapshot of devices.

Stored runs are in runs_stored.py, texts and pages in runs_texts.py, nested values in runs_nested.py, devices in
runs_snapshot.py. Where two sides do not find the same there is no figure.
"""

import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.runs_nested import CHANGED
from tests.bench.runs_snapshot import ATTRIBUTES, DEVICES
from tests.bench.runs_texts import LARGE, USUAL
from tests.system.postgresql import is_there

#: Parameters of a stored run; of them so many change, and in the other case a tenth.
PARAMETERS, FEW, MANY = 100_000, 100, 10_000
#: Ours beside fetching both runs, by who has the database.
TARGETS = {"own": 0.5, "foreign": 1.1}
#: Seconds that a large text, and its page, may take; and a snapshot.
TEXT, SNAPSHOT = 1.0, 3.0
#: What is compared with whom: value, size, libraries with a target, and those without.
NESTED: list[tuple[str, int, list[str], list[str]]] = [
    ("document", 1000, ["jsondiff", "dictdiffer"], ["deepdiff"]),
    ("array", 10_000, ["dictdiffer"], ["deepdiff"]),
    ("array", 300, ["jsondiff"], []),  # whose time and memory go with the square
]
_SECOND = "every second line"


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    if not is_there():
        print("bench: runs: PostgreSQL is missing and left out; apt install postgresql", file=sys.stderr)
    return [*_stored(quick), *_texts(quick), *_nested(quick), Contender("snapshot", "snapshot", {}, "runs_snapshot")]


def _stored(quick: bool) -> Iterator[Contender]:
    for postgresql in (False, True) if is_there() else (False,):
        for kind in TARGETS:
            for changed in (FEW,) if quick else (FEW, MANY):
                given = {"kind": kind, "postgresql": postgresql, "number": PARAMETERS, "changed": changed}
                for bare in (False, True):
                    name = _name(kind, postgresql, changed, bare)
                    arguments = {**given, "bare": bare, "times": 3 if quick else 9}
                    yield Contender(name, "compare", arguments, "runs_stored", 300)


def _texts(quick: bool) -> Iterator[Contender]:
    module, times = "runs_texts", 10 if quick else 50
    for name in USUAL:
        for bare in (False, True):
            arguments = {"name": name, "bare": bare, "times": times}
            yield Contender(f"{name} {bare}", "difference", arguments, module)
    yield Contender("differences", "differences", {"number": LARGE}, module)
    yield Contender("pages", "pages", {"number": LARGE}, module)
    if not quick:
        for bare in (False, True):
            given: dict[str, Any] = {"name": _SECOND, "number": LARGE, "bare": bare}
            yield Contender(f"matched {bare}", "matched", given, module)


def _nested(quick: bool) -> Iterator[Contender]:
    for kind, size, judged, others in NESTED:
        for who in ("ours", *judged, *others):
            arguments: dict[str, Any] = {"who": who, "kind": kind, "size": size, "times": 3 if quick else 9}
            yield Contender(f"{kind} {size} {who}", "difference", arguments, "runs_nested", 300)


def _name(kind: str, postgresql: bool, changed: int, bare: bool) -> str:
    """Of a contender."""
    return f"{kind} {'PostgreSQL' if postgresql else 'SQLite'} {changed} {'bare' if bare else 'ours'}"


# -- what the measurements say


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    return [*_of_stored(runs), *_of_texts(runs), *_of_nested(runs), _of_snapshot(runs)]


def _of_stored(runs: Runs) -> Iterator[Figure]:
    for postgresql in (False, True):
        for kind, target in TARGETS.items():
            for changed, judged in ((FEW, target), (MANY, None)):
                names = [_name(kind, postgresql, changed, bare) for bare in (False, True)]
                if names[0] in runs:
                    place = "PostgreSQL" if postgresql else "SQLite"
                    what = f"{place}: two {kind} runs of {PARAMETERS} parameters, {changed} changed"
                    ours, bare = (runs[name] for name in names)
                    yield against(what, ours, bare, "took", "ms", "fetch both, compare dictionaries", judged)


def _of_texts(runs: Runs) -> Iterator[Figure]:
    for name in USUAL:
        ours, bare = runs[f"{name} False"], runs[f"{name} True"]
        yield against(f"text: {name}", ours, bare, "took", "ms", "bare difflib.Differ", 1.3)
    yield _slowest(f"change of a text of {LARGE} lines", runs["differences"])
    if "matched True" in runs:
        ours, bare = runs["matched False"], runs["matched True"]
        yield against(f"text: {_SECOND} of {LARGE}", ours, bare, "took", "s", "a plain SequenceMatcher")
    yield _slowest(f"page of a text of {LARGE} lines", runs["pages"])


def _slowest(what: str, found: list[Run]) -> Figure:
    """The one with the highest median."""
    name = max(found[0], key=lambda each: median(run[each] for run in found))
    return limit(f"slowest {what}, of {len(found[0])}: {name}", found, name, "s", TEXT)


def _of_nested(runs: Runs) -> Iterator[Figure]:
    for kind, size, judged, others in NESTED:
        for who in (*judged, *others):
            ours, other = (runs[f"{kind} {size} {each}"] for each in ("ours", who))
            target = 1.0 if who in judged else None
            yield against(f"{kind} of {size} values, {CHANGED} changed", ours, other, "took", "ms", who, target)


def _of_snapshot(runs: Runs) -> Figure:
    what = f"snapshot of {DEVICES * len(ATTRIBUTES)} attributes of {DEVICES} devices, two of them dead"
    return limit(what, runs["snapshot"], "took", "s", SNAPSHOT)
