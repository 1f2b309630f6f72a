"""How soon threads that compute let others have the interpreter."""

import ctypes
import sys
import threading
import time

import pytest

from WardenServer.machine import switching
from WardenServer.machine.switching import LONG, OFTEN, SHORT, Switching

_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30


class Machine:
    """A process whose threads wait as often as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.waits = 100.0, 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(switching, "_waits", lambda: int(self.waits))
        self.switching = Switching()

    def second(self, often: float, looks: int = 10) -> float:
        """A second in which threads waited so often per second; the interval at its end."""
        for _ in range(looks):
            self.now += 1 / looks
            self.waits += often / looks
            self.switching.look()
        return sys.getswitchinterval()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_it_is_left_alone_until_open(machine: Machine) -> None:
    before = sys.getswitchinterval()
    assert machine.second(1e6) == before


def test_it_is_short_while_threads_wait_now_and_then(machine: Machine) -> None:
    machine.switching.open()
    assert machine.second(OFTEN) == pytest.approx(SHORT)


def test_it_grows_at_once_where_they_wait_too_often_and_comes_back_slowly(machine: Machine) -> None:
    machine.switching.open()
    assert machine.second(4 * OFTEN, looks=1) == pytest.approx(4 * SHORT, abs=1e-6)
    assert machine.second(1e6) == pytest.approx(LONG)
    assert machine.second(0) > LONG / 2, "else it would grow anew with every second tick"
    for _ in range(60):
        machine.second(0)
    assert machine.second(0) == pytest.approx(SHORT)


def test_looks_that_come_too_soon_say_nothing(machine: Machine) -> None:
    machine.switching.open()
    assert machine.second(10 * OFTEN, looks=10_000) > SHORT, "they are put together"
    machine.second(0, looks=10_000)
    assert sys.getswitchinterval() > SHORT, "they are not counted one by one"


def test_only_what_somebody_else_has_set_is_found(machine: Machine) -> None:
    machine.switching.open()
    machine.second(1e6)
    assert machine.switching.found() == SHORT
    sys.setswitchinterval(0.5)
    assert machine.switching.found() == 0.5


def test_the_waits_of_this_process_are_counted() -> None:
    before, event = switching._waits(), threading.Event()
    for _ in range(20):
        event.wait(0.0001)
    assert switching._waits() >= before + 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives the timers of threads a slack")
def test_a_thread_that_is_started_after_it_waits_exactly_too() -> None:
    found: list[int] = []

    def note() -> None:
        found.append(ctypes.CDLL(None).prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0))

    def change_and_start() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 50_000, 0, 0, 0)
        note()
        switching.take_exact_timers()
        inner = threading.Thread(target=note)
        inner.start()
        inner.join()

    outer = threading.Thread(target=change_and_start)  # the slack belongs to the thread: this one's stays
    outer.start()
    outer.join()
    assert found == [50_000, 1]
