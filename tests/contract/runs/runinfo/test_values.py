"""Values of a run database: which of several counts, what two runs differ in, and the past of a parameter."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from sqlalchemy import insert, text

from tests.contract.runs.runinfo.conftest import Open
from tests.contract.runs.runinfo.database import fill, open_engine, settings, started
from WardenServer.plugins.common.differ.change import Pair
from WardenServer.plugins.common.runs.runinfo import reading
from WardenServer.plugins.common.runs.runinfo.source import RunInfo
from WardenServer.plugins.common.runs.runinfo.tables import MOST, Tables
from WardenServer.plugins.common.runs.source import Phase, Point, Side, Taken

ONE, TWO = Side(1), Side(2)


@pytest.fixture(params=["by name", "whole runs"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to the values give the same."""
    monkeypatch.setattr(reading, "FEW", 0 if request.param == "whole runs" else 10**9)


def test_what_differs_in_the_order_of_the_file(url: str, source: RunInfo, way: None) -> None:
    fill(url, {
        1: started(HCAL_HF__THRESHOLD="5", HCAL_HF__FM_CONFIG="a\nb", HCAL_HO__FM_CONFIG="same"),
        2: started(HCAL_HF__THRESHOLD="7", HCAL_HF__FM_CONFIG="a\nc", HCAL_HO__FM_CONFIG="same", LVL0__HF="Out"),
    })  # fmt: skip
    config, threshold = Pair("HCAL_HF", "FM_CONFIG", "a\nb", "a\nc"), Pair("HCAL_HF", "THRESHOLD", "5", "7")
    assert list(source.pairs(ONE, TWO)) == [config, threshold]
    assert list(source.pairs(TWO, ONE)) == [
        Pair("HCAL_HF", "FM_CONFIG", "a\nc", "a\nb"), Pair("HCAL_HF", "THRESHOLD", "7", "5"),
    ]  # fmt: skip
    assert list(source.pairs(Side(1, Phase.END), Side(2, Phase.WAY))) == [config, threshold]
    assert list(source.pairs(ONE, ONE)) == []


def test_partitions_are_those_that_are_asked_for(url: str, source: RunInfo, way: None) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a", HCAL_HO__FM_CONFIG="a"), 2: started()})
    assert list(source.pairs(ONE, TWO, ["HCAL_HO", "hcal_hf", "%"])) == [Pair("HCAL_HO", "FM_CONFIG", "a", "")]
    assert list(source.pairs(ONE, TWO, [])) == []
    assert source.values(ONE, ["HCAL_HF"]) == [Taken("HCAL_HF", "FM_CONFIG", "a")]


def test_no_value_is_an_empty_one(url: str, source: RunInfo, way: None) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG=None, HCAL_HO__FM_CONFIG="", HCAL_HBHE__FM_CONFIG="a"), 2: started()})
    assert list(source.pairs(ONE, TWO)) == [Pair("HCAL_HBHE", "FM_CONFIG", "a", "")]
    assert source.values(ONE) == [
        Taken("HCAL_HO", "FM_CONFIG", ""), Taken("HCAL_HF", "FM_CONFIG", ""), Taken("HCAL_HBHE", "FM_CONFIG", "a"),
    ]  # fmt: skip


def test_the_smallest_id_counts(url: str, source: RunInfo, way: None) -> None:
    fill(url, {
        1: started(HCAL_HF__FM_CONFIG=["first", "second"], HCAL_HO__FM_CONFIG=[None, "later"]),
        2: started(HCAL_HF__FM_CONFIG=["second", "first"], HCAL_HO__FM_CONFIG="later"),
    })  # fmt: skip
    fill(url, {1: {"HCAL_HF:FM_CONFIG": "third"}})
    first, later = Pair("HCAL_HF", "FM_CONFIG", "first", "second"), Pair("HCAL_HO", "FM_CONFIG", "", "later")
    assert list(source.pairs(ONE, TWO)) == [later, first]
    assert [point.value for point in source.past("HCAL_HF", "FM_CONFIG", 5)] == ["first", "second"]
    assert [point.value for point in source.past("HCAL_HO", "FM_CONFIG", 5)] == ["", "later"]


def test_a_parameter_with_two_texts_has_the_same_value_each_time(url: str, source: RunInfo, way: None) -> None:
    engine = open_engine(url)
    tables = Tables("", engine.dialect.name)
    fill(url, {1: started(), 2: started()})
    with engine.begin() as connection:
        for number, run, texts in ((10001, 1, "ab"), (10002, 2, "ba")):
            row = {"id": number, "runnumber": run, "name": "CMS.HCAL_HF:FM_CONFIG"}
            connection.execute(insert(tables.parameters), row)
            connection.execute(insert(tables.strings), [{"runsession_parameter_id": number, "value": v} for v in texts])
    engine.dispose()
    assert list(source.pairs(ONE, TWO)) == []
    assert [point.value for point in source.past("HCAL_HF", "FM_CONFIG", 5)] == ["a", "a"]


def test_runs_that_are_not_there(url: str, source: RunInfo, way: None) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a")})
    for nowhere in (0, -1, 2, 10**40):
        assert list(source.pairs(ONE, Side(nowhere))) == [Pair("HCAL_HF", "FM_CONFIG", "a", "")]
        assert source.values(Side(nowhere)) == []


def test_partitions_known_for_runs(url: str, source: RunInfo, way: None) -> None:
    fill(url, {
        1: started(HCAL_HF__FM_CONFIG="a", HCAL_Laser__THRESHOLD="not compared"), 2: started(HCAL_HBHE__FM_CONFIG="b"),
    })  # fmt: skip
    assert source.partitions(iter([1, 2, 3])) == ["HCAL_HBHE", "HCAL_HF"]
    assert source.partitions([1]) == ["HCAL_HF"]
    assert source.partitions([]) == []


def test_a_partition_that_only_the_last_of_many_parameters_shows(url: str, open_source: Open, way: None) -> None:
    fill(url, {1: started(A__P0="1", B__LAST="2")})
    lines = "".join(f"P{number} :A B\n" for number in range(MOST + 5))
    assert open_source(f"{lines}LAST :B\n").partitions([1]) == ["A", "B"]


def test_more_names_than_one_statement_takes(url: str, open_source: Open, way: None) -> None:
    names = [f"P{number}" for number in range(2 * MOST + 1)]
    fill(url, {1: {f"A:{name}": "1" for name in names}, 2: {f"A:{name}": "2" for name in names}})
    found = open_source("".join(f"{name} :A\n" for name in names)).pairs(ONE, TWO)
    assert [pair.parameter for pair in found] == names


def test_more_doubles_than_one_statement_takes(url: str, open_source: Open, way: None) -> None:
    names = [f"P{number}" for number in range(MOST + 1)]
    fill(url, {1: {f"A:{name}": ["1", "2"] for name in names}})
    assert {taken.value for taken in open_source("".join(f"{name} :A\n" for name in names)).values(ONE)} == {"1"}


STRANGE = ["A%", "A_", "Ä", "名", "'--", '"', "\\", "a" * 400, ":x", "%(a)s", "{a}", "<b>"]


def test_names_that_mean_something_elsewhere(url: str, open_source: Open, way: None) -> None:
    fill(url, {1: {f"P%:{name}": "1" for name in STRANGE} | {"P%:Ax": "1"}, 2: {}})
    # a name begins before the first colon
    wanted = [name for name in STRANGE if not name.startswith(":")]
    source = open_source("".join(f"{name} :P%\n" for name in wanted))
    assert [pair.parameter for pair in source.pairs(ONE, TWO)] == wanted
    assert source.partitions([1]) == ["P%"]
    for name in wanted:
        assert source.past("P%", name, 3) == [Point(1, Phase.START, None, "1")]


def test_a_large_value(url: str, source: RunInfo, way: None) -> None:
    large = "crate 20 {\n  threshold 5\n}\n" * 40_000
    fill(url, {1: started(HCAL_HF__FM_CONFIG=large), 2: started(HCAL_HF__FM_CONFIG=large + "\tÄ✓𝄞 <b>`")})
    assert list(source.pairs(ONE, TWO)) == [Pair("HCAL_HF", "FM_CONFIG", large, large + "\tÄ✓𝄞 <b>`")]


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=some.lists(some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2))
def test_any_text_comes_back_as_it_is(url: str, source: RunInfo, values: list[str]) -> None:
    fill(url, {})
    run = max((found.number for found in source.newest(1)), default=0) + 1
    fill(url, {run: started(HCAL_HF__FM_CONFIG=values)})
    assert [taken.value for taken in source.values(Side(run))] == [values[0]]


def test_a_value_with_nul_in_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nul.db'}"
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a\0b"), 2: started(HCAL_HF__FM_CONFIG="a\0c")})
    source = RunInfo(settings(url, tmp_path / "file"))
    assert list(source.pairs(ONE, TWO)) == [Pair("HCAL_HF", "FM_CONFIG", "a\0b", "a\0c")]


def test_values_of_other_types_in_sqlite(tmp_path: Path, way: None) -> None:
    """SQLite keeps what it is given; 5 and "5" are the same text."""
    url = f"sqlite:///{tmp_path / 'types.db'}"
    values = {"HCAL_HF:THRESHOLD": "5", "HCAL_HO:THRESHOLD": "5", "HCAL_HF:FM_CONFIG": "x"}
    fill(url, {1: values, 2: values})
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE other (runsession_parameter_id, value)"))
        connection.execute(text("INSERT INTO other SELECT * FROM runsession_string"))
        connection.execute(text("DROP TABLE runsession_string"))
        connection.execute(text("ALTER TABLE other RENAME TO runsession_string"))
        said = "UPDATE runsession_string SET value = {} WHERE runsession_parameter_id = {}"
        for value, number in (("5", 1), ("6.5", 2), ("X'C384FF'", 3)):
            connection.execute(text(said.format(value, number)))
    engine.dispose()
    found = list(RunInfo(settings(url, tmp_path / "file")).pairs(ONE, TWO))
    assert found == [Pair("HCAL_HF", "FM_CONFIG", "Ä\ufffd", "x"), Pair("HCAL_HO", "THRESHOLD", "6.5", "5")]


def test_parameters_that_are_compared(source: RunInfo) -> None:
    assert source.parameters("hf:", 10) == [("HCAL_HF", "FM_CONFIG"), ("HCAL_HF", "THRESHOLD")]
    assert source.parameters("Threshold", 10) == [("HCAL_HF", "THRESHOLD"), ("HCAL_HO", "THRESHOLD")]
    assert len(source.parameters("", 3)) == 3
    assert source.parameters("", -1) == source.parameters("%", 10) == source.parameters("\0", 10) == []


def test_the_past_of_a_parameter(url: str, source: RunInfo) -> None:
    fill(url, {n: {"HCAL_HF:FM_CONFIG": f"v{n}", "HCAL_HO:FM_CONFIG": "other"} for n in (5, 30, 4, 6)} | {7: started()})
    points = [Point(n, Phase.START, None, f"v{n}") for n in (4, 5, 6, 30)]
    assert source.past("HCAL_HF", "FM_CONFIG", 10) == points
    assert source.past("HCAL_HF", "FM_CONFIG", 2) == points[2:]
    assert source.past("HCAL_HF", "FM_CONFIG", 0) == []


@pytest.mark.parametrize("name", ["fm_config", "FM_CONFIG\0", "\ud800", "", "%", "EMPTY_FMS"])
def test_a_parameter_that_is_not_compared_has_no_past(url: str, source: RunInfo, name: str) -> None:
    fill(url, {1: started(HCAL_HF__FM_CONFIG="a", HCAL_HF__EMPTY_FMS="[]")})
    assert source.past("HCAL_HF", name, 10) == []


def test_the_file_counts_as_it_is_now(url: str, source: RunInfo, tmp_path: Path) -> None:
    fill(url, {1: started(HCAL_HF__NEW="a"), 2: started()})
    assert list(source.pairs(ONE, TWO)) == []
    (tmp_path / "diffed_parameters.txt").write_text("NEW :HCAL_HF\n")
    assert list(source.pairs(ONE, TWO)) == [Pair("HCAL_HF", "NEW", "a", "")]
    assert [run.partitions for run in source.newest(1)] == [("HCAL_HF",)]
