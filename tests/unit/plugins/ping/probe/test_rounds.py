"""Rounds: lists, addresses, what is shown and what is written."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.plugins.ping.probe.fake_method import Fake, hang, ping_of, stand_in
from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.probe import rounds as module
from WardenServer.plugins.common.ping.probe.board import Board
from WardenServer.plugins.common.ping.probe.lists import Lists
from WardenServer.plugins.common.ping.probe.records import Records
from WardenServer.plugins.common.ping.probe.resolving import Resolver
from WardenServer.plugins.common.ping.probe.rounds import Rounds

NAMES = {"a.org": ("192.0.2.1", "2001:db8::1"), "b.org": ("2001:db8::2",), "gate.org": ("192.0.2.9", "2001:db8::9")}


class Stage:
    """Rounds with DNS of our own, and what comes of them."""

    def __init__(self, ping: Ping, method: Fake) -> None:
        self.method = method
        self.changes: list[bool] = []
        self.names = dict(NAMES)
        self.board = Board(self.changes.append)
        lists = Lists(ping, self.board, Resolver(self._ask))
        self.files = Records(ping.folder, 0, logging.getLogger("test"), lambda: 1.75e9)
        self.rounds = Rounds(ping, lists, self.files, self.board, logging.getLogger("test"), lambda: 1.75e9)
        self.folder = ping.folder

    def _ask(self, name: str) -> tuple[str, ...]:
        if name not in self.names:
            raise OSError(-2, "Name or service not known")
        return self.names[name]

    def run(self) -> None:
        asyncio.run(self.rounds.run())

    def lines(self) -> list[list[str]]:
        return [line.split(" ") for path in self.folder.glob("ping-*.txt") for line in path.read_text().splitlines()]


@pytest.fixture
def method(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    stand_in(monkeypatch, made)
    return made


MakeStage = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, method: Fake) -> MakeStage:
    return lambda *hosts, **more: Stage(ping_of(tmp_path, *hosts, **more), method)


def test_a_round_is_shown_and_written(stage: MakeStage) -> None:
    made = stage("a.org", "b.org", "nowhere.org", "::1 send=3")
    made.run()
    seen = made.board.snapshot()
    assert (seen.total.hosts, seen.total.answering, seen.total.silent, seen.total.without_name) == (4, 3, 0, 1)
    assert (seen.state.began, seen.state.method, seen.state.lines, seen.state.late) == (1.75e9, "fake", 5, 0)
    assert seen.state.took is not None
    assert {name: document["address"] for name, document in seen.documents.items()} == {
        "a.org": "192.0.2.1", "b.org": "2001:db8::2", "nowhere.org": "", "::1": "::1",
    }  # fmt: skip
    assert seen.documents["nowhere.org"]["trouble"] == "Name or service not known"
    assert {tuple(line[:5]) for line in made.lines()} == {
        ("here", "192.0.2.250", "a.org", "192.0.2.1", "100"), ("here", "192.0.2.250", "a.org", "192.0.2.1", "1000"),
        ("here", "192.0.2.250", "b.org", "2001:db8::2", "100"), ("here", "192.0.2.250", "b.org", "2001:db8::2", "1000"),
        ("here", "192.0.2.250", "::1", "::1", "100"),
    }  # fmt: skip
    assert made.method.is_closed
    assert made.changes == [False] * 4 + [True]
    made.rounds.close()


def test_a_host_that_is_silent_is_listed_and_its_raw_line_has_eight_fields(stage: MakeStage) -> None:
    made = stage("a.org send=2", "b.org send=2")
    made.method.behave = lambda address, pings: "silent" if address == "192.0.2.1" else None
    made.run()
    seen = made.board.snapshot()
    assert seen.total.silent_names == ("a.org",)
    assert seen.total.loss == 50.0
    assert [len(line) for line in sorted(made.lines(), key=len)] == [8, 15]
    made.rounds.close()


def test_the_host_on_the_way_has_an_address_of_the_same_kind(stage: MakeStage) -> None:
    made = stage("a.org send=2", "b.org send=2", "192.0.2.4 send=2 gateway=unknown.org", gateway="gate.org")
    made.run()
    asked = [address for address, *_ in made.method.pings]
    assert asked.count("192.0.2.9") == 1 and asked.count("2001:db8::9") == 1
    assert made.board.snapshot().documents["a.org"]["gateway_loss"] == 0.0
    assert made.board.snapshot().documents["192.0.2.4"]["gateway_loss"] is None
    made.rounds.close()


def test_marked_samples_are_counted_and_those_of_connections_are_no_raw_lines(stage: MakeStage) -> None:
    made = stage("192.0.2.1 send=2")
    made.method.marks = ("late",)
    made.run()
    made.method.marks = ("tcp",)
    made.run()
    assert (made.board.state.late, made.board.state.lines) == (1, 1)
    made.rounds.close()
    [path] = made.folder.glob("marks-*.jsonl")
    assert [json.loads(line)["marks"] for line in path.read_text().splitlines()] == [["late"], ["tcp"]]


def test_a_new_address_and_a_changed_list_are_told(stage: MakeStage, tmp_path: Path) -> None:
    beacons = tmp_path / "list.txt"
    beacons.write_text("a.org\n192.0.2.7 send=2 # a comment\n")
    made = stage("a.org send=2", beacons=str(beacons), refresh=0.0)
    made.run()
    assert list(made.board.snapshot().documents) == ["a.org", "192.0.2.7"]
    made.names["a.org"] = ("192.0.2.77",)
    beacons.write_text("192.0.2.8\n=\n")
    made.run()
    seen = made.board.snapshot()
    assert list(seen.documents) == ["a.org", "192.0.2.8"]
    assert "new: 192.0.2.8; gone: 192.0.2.7, a.org" in seen.events[0]
    assert seen.events[1] == "a.org has a new address in DNS, 192.0.2.77 in place of 192.0.2.1"
    assert not made.board.snapshot().events
    assert "line 2" in seen.state.problem
    beacons.unlink()
    made.run()
    assert list(made.board.snapshot().documents) == ["a.org", "192.0.2.8"]
    assert "cannot be read" in made.board.state.problem or "is no file" in made.board.state.problem
    made.rounds.close()


def test_a_round_too_long_for_its_period_is_said_at_the_start(stage: MakeStage, caplog) -> None:
    made = stage(*(f"192.0.2.{each}" for each in range(1, 100)), every=60.0)
    assert made.board.state.problem.startswith("a round of 99 hosts may take")
    assert [record.getMessage() for record in caplog.records] == [made.board.state.problem]
    made.run()
    assert len(caplog.records) == 1, "it is said once"
    made.rounds.close()


def test_notices_of_the_method_are_problems(stage: MakeStage, method: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, method, {2: "IPv4 is measured by fping, since it is so"})
    made = stage("192.0.2.1")
    made.run()
    assert made.board.state.problem == "IPv4 is measured by fping, since it is so"
    made.rounds.close()


def test_a_round_that_fails_is_a_problem_and_the_next_one_runs(
    stage: MakeStage, method: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stage("192.0.2.1")
    with monkeypatch.context() as broken:
        broken.setattr(module, "open_methods", lambda *_: 1 / 0)
        made.run()
    assert made.board.state.problem == "a round was given up (ZeroDivisionError: division by zero)"
    made.run()
    assert made.board.state.problem == ""
    assert made.board.snapshot().total.answering == 1
    made.rounds.close()


def test_a_full_disk_is_a_problem(stage: MakeStage, tmp_path: Path) -> None:
    made = stage("192.0.2.1")
    (tmp_path / "ping-2025-06.txt").mkdir()
    made.run()
    assert "cannot be written" in made.board.state.problem
    assert made.board.snapshot().total.answering == 1
    made.rounds.close()


def test_what_is_cancelled_lets_go_of_the_method(stage: MakeStage) -> None:
    made = stage("192.0.2.1")
    made.method.behave = lambda address, pings: hang()

    async def check() -> None:
        running = asyncio.create_task(made.rounds.run())
        while not made.method.now:
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()

    asyncio.run(check())
    assert made.method.is_closed
    made.rounds.close()


def test_of_events_that_nobody_takes_the_oldest_are_lost() -> None:
    board = Board(lambda is_end: None)
    for number in range(1200):
        board.tell(f"{number}")
    first = board.snapshot()
    assert (first.events[0], len(first.events), first.has_more) == ("200", 50, True)
    for _ in range(19):
        last = board.snapshot()
    assert (last.events[-1], last.has_more) == ("1199", False)


def test_a_host_of_ours_is_no_second_one_where_beacons_write_it_in_capitals(stage: MakeStage, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("A.ORG\nb.org\n")
    made = stage("a.org send=3", beacons=str(tmp_path / "list.txt"))
    made.run()
    made.rounds.close()
    assert list(made.board.snapshot().documents) == ["a.org", "b.org"]
    assert {line[6] for line in made.lines() if line[2] == "a.org"} == {"3"}
