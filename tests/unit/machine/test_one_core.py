"""Threads of short runs share one core; what they start does not."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from WardenServer.machine import one_core
from WardenServer.machine.one_core import OneCore

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="takes Linux and two cores"
)
ALL = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set[int]()
How = tuple[set[int], int]
ASK = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0))"]


class Machine:
    """Two cores, whose work the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.busy, self.ours, self.cores = 100.0, {0: 0.0, 1: 0.0}, 0.0, {0, 1}
        self.core = OneCore()
        monkeypatch.setattr(one_core, "_busy_seconds", lambda: dict(self.busy))
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "process_time", lambda: self.ours)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(self.cores))
        monkeypatch.setattr(sys, "addaudithook", lambda hook: None)
        self.core.open()

    def second(self, first: float, other: float, ours: float = 0.0) -> int:
        """A second in which the cores worked so much in all, and this process so much of it."""
        self.now += 1
        self.busy = {0: self.busy[0] + first, 1: self.busy[1] + other}
        self.ours += ours
        self.core.look()
        return self.core.core


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_the_core_is_kept_while_only_we_use_it(machine: Machine) -> None:
    assert machine.core.core == 1
    assert [machine.second(1.0, 0.6, 0.6) for _ in range(5)] == [1] * 5, "whatever the other core does"


def test_another_one_is_chosen_where_others_use_it(machine: Machine) -> None:
    assert machine.second(0.1, 1.0, 0.3) == 0
    assert machine.second(0.4, 1.0, 0.3) == 0
    assert machine.second(1.0, 0.1, 0.3) == 1


def test_where_all_are_busy_it_stays(machine: Machine) -> None:
    assert [machine.second(1.0, 1.0, 0.3) for _ in range(5)] == [1] * 5, "a move would gain nothing"
    assert machine.second(0.1, 1.0, 0.3) == 0


def test_all_threads_move_at_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.core._bound = {11, 12, 13}
    moved: dict[int, set[int]] = {}

    def move(thread: int, cores: set[int]) -> None:
        if thread == 12:
            raise ProcessLookupError
        moved[thread] = cores

    monkeypatch.setattr(os, "sched_setaffinity", move)
    machine.second(0.0, 1.0)
    assert moved == {11: {0}, 13: {0}}, "one that has ended does no harm"
    assert machine.core._bound == set(), "those that are no threads of this process are forgotten"


def test_a_core_that_is_taken_away_is_left(machine: Machine) -> None:
    machine.cores = {0, 2}
    machine.busy[2] = 0.0
    machine.now += 1
    machine.core.look()
    assert machine.core.core in (0, 2)
    machine.cores = {0}
    machine.now += 1
    machine.core.look()
    assert machine.core.core == 0, "there is nothing to choose"


def test_a_process_without_descriptors_keeps_the_core(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[int, float]:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(one_core, "_busy_seconds", fail)
        assert machine.second(0.0, 1.0) == 1
    assert machine.second(0.0, 1.0) == 0, "it looks again"


@pytest.fixture
def core() -> Iterator[OneCore]:
    made = OneCore()
    made.open()
    assert made.core in ALL
    yield made


def how() -> How:
    """Cores and policy of the calling thread."""
    return {*os.sched_getaffinity(0)}, os.sched_getscheduler(0)


def on_a_thread(do: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(do()))
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_is_bound_after_a_short_run_and_let_go_after_a_long_one(core: OneCore) -> None:
    def run() -> list[How]:
        found = []
        for short in (True, False, True):
            core.place(threading.get_native_id(), short)
            found.append(how())
        return found

    bound = {core.core}, os.SCHED_BATCH
    assert on_a_thread(run) == [bound, (ALL, os.SCHED_OTHER), bound]
    assert how() == (ALL, os.SCHED_OTHER)


def test_a_policy_that_an_administrator_has_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getscheduler", lambda _: os.SCHED_RR)
    core = OneCore()
    core.open()
    monkeypatch.undo()

    def run() -> How:
        core.place(threading.get_native_id(), True)
        return how()

    assert on_a_thread(run) == ({core.core}, os.SCHED_OTHER)


def test_a_process_that_a_bound_thread_starts_goes_where_it_likes(core: OneCore) -> None:
    def run() -> tuple[set[int], str, set[int]]:
        core.place(threading.get_native_id(), True)
        bound = os.sched_getaffinity(0)
        child = subprocess.run(ASK, capture_output=True, text=True, check=True).stdout.strip()
        core.place(threading.get_native_id(), True)
        return bound, child, os.sched_getaffinity(0)

    assert on_a_thread(run) == ({core.core}, f"{sorted(ALL)} {os.SCHED_OTHER}", {core.core})


def test_threads_that_a_bound_one_has_started_are_let_go(core: OneCore) -> None:
    stay, ready = threading.Event(), threading.Event()

    def stranger() -> set[int]:
        os.sched_setaffinity(0, {core.core})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        ready.set()
        assert stay.wait(5)
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        return os.sched_getaffinity(0)

    def bound() -> set[int]:
        core.place(threading.get_native_id(), True)
        assert stay.wait(5)
        return os.sched_getaffinity(0)

    def elsewhere() -> set[int]:
        os.sched_setaffinity(0, {min(ALL)})
        assert stay.wait(5)
        return os.sched_getaffinity(0)

    found: dict[str, set[int]] = {}
    threads = [
        threading.Thread(target=lambda work=work: found.update({work.__name__: work()}))
        for work in (stranger, bound, elsewhere)
    ]
    for thread in threads:
        thread.start()
    assert ready.wait(5)
    while not core._bound:
        time.sleep(0.001)
    core._free_strangers(ALL)
    stay.set()
    for thread in threads:
        thread.join()
    assert found == {"stranger": ALL, "bound": {core.core}, "elsewhere": {min(ALL)}}
