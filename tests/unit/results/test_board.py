"""The board: newest wins, documents merge, a field belongs to one agent."""

import json

import pytest

from WardenServer.errors import FieldError
from WardenServer.results.board import Board
from WardenServer.results.field import Place
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


def test_one_result_fills_many_documents_some_of_them_whole() -> None:
    board = Board()
    places = {"a_loss": Place("ping.a", name="loss"), "b": Place("ping.b", form="document")}
    whole = '{"loss": 2.5, "state": "silent", "timestamp": 1.0}'
    put(board, "ping", {"hosts": 2, "a_loss": 0.5, "b": whole}, key="ping", places=places)
    assert board.document("ping") == {"hosts": 2, "timestamp": 1.0}
    assert board.document("ping.a") == {"loss": 0.5, "timestamp": 1.0}
    assert json.loads(board.as_read("ping.b") or "") == json.loads(whole)
    put(board, "other", {"loss": 1}, key="ping.c")
    put(board, "ping", {"hosts": 1, "a_loss": 0.25}, 2.0, key="ping", places={"a_loss": places["a_loss"]})
    assert board.document("ping.a") == {"loss": 0.25, "timestamp": 2.0}
    assert sorted(board.keys()) == ["ping", "ping.a", "ping.c"]
    with pytest.raises(FieldError, match="filled by agent ping already"):
        put(board, "third", {"value": 1}, key="ping.a", places={"value": Place("ping.a", form="int")})


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
