"""What the attribute sink pushes, and what it does when a push fails; with a device that only takes notes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tango

from tests.unit.fake import contract
from WardenServer.results.board import HUB, Board
from WardenServer.results.field import Declaration, Kind, Place
from WardenServer.results.result import Result
from WardenServer.results.value import Own, Quality
from WardenServer.servers.subscribers import Subscribers
from WardenServer.servers.tango_values import invalid, same, to_tango
from WardenServer.sinks.attributes.sink import FIXED, Attributes
from WardenServer.sinks.known_fields import KnownFields

VALID = tango.AttrQuality.ATTR_VALID
ABOUT = {
    "tick": 0.1, "agents": {}, "ticks": 1, "missed": 0, "lateness_p99": 0.0, "memcached_ok": True,
}  # fmt: skip


class Host:
    """The device, as far as the sink sees it."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, Any, Any]] = []
        self.made: list[str] = []
        self.said: dict[str, dict[str, Any]] = {}
        self.subscribed = {tango.EventType.CHANGE_EVENT}
        self.refuses = False
        self.has_database = True

    def obstacle(self) -> str:
        return "" if self.has_database else "the Tango database is away"

    def await_start(self) -> None: ...

    def add_attribute(self, attr: Any) -> None:
        self.made.append(attr.attr_name)
        self.said[attr.attr_name] = attr._kwargs

    def set_change_event(self, name: str, implemented: bool, detect: bool) -> None: ...

    def set_archive_event(self, name: str, implemented: bool, detect: bool) -> None: ...

    def push_change_event(self, name: str, value: Any, stamp: float, quality: Any) -> None:
        self.pushed.append((name, value, quality))
        if self.refuses:
            tango.Except.throw_exception("API_CommandTimedOut", "held by a client", "test")

    def push_archive_event(self, name: str, value: Any, stamp: float, quality: Any) -> None:
        self.pushed.append((f"{name} to be archived", value, quality))

    def is_there_subscriber(self, name: str, event: tango.EventType) -> bool:
        return event in self.subscribed

    def read_field(self, attr: Any) -> Any: ...

    def publish_state(self) -> None:
        if self.refuses:
            tango.Except.throw_exception("API_CommandTimedOut", "held by a client", "test")

    def of(self, name: str) -> list[Any]:
        return [value for pushed, value, _ in self.pushed if pushed == name]


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def board() -> Board:
    board = Board()
    board.put(Result(HUB, "warden.local", 1.0, ABOUT))
    return board


@pytest.fixture
def sink(host: Host, board: Board, tmp_path: Path) -> Attributes:
    """Attached, and driven by the test: no thread."""
    made = Attributes(host, KnownFields(tmp_path / "fields.json"))
    made.open(board)
    return made


def test_only_changes_are_pushed_and_the_newest_can_be_read(sink: Attributes, host: Host, board: Board) -> None:
    for stamp, value in ((1.0, 5), (2.0, 5), (3.0, 6)):
        board.put(Result("a", "a", stamp, {"x": value}))
        sink.publish(["a"])
    assert host.of("a_x") == [5, 6]
    assert sink.values["a_x"] == (6, 3.0, VALID)


def test_whole_documents_are_no_attributes(sink: Attributes, host: Host, board: Board) -> None:
    place = Place("ping.b", "document")
    sink.declare(contract("a", {"b": Declaration(kind=Kind("str"), place=place)}))
    board.put(Result("a", "a", 1.0, {"x": 1, "b": "{}", "c": "{}"}, places={"b": place, "c": place._replace(key="c")}))
    sink.publish(["a"])
    assert {name for name in host.made if name.startswith("a_")} == {"a_x"}


def test_an_event_is_pushed_where_somebody_wants_it(sink: Attributes, host: Host, board: Board) -> None:
    change, archive = tango.EventType.CHANGE_EVENT, tango.EventType.ARCHIVE_EVENT
    for value, wanted in enumerate((set[Any](), {change}, {archive}, {change, archive}, set[Any]())):
        host.subscribed = wanted
        board.put(Result("a", "a", 1.0, {"x": value}))
        sink.publish(["a"])
        assert sink.values["a_x"][0] == value, "whoever subscribes reads it"
    assert host.of("a_x") == [1, 3]
    assert host.of("a_x to be archived") == [2, 3]


def test_a_push_that_fails_is_tried_again_with_the_hub_s_document_and_not_at_once(
    sink: Attributes, host: Host, board: Board
) -> None:
    host.refuses = True
    board.put(Result("a", "a", 1.0, {"x": 5}))
    sink._new.clear()
    sink.publish(["a"])
    assert host.of("a_x") == [5]
    assert sink._new == {}, "a push that fails must not wake the thread again and again"
    host.refuses = False
    sink.publish([HUB])
    assert host.of("a_x") == [5, 5]
    sink.publish([HUB])
    assert host.of("a_x") == [5, 5]


def test_attributes_that_could_not_be_made_are_made_when_the_database_is_back(
    sink: Attributes, host: Host, board: Board
) -> None:
    host.has_database = False
    board.put(Result("a", "a", 1.0, {"x": 5}))
    sink.publish(["a", HUB])
    assert host.made == []
    assert "the Tango database is away" in sink.problems["a_x"]
    host.has_database = True
    sink.publish([HUB])  # the agent's next result may be a day away
    assert set(host.made) == {"a_x", *FIXED}
    assert sink.problems == {}


def test_a_type_that_changes_is_a_problem_while_it_lasts(sink: Attributes, host: Host, board: Board) -> None:
    for value, quality, problems in ((5, VALID, 0), (5.5, tango.AttrQuality.ATTR_INVALID, 1), (6, VALID, 0)):
        board.put(Result("a", "a", 1.0, {"x": value}))
        sink.publish(["a"])
        assert sink.values["a_x"][2] == quality
        assert len(sink.problems) == problems


def test_an_agent_that_is_gone_is_invalid(sink: Attributes, host: Host, board: Board) -> None:
    board.put(Result("a", "a", 1.0, {"x": 5}))
    sink.publish(["a"])
    board.remove("a")
    sink.publish(["a"])
    assert sink.values["a_x"][2] == tango.AttrQuality.ATTR_INVALID


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (1, 1, True), (1, 2, False), (float("nan"), float("nan"), True), ("a", "a", True), ([], [], True),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True), (np.array([1]), np.array([1, 2]), False),
    ],
)  # fmt: skip
def test_readings_that_say_the_same(one: Any, other: Any, alike: bool) -> None:
    assert same((one, 1.0, VALID), (other, 2.0, VALID)) is alike
    assert not same((one, 1.0, VALID), invalid(Kind("int"), 1.0))


def test_text_as_tango_can_carry_it() -> None:
    assert to_tango(np.array([["a", "温"]]), Kind("str", 2)) == [["a", "Wen"]]


def test_the_log_says_what_is_shown_in_other_words(
    sink: Attributes, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sink._make("a", "R", Kind("float"), {})
    assert "shown as" not in caplog.text
    sink._said["a"] = {"Z": Declaration({"unit": "kΩ"})}
    sink._make("a", "Z", Kind("float"), {})
    assert 'attribute a_Z: its unit "kΩ" is shown as "kOhm" in Tango, which has Latin-1 only' in caplog.text


def test_events_of_the_state_that_come_late_hold_up_nothing_else(sink: Attributes, host: Host) -> None:
    sink.publish([HUB])
    host.pushed.clear()
    host.refuses = True
    sink._pushed.clear()
    sink.publish([HUB])
    assert set(FIXED) == {name for name, _, _ in host.pushed}, "all were tried"


def test_a_large_event_waits_while_data_for_a_client_do(sink: Attributes, host: Host, board: Board) -> None:
    class Behind(Subscribers):
        def behind(self) -> bool:
            return True

    board.put(Result("a", "a", 1.0, {"small": 1.0, "large": np.zeros(2048)}))
    free, sink._subscribers = sink._subscribers, Behind()
    sink.publish(["a"])
    assert {name for name, _, _ in host.pushed} == {"a_small"}
    assert sink.values["a_large"][0].size == 2048, "it can be read meanwhile"
    sink._subscribers = free
    sink.publish([HUB])
    assert "a_large" in {name for name, _, _ in host.pushed}


def test_quality_and_time_of_the_source_stay_and_its_properties_are_those_of_the_attribute(
    sink: Attributes, host: Host, board: Board
) -> None:
    own = {"x": Own(Quality.ALARM, 5.0, {"unit": "mm", "label": "Position", "max_alarm": "9.5"})}
    board.put(Result("a", "a", 100.0, {"x": 9.75, "y": 1}, own=own))
    sink.publish(["a"])
    assert sink.values["a_x"] == (9.75, 5.0, tango.AttrQuality.ATTR_ALARM)
    assert sink.values["a_y"] == (1, 100.0, VALID)
    said = host.said["a_x"]
    assert (said["unit"], said["label"], said["max_alarm"]) == ("mm", "Position", "9.5")
    board.put(Result("a", "a", 101.0, {"x": None, "y": 1}, own=own))
    sink.publish(["a"])
    assert sink.values["a_x"][2] == tango.AttrQuality.ATTR_INVALID


def test_what_fields_says_counts_more_than_what_the_source_says_and_both_are_there_at_the_next_start(
    host: Host, board: Board, tmp_path: Path
) -> None:
    known = KnownFields(tmp_path / "fields.json")
    known.learn("a", "x", Kind("float"), {"unit": "mm", "label": "of the source"})
    sink = Attributes(host, known)
    sink.open(board)
    sink.declare(contract("a", {"x": Declaration({"label": "ours"})}))
    sink.publish(["a"])
    assert (host.said["a_x"]["unit"], host.said["a_x"]["label"]) == ("mm", "ours")
