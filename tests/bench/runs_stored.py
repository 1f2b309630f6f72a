"""Two stored runs compared: our own ones, and those of a run database of others, in SQLite and in PostgreSQL.

Beside it, both runs are fetched by the database's own driver, as dictionaries of texts by name, and these are compared.
For our own runs that is done from one plain table, without the parameters and long texts that ours keeps elsewhere.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figure import Run
from tests.bench.runs_driver import Driver, database
from tests.bench.timing import repeat
from WardenServer.errors import WardenError
from WardenServer.plugins.common.runs import configuration, recording
from WardenServer.plugins.common.runs.opening import open_source, open_store
from WardenServer.plugins.common.runs.source import Phase, Side, Snapshot, Source, Taken

OLD, NEW = 1001, 1002
_PARTITIONS = ("HCAL_HO", "HCAL_HF", "HCAL_HBHE", "HCAL_Laser")
_PLAIN = "CREATE TABLE plain (run BIGINT, name TEXT, value TEXT, PRIMARY KEY (run, name))"
_FOREIGN = (
    "CREATE TABLE runsession_parameter (id BIGINT PRIMARY KEY, runnumber BIGINT, name VARCHAR(512))",
    "CREATE TABLE runsession_string (runsession_parameter_id BIGINT, value TEXT)",
    "CREATE INDEX bench_run ON runsession_parameter (runnumber)",
    "CREATE INDEX bench_name ON runsession_parameter (name)",
    "CREATE INDEX bench_string ON runsession_string (runsession_parameter_id)",
)
_FETCH = {
    "own": "SELECT name, value FROM plain WHERE run = {}",
    "foreign": "SELECT name, value FROM runsession_parameter JOIN runsession_string ON runsession_parameter_id = id "
    "WHERE runnumber = {}",
}


def compare(folder: Path, kind: str, bare: bool, postgresql: bool, number: int, changed: int, times: int) -> Run:
    """Milliseconds to compare two runs with so many values, of which so many changed: by ours, or bare.

    Both ways must find the same.
    """
    with (
        database(folder, postgresql) as url,
        closing(Driver(url)) as driver,
        _SOURCES[kind](folder, url, driver, number, changed) as source,
    ):
        driver.settle()
        _check(_ours(source), _bare(driver, kind), kind, changed)
        action = (lambda _: _bare(driver, kind)) if bare else (lambda _: _ours(source))
        return repeat(times, int, action)


def _ours(source: Source) -> list[Any]:
    return list(source.pairs(Side(OLD), Side(NEW)))


def _bare(driver: Driver, kind: str) -> list[tuple[str, str | None, str | None]]:
    """Name, old and new text of what differs."""
    old, new = (dict(driver.fetch(_FETCH[kind].format(run))) for run in (OLD, NEW))
    return [(name, old.get(name), new.get(name)) for name in old.keys() | new.keys() if old.get(name) != new.get(name)]


def _check(ours: list[Any], bare: list[Any], kind: str, changed: int) -> None:
    """Raises WardenError where one has found what the other has not."""
    name, text = (_own_name, json.dumps) if kind == "own" else (_foreign_name, str)
    mine = sorted((name(pair.partition, pair.parameter), text(pair.old), text(pair.new)) for pair in ours)
    if mine != sorted(bare) or len(mine) != changed:
        found = f"{len(mine)} and {len(bare)}"
        raise WardenError(f"of {changed} changes, ours and the bare driver have found {found}; nothing is compared")


# -- the runs


@contextmanager
def _own(folder: Path, url: str, driver: Driver, number: int, changed: int) -> Iterator[Source]:
    """A hub's own runs, in our store and in a plain table."""
    table = {"hub": "bench", "folder": str(folder), "url": url, "documents": ["Petra"]}
    runs = configuration.read(table)
    driver.execute(_PLAIN)
    with closing(open_store(runs)) as store:
        for run in (OLD, NEW):
            taken = [Taken(*_place(at), _value(at, _is_changed(run, at, number, changed)), 1.5) for at in range(number)]
            driver.fill("plain", [(run, _own_name(each.partition, each.parameter), json.dumps(each.value))
                                  for each in taken])  # fmt: skip
            recording.begin(store, "bench", run, float(run), "the benchmark")
            recording.add(store, "bench", Snapshot(run, Phase.START, float(run), taken))
        with closing(open_source(runs, store)) as source:
            yield source


@contextmanager
def _foreign(folder: Path, url: str, driver: Driver, number: int, changed: int) -> Iterator[Source]:
    """Runs in the two tables of CMS."""
    names = [f"PARAMETER_{each:06}" for each in range(-(-number // len(_PARTITIONS)))]
    file = folder / "parameters.txt"
    file.write_text("".join(f"{name} :{' '.join(_PARTITIONS)}\n" for name in names), encoding="utf-8")
    driver.execute(*_FOREIGN)
    for run in (OLD, NEW):
        rows = [(run * number + at, run, _foreign_name(_PARTITIONS[at % 4], names[at // 4])) for at in range(number)]
        driver.fill("runsession_parameter", rows)
        driver.fill("runsession_string", [(row[0], str(_value(at, _is_changed(run, at, number, changed))))
                                          for at, row in enumerate(rows)])  # fmt: skip
    runs = configuration.read({"hub": "bench", "folder": str(folder), "database": url, "parameters": str(file)})
    with closing(open_store(runs)) as store, closing(open_source(runs, store)) as source:
        yield source


_SOURCES: dict[str, Callable[[Path, str, Driver, int, int], AbstractContextManager[Source]]] = {
    "own": _own, "foreign": _foreign,
}  # fmt: skip


def _is_changed(run: int, at: int, number: int, changed: int) -> bool:
    """Of the newer run some, from everywhere."""
    return run == NEW and at * changed // number != (at - 1) * changed // number


def _value(at: int, is_changed: bool) -> Any:
    """Three numbers and a text in turn; equal ones have the same JSON everywhere."""
    number = at + 0.25 + is_changed
    return f"state {number}" if at % 4 == 3 else number


def _place(at: int) -> tuple[str, str]:
    """A hundred parameters of each device."""
    return f"p02/motor/eh1.{at // 100:04}", f"Parameter{at % 100:02}"


def _own_name(partition: str, parameter: str) -> str:
    return f"{partition}:{parameter}"


def _foreign_name(partition: str, parameter: str) -> str:
    return f"CMS.{partition}:{parameter}"
