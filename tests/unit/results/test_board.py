"""The board: newest wins, documents merge, a field belongs to one agent."""

import pytest

from WardenServer.errors import FieldError
from WardenServer.results.board import Board
from WardenServer.results.result import Result


def put(
    board: Board, agent: str, fields: dict[str, object], stamp: float = 1.0, key: str = "ring", **rest: object
) -> None:
    board.put(Result(agent, key, stamp, fields, **rest))  # type: ignore[arg-type]


def test_the_newest_result_of_an_agent_is_the_document() -> None:
    board = Board()
    put(board, "a", {"x": 1, "y": 2}, 1.0)
    put(board, "a", {"x": 3}, 2.0)
    assert board.document("ring") == {"x": 3, "timestamp": 2.0}


def test_agents_with_one_key_fill_one_document() -> None:
    board = Board()
    put(board, "a", {"x": 1}, 1.0)
    put(board, "b", {"y": None}, 5.0, error="broken")
    assert board.document("ring") == {"x": 1, "y": None, "timestamp": 5.0, "error": "b: broken"}


def test_a_field_that_another_agent_fills_is_refused_and_stays_whose_it_was() -> None:
    board = Board()
    put(board, "a", {"x": 1})
    with pytest.raises(FieldError, match='field "x" of document ring is filled by agent a already'):
        put(board, "b", {"x": 2})
    put(board, "b", {"x": None}, error="refused")
    put(board, "a", {"x": 3})
    document = board.document("ring")
    assert document is not None
    assert document["x"] == 3
    assert document["error"] == "b: refused"


def test_when_the_owner_is_gone_another_may_fill_the_field() -> None:
    board = Board()
    put(board, "a", {"x": 1})
    board.remove("a")
    put(board, "b", {"x": 2})
    assert board.document("ring") == {"x": 2, "timestamp": 1.0}


def test_reasons_of_nulls() -> None:
    board = Board()
    put(board, "a", {"x": None, "y": None}, reasons={"x": "shut", "y": "shut"})
    assert board.document("ring") == {"x": None, "y": None, "timestamp": 1.0, "reason": "shut"}
    put(board, "a", {"x": None, "y": 1}, reasons={"x": "shut"})
    assert board.document("ring") == {"x": None, "y": 1, "timestamp": 1.0, "reason": "x: shut"}


def test_listeners_hear_of_every_change_and_of_removal() -> None:
    board, heard = Board(), list[tuple[str, object]]()
    board.listen(lambda agent, result: heard.append((agent, result and result.fields)))
    put(board, "a", {"x": 1})
    board.remove("a")
    assert heard == [("a", {"x": 1}), ("a", None)]
    assert board.document("ring") is None
    assert board.keys() == []
