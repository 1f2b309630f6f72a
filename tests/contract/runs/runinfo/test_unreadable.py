"""A run database in which some values cannot be read: they cost only themselves."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from tests.contract.databases import empty
from tests.contract.runs.runinfo.conftest import Open
from tests.contract.runs.runinfo.database import fill, started
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.differ.change import Pair, Unavailable
from WardenServer.plugins.common.runs.runinfo import reading
from WardenServer.plugins.common.runs.runinfo.source import RunInfo
from WardenServer.plugins.common.runs.source import Side

ONE, TWO = Side(1), Side(2)
#: What SQLite and PostgreSQL say.
SAID = "Could not decode to UTF-8|invalid byte sequence"


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that takes bytes of any kind for text. PostgreSQL does so where it knows of no encoding."""
    any_bytes = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with empty(server, tmp_path / "runinfo.db", any_bytes) as made:
        yield f"{made}?client_encoding=utf8" if server else made


def spoil(url: str) -> None:
    """Make values unreadable that are BAD."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
            file.execute("UPDATE runsession_string SET value = CAST(X'FF' AS TEXT) WHERE value = 'BAD'")
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(r"UPDATE runsession_string SET value = E'\xff' WHERE value = 'BAD'")


@pytest.fixture(params=["by name", "whole runs"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FEW", 0 if request.param == "whole runs" else 10**9)


def test_a_value_that_cannot_be_read_costs_only_itself(url: str, source: RunInfo, way: None) -> None:
    fill(url, {
        1: started(HCAL_HF__FM_CONFIG="BAD", HCAL_HO__FM_CONFIG="a", HCAL_HF__THRESHOLD="BAD"),
        2: started(HCAL_HF__FM_CONFIG="x", HCAL_HO__FM_CONFIG="b", HCAL_HF__THRESHOLD="BAD", HCAL_HO__THRESHOLD="BAD"),
    })  # fmt: skip
    spoil(url)
    pairs = list(source.pairs(ONE, TWO))
    assert [(pair.partition, pair.parameter) for pair in pairs] == [
        ("HCAL_HO", "FM_CONFIG"), ("HCAL_HF", "FM_CONFIG"), ("HCAL_HF", "THRESHOLD"), ("HCAL_HO", "THRESHOLD"),
    ]  # fmt: skip
    assert pairs[0] == Pair("HCAL_HO", "FM_CONFIG", "a", "b")
    bad = [value for pair in pairs[1:] for value in (pair.old, pair.new) if isinstance(value, Unavailable)]
    assert len(bad) == 4
    assert all(re.search(SAID, each.reason) and "\n" not in each.reason for each in bad)
    assert (pairs[1].new, pairs[3].old) == ("x", "")


def test_the_past_goes_around_what_cannot_be_read(url: str, source: RunInfo) -> None:
    fill(url, {n: {"HCAL_HF:FM_CONFIG": "BAD" if n == 3 else ["a", "b"]} for n in range(1, 6)})
    spoil(url)
    points = source.past("HCAL_HF", "FM_CONFIG", 4)
    assert [point.run for point in points] == [2, 3, 4, 5]
    assert [point.value for point in points if point.run != 3] == ["a", "a", "a"]
    assert isinstance(points[1].value, Unavailable)


def test_a_run_that_cannot_be_read_is_still_listed(url: str, source: RunInfo) -> None:
    fill(url, {1: started(), 2: started(HCAL_HO__EMPTY_FMS="BAD"), 3: started()})
    spoil(url)
    found = source.newest(3)
    assert [(run.number, run.is_ready) for run in found] == [(3, True), (2, False), (1, True)]
    assert [len(run.partitions) for run in found] == [4, 0, 4]
    assert found[1].note.startswith("cannot be read (")
    assert re.search(SAID, found[1].note)


def test_where_nothing_can_be_read_the_database_is_at_fault(url: str, open_source: Open, way: None) -> None:
    names = [f"P{number}" for number in range(100)]
    fill(url, {1: {f"A:{name}": "BAD" for name in names}})
    spoil(url)
    source = open_source("".join(f"{name} :A\n" for name in names))
    with pytest.raises(Unreachable, match=f"cannot be used .*({SAID}).*; see that .* or correct `database`"):
        source.pairs(ONE, TWO)


def test_a_single_one_is_no_fault_of_the_database(url: str, open_source: Open, way: None) -> None:
    fill(url, {1: started(A__P="BAD"), 2: started(A__P="x")})
    spoil(url)
    (pair,) = open_source("P :A").pairs(ONE, TWO)
    assert isinstance(pair.old, Unavailable)
    assert pair.new == "x"


def test_text_is_text(url: str, source: RunInfo) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG="Ä"), 2: {}})
    assert list(source.pairs(ONE, TWO)) == [Pair("HCAL_HF", "FM_CONFIG", "Ä", "")]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_driver_that_cannot_decode(url: str, open_source: Open, way: None) -> None:
    """Oracle's raises errors of Python; that of SQLite does when it is told to."""
    fill(url, {1: started(A__P="BAD", A__Q="x")})
    spoil(url)
    source = open_source("P :A\nQ :A")
    event.listen(source._place.engine, "connect", lambda file, _: setattr(file, "text_factory", bytes.decode))
    bad, good = source.values(ONE)
    assert isinstance(bad.value, Unavailable)
    assert "codec can't decode" in bad.value.reason
    assert good.value == "x"
