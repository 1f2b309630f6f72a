"""Rounds of the agent with a real store: what ends them costs nothing, and slow drift is seen."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.differ.rules import Rules, Tolerance
from WardenServer.plugins.common.runs import differences, progress, recording
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.loop import Loop
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.progress import Told
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store


class Killed(BaseException):
    """The process ends here."""


class Agent:
    """An agent with its runs, which has a log and a clock of its own."""

    def __init__(self, store: Store, hub: str, folder: Path) -> None:
        self.store, self.hub, self.now = store, hub, 0.0
        rules = Rules(tolerances=[("drifts", Tolerance(absolute=1.0))])
        self.runs = Runs(hub, folder, "", log=folder / f"{hub}.html", rules=rules)
        self.events: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        log = logging.getLogger("test")
        self.loop = Loop(self.runs, self.store, Own(self.store, self.hub), log, lambda: 1e9, lambda: self.now)

    def run(self, number: int, **values: Any) -> None:
        """A run of the hub with these values."""
        recording.begin(self.store, self.hub, number, 1e9 + number, "test")
        taken = [Taken("P", name, value) for name, value in values.items()]
        recording.add(self.store, self.hub, Snapshot(number, Phase.START, 1e9 + number, taken))

    def round(self) -> None:
        told: list[tuple[str, str]] = []
        self.loop.run(threading.Event(), lambda text, id: told.append((id, text)))
        for id, text in told:
            self.events.setdefault(id, text)
        self.now += 10.0


@pytest.fixture
def agent(store: Store, tmp_path: Path) -> Agent:
    return Agent(store, "hub", tmp_path)


@contextmanager
def ending(store: Store, step: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """End the process in the middle of a transaction that writes, or just after it; the steps that there were."""
    steps, writing = [0], store.writing

    def count() -> None:
        steps[0] += 1
        if steps[0] == step:
            raise Killed

    @contextmanager
    def fragile() -> Iterator[Any]:
        with writing() as connection:
            yield connection
            count()
        count()

    with patch.context() as patched:
        patched.setattr(store, "writing", fragile)
        yield steps


def test_what_ends_a_round_between_any_two_steps_costs_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(1, 9):
        agent = Agent(store, f"hub{step}", tmp_path)
        agent.run(1, x=1)
        agent.round()
        for number, x in enumerate((1, 2, 3), start=2):
            agent.run(number, x=x)
        with ending(store, step, monkeypatch) as steps:
            for _ in range(6):
                with suppress(Killed):
                    agent.round()
                    continue
                agent.start()
        assert steps[0] >= step, "it was ended"
        assert list(agent.events) == ["runs.P.1.3", "runs.P.3.4"]
        assert differences.untold(store, agent.hub) == []
        assert [each.new for each in differences.newest(store, agent.hub, 10)] == [4, 3]
        assert len((tmp_path / f"hub{step}.html").read_text().splitlines()) == 2


def test_slow_drift_is_told_when_it_exceeds_the_tolerance_though_the_base_moves(agent: Agent) -> None:
    for number, value in enumerate((0.0, 0.5, 1.0, 1.0, 1.25, 1.75, 2.5), start=1):
        agent.run(number, drifts=value, moves=number)
        agent.round()
    drifted = [id for id, text in agent.events.items() if "drifts in P has changed" in text]
    assert drifted == ["runs.P.4.5", "runs.P.6.7"]
    assert "0 → 1.25" in agent.events["runs.P.4.5"].replace("0.0", "0")
    assert progress.read(agent.store, "hub").told == {}


def test_what_could_not_be_read_is_compared_with_its_last_value(agent: Agent) -> None:
    for number, value in enumerate(("a", Unavailable("no answer"), Unavailable("no answer")), start=1):
        agent.run(number, x=value, moves=number)
        agent.round()
    assert progress.read(agent.store, "hub").told == {("P", "x"): Told("a", 1)}
    agent.run(4, x="a", moves=3)
    agent.round()
    assert list(agent.events) == ["runs.P.1.2", "runs.P.2.3"]
