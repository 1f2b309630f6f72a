"""Imports that hang cost only themselves."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.conftest import wait_for
from WardenServer.errors import PluginError
from WardenServer.loading import import_thread


def test_outcomes_come_in_order_and_those_that_hang_hold_up_nobody() -> None:
    gate = threading.Event()

    def hang() -> int:
        gate.wait(30)
        return -1

    def fail() -> int:
        raise PluginError("bad")

    jobs: list[Callable[[], int]] = [lambda: 1, hang, fail, hang, lambda: 5]
    came = import_thread.run([(Path(f"{number}.py"), job) for number, job in enumerate(jobs)], 0.1)
    assert (came[0], came[4]) == (1, 5)
    assert [str(each) for each in came[1:4]] == [
        "1.py: still importing after 0.1 s; move slow work from the top of the file into setup, or set ISOLATE = True",
        "bad",
        "3.py: still importing after 0.1 s; move slow work from the top of the file into setup, or set ISOLATE = True",
    ]
    gate.set()
    wait_for(lambda: not any(thread.name == "import" for thread in threading.enumerate()))
    assert str(came[1]).startswith("1.py"), "what comes too late changes nothing"


def test_nothing_to_import() -> None:
    assert import_thread.run([], 1.0) == []
