from typing import Any

import pytest

from WardenServer.hub.runs.documents import absent, chosen, have_come, of_board, of_document
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.source import Taken
from WardenServer.results.board import HUB, HUB_FIELDS, Board
from WardenServer.results.result import Result
from WardenServer.results.value import Own, Quality

KEYS = ["Petra", "P022.a", "warden.x", "warden.x.fields", "warden.x.alarms", "runs", "warden.other"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["Petra", "P022.a", "warden.other"]),
        (["P022.*"], ["P022.a"]),
        (["warden.x", "runs"], ["warden.x", "runs"]),
        (["petra"], []),
        (["P*", "Petra"], ["Petra", "P022.a"]),
        ([], []),
    ],
)
def test_the_hubs_own_documents_are_chosen_by_name_only(patterns: list[str], expected: list[str]) -> None:
    assert chosen(KEYS, patterns, "warden.x") == expected


def fields(**entries: str) -> Result:
    """The hub's document about fields: KEY__FIELD = AGENT."""
    table: dict[str, Any] = {}
    for place, agent in entries.items():
        key, name = place.split("__")
        table[f"{key}.{name}"] = {"agent": agent, "key": key, "field": name}
    return Result(HUB_FIELDS, "warden.x.fields", 9.0, table)


def test_fields_have_their_own_time_and_quality() -> None:
    board = Board()
    own = {"b": Own(Quality.ALARM, 5.0)}
    board.put(Result("ring", "Petra", 7.0, {"a": 1.5, "b": 2}, own=own))
    board.put(Result(HUB, "warden.x", 7.0, {"ticks": 1}))
    assert of_board(board, ["*"], "warden.x") == [
        Taken("Petra", "a", 1.5, 7.0), Taken("Petra", "b", 2, 5.0, "ALARM"),
    ]  # fmt: skip


def test_what_has_no_value_is_unavailable_with_the_reason() -> None:
    board = Board()
    board.put(Result("ring", "Petra", 7.0, {"a": None, "b": None}, reasons={"a": "sensor broken"}))
    board.put(Result("vac", "Vacuum", 7.0, {"p": None}, error="ValueError: bad"))
    reasons = {each.parameter: each.value for each in of_board(board, ["*"], "warden.x")}
    assert reasons == {
        "a": Unavailable("sensor broken"), "b": Unavailable("it has no value"), "p": Unavailable("ValueError: bad"),
    }  # fmt: skip


def test_of_two_agents_with_a_field_the_one_that_has_a_value_counts() -> None:
    board = Board()
    board.put(Result("one", "Petra", 7.0, {"a": 3, "b": 1}))
    board.put(Result("two", "Petra", 8.0, {"a": None}))
    assert {each.parameter: each.value for each in of_board(board, ["Petra"], "warden.x")} == {"a": 3, "b": 1}


def test_known_fields_of_agents_that_fail_or_have_not_run_are_unavailable_others_are_gone() -> None:
    board = Board()
    board.put(fields(Petra__a="ring", Petra__gone="ring", Vacuum__p="vac", Later__x="later", Other__y="later"))
    board.put(Result("ring", "Petra", 7.0, {"a": 1}))
    board.put(Result("vac", "Vacuum", 7.0, {}, error="it fails"))
    found = {(each.partition, each.parameter): each.value for each in of_board(board, ["[PVL]*"], "warden.x")}
    assert found == {
        ("Petra", "a"): 1,
        ("Vacuum", "p"): Unavailable("it fails"),
        ("Later", "x"): Unavailable("agent later has not run yet"),
    }


def test_it_is_known_whether_all_agents_have_come() -> None:
    board = Board()
    assert have_come(board, [], "warden.x")
    assert not have_come(board, ["Petra"], "warden.x")
    board.put(fields(Petra__a="ring", Other__y="later"))
    assert not have_come(board, ["Petra"], "warden.x")
    board.put(Result("ring", "Petra", 7.0, {}, error="it fails"))
    assert have_come(board, ["Petra"], "warden.x")


def test_a_document_of_memcached_is_as_that_of_the_board() -> None:
    document = {"a": 1, "b": None, "timestamp": 7, "reason": "b: broken"}
    assert of_document("Petra", document) == [
        Taken("Petra", "a", 1, 7.0), Taken("Petra", "b", Unavailable("b: broken"), 7.0),
    ]  # fmt: skip
    assert of_document("Petra", {"a": None, "error": "it fails", "timestamp": "?"}) == [
        Taken("Petra", "a", Unavailable("it fails"), None)
    ]
    assert of_document("plain", 3) == [Taken("plain", "value", 3)]


def test_entries_that_mean_nothing_are_left_out() -> None:
    assert absent({"a": 3}, [], ["*"], "warden.x", lambda entry: "away") == []
