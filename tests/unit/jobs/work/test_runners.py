"""Both runners, with real processes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import wait_for
from WardenServer.errors import SettingError
from WardenServer.jobs.work.command import Command
from WardenServer.jobs.work.function import Function
from WardenServer.jobs.work.output import tail
from WardenServer.jobs.work.program import Program
from WardenServer.jobs.work.runner import Order, Runner
from WardenServer.jobs.work.stopping import Stopped, Stopping

Make = Callable[..., Order]
MINE = """
import os, time
def f(path):
    print("begun")
    time.sleep(1000)
def g(path):
    return str(os.getpid())
"""


@pytest.fixture
def order(tmp_path: Path) -> Make:
    def made(id: str = "a", limit: float = 30.0) -> Order:
        return Order(id, (tmp_path / "a.json",), tmp_path / "out", limit)

    return made


def program(line: str) -> Program:
    return Program(Command(line, [".json"]))


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    with closing(Function("mine:f")) as made:
        yield made


def test_programs_that_cannot_be_run(order: Make, tmp_path: Path) -> None:
    file = tmp_path / "gone"
    file.write_text("#!/no/such/interpreter\n")
    file.chmod(0o700)
    nul = program("echo {id}").run(order("a\0b"), Stopping())
    gone = program(str(file)).run(order(), Stopping())
    long = program("echo {id}").run(order("x" * 10_000_000), Stopping())
    assert not (nul.success or gone.success or long.success)
    assert "null byte" in nul.message
    assert "cannot be started" in gone.message
    assert "too long" in long.message


def stop(runner: Runner, order: Order, at_once: bool) -> str:
    """Have a job ended that runs; what it has printed."""
    stopping, raised = Stopping(), threading.Event()

    def run() -> None:
        with pytest.raises(Stopped):
            runner.run(order, stopping)
        raised.set()

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: "begun" in tail(order.output), 20)
    if at_once:
        stopping.at_once.set()
    stopping.over.set()
    thread.join(20)
    assert raised.is_set()
    return tail(order.output)


def test_a_program_is_asked_to_end(order: Make) -> None:
    asked = program("sh -c 'trap \"echo asked; exit\" TERM; echo begun; while :; do sleep 0.01; done'")
    assert stop(asked, order(), at_once=False).endswith("asked")


def test_one_that_does_not_want_to_end(order: Make) -> None:
    assert stop(program("sh -c 'trap : TERM; echo begun; while :; do sleep 0.01; done'"), order(), at_once=True)


def test_a_function_is_ended(order: Make, function: Function) -> None:
    assert stop(function, order(), at_once=False) == "begun"


def test_a_process_serves_one_job_after_the_other(order: Make, function: Function) -> None:
    with closing(Function("mine:g")) as other:
        pids = [other.run(order(), Stopping()).message for _ in range(2)]
    assert pids[0] == pids[1] != ""


def test_a_function_that_is_not_there_any_more(order: Make, function: Function, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    with pytest.raises(SettingError, match="mine has no f"):
        function.start()
    done = function.run(order(), Stopping())
    assert not done.success
    assert "mine has no f" in done.message
