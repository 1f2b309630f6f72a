"""Rounds of the agent: each run is looked at in its order, each difference told once, whatever ends the process."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.plugins.runs.fake_runs import Killed, Stage, stand_in
from WardenServer.errors import NoData, Unreachable
from WardenServer.plugins.common.runs import loop as module
from WardenServer.plugins.common.runs.progress import Progress


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def fill(stage: Stage, *values: int, first: int = 1) -> None:
    for number, value in enumerate(values, start=first):
        stage.source.add(number, {"P": {"x": value}}, opened=float(number))


def ids(*runs: tuple[int, int]) -> list[str]:
    return [f"runs.P.{old}.{new}" for old, new in runs]


def test_no_runs_at_all(stage: Stage) -> None:
    for _ in range(2):
        seen = stage.round()
        assert (seen.run, seen.difference, seen.golden, seen.unreadable, seen.problem, seen.more) == (
            None, None, None, None, "", False,
        )  # fmt: skip
    fill(stage, 5)
    assert stage.round().run == stage.source.runs[1]
    assert stage.store.kept.progress.bases == {"P": 1} and stage.events == {}


def test_what_was_before_the_first_start_is_not_told(stage: Stage) -> None:
    fill(stage, 1, 2, 3)
    stage.rounds()
    assert stage.events == {} and stage.lines == [] and stage.store.kept.progress.looked == 3
    fill(stage, 3, 4, first=4)
    seen = stage.rounds()
    assert list(stage.events) == ids((3, 5))
    assert seen.difference is not None and seen.difference.new == 5
    assert stage.lines == ["['http://warden/#/diff?old=3&amp;new=5&amp;partition=P']<br>"]


def test_the_newest_run_waits_until_it_is_ready(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    stage.source.add(2, {"P": {"x": 2}}, is_ready=False)
    seen = stage.rounds()
    assert seen.run is not None and seen.run.number == 2
    assert stage.store.kept.progress.looked == 1
    stage.source.ready(2)
    stage.rounds()
    assert list(stage.events) == ids((1, 2))
    assert "never reached" not in stage.events["runs.P.1.2"]


def test_a_run_that_is_overtaken_is_looked_at_with_the_next_one(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    for number in (2, 3, 4):
        stage.source.add(number, {"P": {"x": number}}, is_ready=False)
    stage.rounds()
    assert list(stage.events) == ids((1, 2), (2, 3))
    assert all("never reached Running" in text for text in stage.events.values())


def test_where_none_of_the_runs_is_ready_nothing_begins(stage: Stage) -> None:
    stage.source.add(1, {"P": {"x": 1}}, is_ready=False)
    stage.rounds()
    assert stage.store.kept.progress.looked is None


def test_many_runs_that_were_missed_are_looked_at_in_portions(stage: Stage) -> None:
    fill(stage, 0)
    stage.rounds()
    fill(stage, *range(1, 121), first=2)
    looked = []
    while True:
        seen = stage.round()
        looked.append(stage.store.kept.progress.looked)
        if not seen.more:
            break
    assert looked[:3] == [51, 101, 121]
    stage.rounds()
    assert list(stage.events) == ids(*((n, n + 1) for n in range(1, 121)))
    assert len(stage.deliveries) == 120
    assert len(stage.lines) == 100 and "new=121" in stage.lines[-1] and "new=22&" in stage.lines[0]


def test_a_round_ends_early_when_the_agent_is_to_stop(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    fill(stage, 2, 3, first=2)
    stopping = threading.Event()
    stopping.set()
    assert stage.round(stopping).more is False
    assert stage.store.kept.progress.looked == 1


def test_a_round_without_news_asks_for_the_newest_run_only(stage: Stage) -> None:
    fill(stage, 1, 2)
    stage.rounds()
    stage.source.asked.clear()
    stage.round()
    assert stage.source.asked == ["newest"]


STEPS = range(1, 36)


@pytest.mark.parametrize("kind", ["killed", "away"])
@pytest.mark.parametrize("step", STEPS)
def test_whatever_ends_a_round_at_any_step_each_difference_is_told_once(step: int, kind: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    fill(stage, 1)
    stage.source.add(9, {"P": {"x": 0}}, is_ready=False)
    stage.rounds()
    fill(stage, 1, 2, 2, 3, 4, first=2)
    before = stage.store.steps
    stage.store.fails_at = before + step
    stage.store.error = Killed() if kind == "killed" else Unreachable("the store is away")
    for _ in range(20):
        try:
            stage.round()
        except Unreachable:
            continue
        except Killed:
            stage.start()
    assert stage.store.steps > before + STEPS[-1], "it has failed at each of its steps"
    assert list(stage.events) == ids((1, 3), (3, 5), (5, 6))
    assert [(each.old, each.new) for each in stage.store.kept.differences] == [(1, 3), (3, 5), (5, 6)]
    assert stage.store.kept.told == {1, 2, 3}
    assert [line.partition("new=")[2][0] for line in stage.lines] == ["3", "5", "6"]
    assert stage.store.kept.progress.looked == 6


@pytest.mark.parametrize("step", range(1, 12))
def test_the_one_difference_there_is_gets_its_line_whatever_fails(step: int, stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    fill(stage, 2, first=2)
    stage.store.fails_at, stage.store.error = stage.store.steps + step, Unreachable("the store is away")
    for _ in range(4):
        with suppress(Unreachable):
            stage.round()
    assert list(stage.events) == ids((1, 2)) and len(stage.lines) == 1


def test_after_an_outage_it_goes_on_where_the_store_says(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    stage.source.away = "away"
    with pytest.raises(Unreachable):
        stage.round()
    stage.source.away = ""
    fill(stage, 2, first=2)
    stage.store.kept.progress = Progress(2, {"P": 2})
    stage.rounds()
    assert stage.events == {}


def test_who_has_just_been_told_is_not_told_again_and_marked_later(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    fill(stage, 2, first=2)
    stage.round()
    stage.now -= 9.0
    for _ in range(3):
        stage.round()
        stage.now -= 9.0
    assert stage.deliveries == ids((1, 2)) and stage.store.kept.told == set()
    stage.now += 5.0
    stage.round()
    assert stage.deliveries == ids((1, 2)) and stage.store.kept.told == {1}


def test_an_outage_has_one_sentence_and_then_all_is_caught_up(stage: Stage) -> None:
    fill(stage, 1)
    stage.rounds()
    fill(stage, 2, 3, first=2)
    sentences = []
    for why in ("refused", "it starts", "refused"):
        stage.source.away = why
        with pytest.raises(Unreachable) as caught:
            stage.round()
        sentences.append(str(caught.value))
        stage.now += 200.0
    assert sentences == ["refused"] * 3
    stage.source.away = ""
    stage.rounds()
    assert list(stage.events) == ids((1, 2), (2, 3)) == stage.deliveries
    stage.source.away = "again"
    with pytest.raises(Unreachable, match="again"):
        stage.round()
    stage.now += module.STEADY + 1
    stage.source.away = "the password is wrong"
    with pytest.raises(Unreachable, match="the password is wrong"):
        stage.round()


def test_the_distance_to_the_golden_run_is_measured_once_a_run(stage: Stage) -> None:
    stage.source.add(1, {"P": {"x": 1, "y": 1, "z": 1}})
    stage.source.add(2, {"P": {"x": 2, "y": 2, "z": 1}})
    distance = stage.round().distance
    assert isinstance(distance, NoData) and str(distance) == "no run was declared golden"
    stage.store.kept.golden = 1
    assert stage.round().distance == 2
    stage.source.asked.clear()
    assert stage.round().distance == 2 and "pairs" not in stage.source.asked
    stage.source.add(3, {"P": {"x": 1, "y": 2, "z": 1}})
    assert stage.round().distance == 1
    stage.store.kept.golden = 77
    distance = stage.round().distance
    assert isinstance(distance, NoData) and "run 77 is not there" in str(distance)


def test_a_file_of_addresses_that_cannot_be_written_is_a_problem_and_caught_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "log"
    place.mkdir()
    stage = Stage(tmp_path, log=place)
    fill(stage, 1)
    stage.rounds()
    for number in (2, 3):
        fill(stage, number, first=number)
        seen = stage.round()
        assert f"the log of addresses {place} cannot be written (Is a directory); correct its rights" in seen.problem
    assert len(stage.events) == 2
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    place.rmdir()
    assert stage.round().problem == ""
    assert len(stage.lines) == 2


def test_a_base_that_is_gone_is_said_in_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    fill(stage, 1)
    stage.rounds()
    del stage.source.runs[1], stage.source.values_of[1]
    fill(stage, 2, first=2)
    stage.rounds()
    assert caplog.messages == ["run 1 is gone; run 2 takes its place"]
    assert stage.events == {}


def test_at_the_end_it_lets_go_of_both_databases(stage: Stage) -> None:
    stage.loop.close()
    assert stage.source.is_closed and stage.store.is_closed
