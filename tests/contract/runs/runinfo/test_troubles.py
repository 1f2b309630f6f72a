"""A run database that is away, slow, or not to be written to."""

import re
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.contract.runs.runinfo.conftest import Open
from tests.contract.runs.runinfo.database import fill, open_engine, settings, started
from tests.system.postgresql import PostgreSQL
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.runs.runinfo import connecting
from WardenServer.plugins.common.runs.runinfo.source import RunInfo
from WardenServer.plugins.common.runs.source import Run, Side

ONE, TWO = Side(1), Side(2)
SAID = "the run database .* cannot be used .*; see that .* or correct `database` in"
#: What raises Unreachable.
CALLS: list[Callable[[RunInfo], object]] = [
    lambda source: source.newest(1), lambda source: source.after(1, 1), lambda source: source.run(1),
    lambda source: source.partitions([1]), lambda source: source.pairs(ONE, TWO),
    lambda source: source.values(ONE), lambda source: source.past("HCAL_HF", "FM_CONFIG", 1),
]  # fmt: skip


def change(url: str, *statements: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))
    engine.dispose()


# -- away


@pytest.mark.parametrize("call", CALLS)
def test_tables_that_are_not_there(url: str, source: RunInfo, call: Callable[[RunInfo], object]) -> None:
    if url.startswith("sqlite"):
        sqlite3.connect(url.removeprefix("sqlite:///")).close()
        change(url, "CREATE TABLE other (id INTEGER)")
    with pytest.raises(Unreachable, match=SAID) as caught:
        call(source)
    assert "runsession_" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_is_missing_is_not_made(tmp_path: Path, call: Callable[[RunInfo], object]) -> None:
    missing = tmp_path / "missing.db"
    source = RunInfo(settings(f"sqlite:///{missing}", tmp_path / "file"))
    with pytest.raises(Unreachable, match=f"the run database {missing} cannot be used .*; see that the file can be"):
        call(source)
    assert not missing.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    for content in ("no database, but a text that is long enough to be looked at" * 100, ""):
        file.write_text(content)
        with pytest.raises(Unreachable, match=SAID):
            RunInfo(settings(f"sqlite:///{file}", tmp_path / "file")).newest(1)


def test_a_file_that_takes_the_place_of_another_is_noticed(tmp_path: Path) -> None:
    file, other = tmp_path / "runs #1 ä.db", tmp_path / "other.db"
    source = RunInfo(settings(f"sqlite:///{file}", tmp_path / "file"))
    for number in (1, 2):
        with pytest.raises(Unreachable):
            source.newest(1)
        fill(f"sqlite:///{other}", {number: started()})
        other.replace(file)
        assert [run.number for run in source.newest(1)] == [number]
        file.unlink()


@pytest.fixture(params=["postgresql", "oracle"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Of a server, but for its port."""
    return {
        "postgresql": "postgresql://u:very-secret@127.0.0.1:{}/runs",
        "oracle": "oracle+oracledb://u:very-secret@127.0.0.1:{}/?service_name=RUNS",
    }[request.param]


@pytest.fixture
def port() -> Iterator[socket.socket]:
    """A port that is taken, but nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held


def test_a_server_that_is_not_there(server_url: str, port: socket.socket, tmp_path: Path) -> None:
    with closing(RunInfo(settings(server_url.format(port.getsockname()[1]), tmp_path / "file"))) as source:
        said = set()
        for _ in range(2):
            with pytest.raises(Unreachable, match=SAID) as caught:
                source.newest(1)
            said.add(str(caught.value))
    assert len(said) == 1
    assert re.search("refused|Connect call failed", said.pop())


def test_a_server_that_takes_us_and_says_nothing(
    server_url: str, port: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting.sql, "CONNECT", 2)  # seconds; psycopg takes no less
    port.listen()
    source = RunInfo(settings(server_url.format(port.getsockname()[1]), tmp_path / "file"))
    with closing(source), pytest.raises(Unreachable, match=SAID) as caught:
        source.newest(1)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_server_that_cuts_connections_is_asked_anew(url: str, source: RunInfo, postgresql: PostgreSQL) -> None:
    fill(url, {1: started()})
    assert len(source.newest(1)) == 1
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.rpartition("/")[2],)
        )
    assert len(source.newest(1)) == 1


# -- slow, or held by others


def test_a_statement_has_a_limit(url: str, open_source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "STATEMENT", 0.2)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    fill(url, {})
    source = open_source()
    with pytest.raises(Unreachable, match=r"interrupted|statement timeout"), source._reading() as connection:
        connection.execute(text(endless))


def test_many_threads(url: str, source: RunInfo) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a"), 2: started(HCAL_HF__FM_CONFIG="b")})
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: (list(source.pairs(ONE, TWO)), source.newest(5)), range(24)))
    assert all(each == found[0] for each in found)


# -- only read


def test_nothing_can_be_written(url: str, source: RunInfo) -> None:
    fill(url, {1: started()})
    for words in ("DELETE FROM runsession_string", "CREATE TABLE mine (id INTEGER)"):
        with pytest.raises(Unreachable, match=r"read.?only"), source._reading() as connection:
            connection.execute(text(words))
    assert source.run(1) == Run(1, partitions=("HCAL_HO", "HCAL_HF", "HCAL_HBHE", "HCAL_Laser"))


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "base" / "runs.db"
    file.parent.mkdir()
    fill(f"sqlite:///{file}", {1: started()})
    file.chmod(stat.S_IRUSR)
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert len(RunInfo(settings(f"sqlite:///{file}", tmp_path / "file")).newest(1)) == 1
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_another_writes_to(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    fill(f"sqlite:///{file}", {1: started()})
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM runsession_string")
        source = RunInfo(settings(f"sqlite:///{file}", tmp_path / "file"))
        assert len(source.newest(1)) == 1
        writer.execute("COMMIT")
        assert source.newest(1) == []


def test_a_schema(url: str, open_source: Open) -> None:
    schema = "main" if url.startswith("sqlite") else "cms_hcl_runinfo"
    if schema != "main":
        change(url, f"CREATE SCHEMA {schema}")
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a")}, schema)
    source = open_source(schema=schema)
    assert [run.number for run in source.newest(5)] == [1]
    assert [each.value for each in source.values(ONE)] == ["a"]
    assert len(source.past("HCAL_HF", "FM_CONFIG", 3)) == 1
