"""What clients need to know of every field."""

from pathlib import Path

import pytest

from tests.unit.fake import FakeClock, contract
from WardenServer.hub.field_table import AGAIN, FieldTable
from WardenServer.results.board import HUB_FIELDS, Board
from WardenServer.results.field import Declaration, Kind, Place
from WardenServer.results.result import Result
from WardenServer.results.value import Own, Quality
from WardenServer.sinks.known_fields import KnownFields


class Kit:
    def __init__(self, path: Path) -> None:
        self.clock, self.board = FakeClock(), Board()
        self.known = KnownFields(path, self.clock)
        self.puts: list[Result] = []
        self.board.listen(lambda agent, result: self.puts.append(result) if result and agent == HUB_FIELDS else None)
        self.table = FieldTable(self.known, self.board, "warden.x.fields", self.clock)

    def look(self, *contracts: object) -> dict[str, dict[str, object]]:
        self.table.look({each.name: each for each in contracts})  # type: ignore[attr-defined]
        return self.board.document("warden.x.fields") or {}


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path / "x-fields.json")


RING = contract("ring", {"Current": Declaration({"unit": "mA", "max_alarm": "102.5"})}, key="Petra")


def test_a_field_is_described_before_it_has_a_value_and_with_it(kit: Kit) -> None:
    before = kit.look(RING)["Petra.Current"]
    assert (before["type"], before["quality"]) == (None, "INVALID")
    kit.board.put(Result("ring", "Petra", 1.0, {"Current": 100.5, "gate": None}))
    found = kit.look(RING)
    assert found["Petra.Current"] == {
        "agent": "ring", "key": "Petra", "field": "Current", "attribute": "ring_Current", "type": "float",
        "unit": "mA", "max_alarm": 102.5, "quality": "VALID",
    }  # fmt: skip
    assert found["Petra.gate"]["quality"] == "INVALID"


def test_what_the_source_says_is_shown_and_remembered(kit: Kit, tmp_path: Path) -> None:
    own = {"Current": Own(Quality.WARNING, 1.0, {"unit": "A", "label": "Beam"})}
    kit.board.put(Result("ring", "Petra", 1.0, {"Current": 1.5}, own=own))
    found = kit.look(RING)["Petra.Current"]
    assert (found["unit"], found["label"], found["quality"]) == ("mA", "Beam", "WARNING")
    later = Kit(tmp_path / "x-fields.json").look(RING)["Petra.Current"]
    assert (later["type"], later["label"], later["quality"]) == ("float", "Beam", "INVALID")


def test_whole_documents_have_no_fields_to_show(kit: Kit) -> None:
    places = {"b": Place("ping.b", "document")}
    kit.board.put(Result("ring", "Petra", 1.0, {"Current": 1.5, "b": "{}"}, places=places))
    assert {name for name in kit.look(RING) if name != "timestamp"} == {"Petra.Current"}
    assert "b" not in kit.known.of("ring")


def test_a_kind_that_changes_is_the_one_at_the_next_start(kit: Kit) -> None:
    for value in (5, 5.5, 6):
        kit.board.put(Result("ring", "Petra", 1.0, {"n": value}))
        kit.look(RING)
    assert kit.known.of("ring")["n"].kind == Kind("float")


def test_it_is_put_when_something_has_changed_and_now_and_then(kit: Kit) -> None:
    kit.board.put(Result("ring", "Petra", 1.0, {"Current": 100.5}))
    for _ in range(5):
        kit.look(RING)
    assert len(kit.puts) == 1
    kit.board.put(Result("ring", "Petra", 2.0, {"Current": 101.5}))
    kit.look(RING)
    assert len(kit.puts) == 1, "another value is no change"
    kit.board.put(Result("ring", "Petra", 3.0, {"Current": None}))
    kit.look(RING)
    assert len(kit.puts) == 2
    kit.clock.turn(AGAIN)
    kit.look(RING)
    assert len(kit.puts) == 3
    assert "Petra.Current" not in kit.look(contract("other")), "an agent that has gone has no fields"
