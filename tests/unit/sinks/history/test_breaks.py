"""A gap begins with the first null and ends with the next value, each once."""

from typing import Any

from WardenServer.results.field import Place
from WardenServer.results.result import Result
from WardenServer.sinks.history.breaks import Breaks, Change, Where


def result(fields: dict[str, Any], time: float, **more: Any) -> Result:
    return Result("a", "K", time, fields, **more)


def test_a_null_begins_a_gap_and_a_value_ends_it() -> None:
    breaks = Breaks()
    assert breaks.look(result({"x": 1.0}, 1)) == []
    assert breaks.look(result({"x": None}, 2, reasons={"x": "no beam"})) == [Change(Where("a", "K", "x"), 2, "no beam")]
    assert breaks.look(result({"x": None}, 3)) == []
    assert breaks.look(result({"x": 2.0}, 4)) == [Change(Where("a", "K", "x"), 4, None)]
    assert breaks.look(result({"x": 2.0}, 5)) == []


def test_an_agent_that_fails_has_one_gap_for_all_fields() -> None:
    breaks = Breaks()
    failed = result({"x": None, "y": None}, 2, error="it fails")
    assert breaks.look(failed) == [Change(Where("a"), 2, "it fails")]
    assert breaks.look(result({"x": None, "y": 1}, 3)) == [
        Change(Where("a"), 3, None), Change(Where("a", "K", "x"), 3, "it has no value"),
    ]  # fmt: skip


def test_whole_documents_have_no_gaps() -> None:
    breaks = Breaks()
    assert breaks.look(result({"x": 1, "y": None}, 1, places={"y": Place("P", "document")})) == []


def test_a_gap_that_an_earlier_hub_left_ends_with_the_first_value() -> None:
    breaks = Breaks()
    breaks.restore({Where("a"): "the agent is gone", Where("b"): "it fails"})
    assert breaks.look(result({"x": 1}, 9)) == [Change(Where("a"), 9, None)]
