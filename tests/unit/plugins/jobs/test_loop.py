"""A loop as an agent runs it: what adds up, and when the next round is asked for."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from WardenServer.agent import Agent
from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs import loop as module
from WardenServer.plugins.common.jobs import opening
from WardenServer.plugins.common.jobs.loop import Loop
from WardenServer.plugins.common.jobs.rounds import Report


class Timers:
    """Timers that never run out by themselves."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.live: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable[[], None]) -> Any:
        timers = self

        class Timer:
            def start(self) -> None:
                timers.seconds.append(seconds)
                timers.live.append(function)

            def cancel(self) -> None:
                timers.live.remove(function)

            def join(self, seconds: float) -> None: ...

        return Timer()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    made = Timers()
    monkeypatch.setattr(module.threading, "Timer", made)
    return made


@pytest.fixture
def reports() -> list[Report]:
    """What the rounds will say."""
    return []


@pytest.fixture
def loop(tmp_path: Path, reports: list[Report]) -> Iterator[Loop]:
    class Round:
        def run(self, stopping: threading.Event) -> Report:
            return reports.pop(0)

    table = {"storage": str(tmp_path), "folder": str(tmp_path / "state")}
    made = Loop(lambda *_: Round(), table, logging.getLogger("test"), soon)
    yield made
    made.close()


def soon() -> None: ...


def run(loop: Loop, reports: list[Report], *said: Report) -> None:
    reports += said
    for _ in said:
        loop.run(threading.Event())


def test_counts_of_all_rounds_add_up_and_those_of_the_moment_do_not(loop: Loop, reports: list[Report]) -> None:
    run(loop, reports, Report(queued=3, unsettled=7), Report(queued=2, refused=1, unsettled=1))
    assert (loop.totals["queued"], loop.totals["refused"], loop.totals["moved"]) == (5, 1, 0)
    assert "unsettled" not in loop.totals


def test_files_that_do_not_settle_are_looked_at_less_and_less(
    loop: Loop, reports: list[Report], timers: Timers
) -> None:
    run(loop, reports, *[Report(again=1.0)] * 7)
    assert timers.seconds == [1, 2, 4, 8, 16, 30, 30]
    run(loop, reports, Report(again=1.0, queued=1), Report(), Report(again=1.0))
    assert timers.seconds[7:] == [1, 1]


def test_what_a_round_asks_for_is_not_shortened(loop: Loop, reports: list[Report], timers: Timers) -> None:
    run(loop, reports, Report(again=300.0), Report(again=300.0))
    assert timers.seconds == [300, 300]


def test_one_wish_at_a_time_and_none_after_the_end(loop: Loop, reports: list[Report], timers: Timers) -> None:
    run(loop, reports, Report(again=1.0), Report(again=1.0))
    assert timers.live == [soon]
    loop.close()
    assert timers.live == []


def test_a_library_that_is_missing_is_named_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in [name for name in sys.modules if name.startswith("WardenServer.plugins.common.jobs.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SettingError, match=r"jobs need the library sqlalchemy.*; install it with: pip install"):
        opening.AgentLoop("Standard").setup(Agent("jobs_standard", {"jobs": {}}))
