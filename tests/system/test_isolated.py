"""Agents in processes of their own: what crosses, and what a crash, an exit, a hang and the hub's end do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.conftest import wait_for
from WardenServer import config, loader
from WardenServer.board import Board
from WardenServer.line import Line
from WardenServer.runner import Runner

HEAD = (
    "import ctypes, enum, os, time\nimport numpy as np\nfrom WardenServer import NoData\nINTERVAL = 1\nISOLATE = True\n"
)

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]


@contextmanager
def isolated(path: Path, settings: MakeSettings) -> Iterator[tuple[Runner, Board]]:
    """A runner with its thread, as the hub has it."""
    loaded = loader.load(settings())
    assert loaded.refused == {}
    board = Board()
    runner = Runner(loaded.contracts[path.stem], board)
    runner.open()
    try:
        yield runner, board
    finally:
        runner.close()
        assert runner.join(10)


def run(runner: Runner, board: Board) -> dict[str, Any]:
    """One run; its document."""
    assert runner.take_place(0.0, Line())
    runner.wake()
    assert runner.wait_idle(20)
    document = board.document(runner.contract.key)
    assert document is not None
    return document


def test_all_kinds_of_values_cross(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
class Gate(enum.Enum):
    CLOSED = 0
    OPEN = 1
def work(agent):
    print("noise")
    return {"on": True, "n": 3, "x": 2.5, "t": "温", "g": Gate.OPEN, "a": np.eye(2), "s": ["ä", "b"],
            "none": None, "dark": NoData("shut"), "nan": float("nan"), "i": np.arange(3, dtype=np.uint8)}
""")  # fmt: skip
    with isolated(path, settings) as (runner, board):
        found = run(runner, board)
        assert (found["on"], found["n"], found["x"], found["t"]) == (True, 3, 2.5, "温")
        assert found["g"].name == "OPEN"
        assert np.array_equal(found["a"], np.eye(2))
        assert list(found["s"]) == ["ä", "b"]
        assert (found["none"], found["dark"], found["reason"]) == (None, None, "dark: shut")
        assert found["nan"] != found["nan"]
        assert list(found["i"]) == [0, 1, 2]


def test_a_crash_an_exit_and_a_hang_cost_one_run_each(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    path = write("far", HEAD + f"""
TIMEOUT = 0.5
def work(agent):
    count = len(open({str(tmp_path / "runs")!r}, "a+").write("x") and open({str(tmp_path / "runs")!r}).read())
    if count == 1: ctypes.string_at(0)
    if count == 2: os._exit(7)
    if count == 3: time.sleep(60)
    if count == 4: raise ValueError("bad weather")
    if count == 5: raise SystemExit(3)
    return {{"count": count, "pid": os.getpid()}}
""")  # fmt: skip
    with isolated(path, settings) as (runner, board):
        assert "SIGSEGV" in run(runner, board)["error"]
        assert "exit code 7" in run(runner, board)["error"]
        assert "TIMEOUT (0.5 s); its process was killed" in run(runner, board)["error"]
        assert ": line 13: ValueError: bad weather; correct the file" in run(runner, board)["error"]
        assert ": line 14: work calls sys.exit(); return a dict" in run(runner, board)["error"]
        good = run(runner, board)
        assert "error" not in good
        assert run(runner, board)["pid"] == good["pid"], "the process is kept from run to run"
        assert runner.record.failures == 5


def test_closing_ends_the_process_also_while_it_runs(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    closed = str(tmp_path / "closed")
    path = write("far", HEAD + f"""
def work(agent):
    if agent.last: time.sleep(60)
    return {{"pid": os.getpid()}}
def close(agent):
    open({closed!r}, "w").close()
""")  # fmt: skip
    with isolated(path, settings) as (runner, board):
        pid = run(runner, board)["pid"]
    assert not psutil.pid_exists(pid)
    assert Path(closed).exists()
    with isolated(path, settings) as (runner, board):
        pid = run(runner, board)["pid"]
        runner.take_place(0.0, Line())
        runner.wake()
    assert not psutil.pid_exists(pid)


def test_the_process_dies_with_its_hub(write: Write, tmp_path: Path) -> None:
    path = write("far", HEAD + f"""
def work(agent):
    open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
    time.sleep(60)
""")  # fmt: skip
    hub = subprocess.Popen([sys.executable, "-m", "WardenServer", "try", str(path)], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        child = int((tmp_path / "pid").read_text())
    finally:
        os.kill(hub.pid, signal.SIGKILL)
        hub.wait()
    wait_for(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_state_is_handed_over(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
n = 0
def work(agent):
    global n
    n += 1
    return {"n": n}
def save(): return n
def load(state):
    global n
    n = state
""")  # fmt: skip
    with isolated(path, settings) as (runner, board):
        run(runner, board)
        assert run(runner, board)["n"] == 2
        state = runner.contract.save()  # type: ignore[misc]
    with isolated(path, settings) as (runner, board):
        runner.contract.load(state)  # type: ignore[misc]
        assert run(runner, board)["n"] == 3
