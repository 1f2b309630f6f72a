"""How soon threads that compute let others have the interpreter."""

import ctypes
import sys
import threading

import pytest

from WardenServer.machine import switching

_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30


def test_few_runs_have_a_short_interval_and_many_the_usual_one() -> None:
    assert switching.interval(0.0) == switching.interval(3000.0) == switching.SHORT
    assert switching.interval(3001.0) == switching.LONG == 0.005


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
