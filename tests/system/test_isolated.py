"""Agents in processes of their own: what crosses, and what crashes, exits, hangs, leaks and the hub's end do."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import MakeHub, free_port
from tests.unit.loading.test_loader import BROKEN
from WardenServer.errors import PluginError
from WardenServer.loading import loader
from WardenServer.loading.contract import Contract
from WardenServer.loading.isolation import hub_side, piped_child
from WardenServer.results.board import Board
from WardenServer.running.hand_over import HandOver
from WardenServer.running.runner import Runner
from WardenServer.settings import config

HEAD = (
    "import ctypes, enum, os, time\nimport numpy as np\nfrom WardenServer import NoData\nINTERVAL = 1\nISOLATE = True\n"
)

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]


STATEFUL = """
n = 0
def work(agent):
    global n
    n += 1
    return {"n": n, "pid": os.getpid()}
def save(): return n
def load(state):
    global n
    n = state + 0
"""


@contextmanager
def isolated(path: Path, settings: config.Settings) -> Iterator[tuple[Runner, Board]]:
    """A runner of the file, with its thread, as the hub has it."""
    loaded = loader.load(settings)
    assert loaded.refused == {}
    with running(loaded.contracts[path.stem]) as runner:
        yield runner


@contextmanager
def running(contract: Contract) -> Iterator[tuple[Runner, Board]]:
    """A runner with its thread."""
    board = Board()
    runner = Runner(contract, board)
    runner.open()
    try:
        yield runner, board
    finally:
        runner.close()
        assert runner.join(10)
        contract.discard()


def run(runner: Runner, board: Board) -> dict[str, Any]:
    """One run; its document."""
    runner.passes = 0  # the pause after a failure is no matter here
    assert runner.take_place(0.0, HandOver())
    runner.wake()
    assert runner.wait_idle(20)
    document = board.document(runner.contract.key)
    assert document is not None
    return document


def agents(settings: MakeSettings, path: Path, **options: Any) -> config.Settings:
    """Settings with a table for this one agent."""
    return replace(settings(load_timeout=options.pop("load_timeout", 5)), agents={path.stem: options})


def processes() -> list[psutil.Process]:
    """The processes of isolated agents of this hub."""
    return [child for child in psutil.Process().children() if _is_agent(child)]


def _is_agent(child: psutil.Process) -> bool:
    try:
        return "WardenServer.loading.isolation.agent_side" in child.cmdline()
    except psutil.NoSuchProcess:  # it has ended meanwhile, or long ago: children of children come to us as zombies
        return False


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# -- runs


def test_a_run_has_a_moment_to_end_when_its_agent_is_told_to(
    write: Write, settings: MakeSettings, tmp_path: Path
) -> None:
    path = write("far", HEAD + f"""
def work(agent):
    if agent.last:
        open({str(tmp_path / "begun")!r}, "w").close()
        time.sleep(0.3)
    return {{"last": bool(agent.last)}}
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        assert run(runner, board)["last"] is False
        runner.take_place(0.0, HandOver())
        runner.wake()
        wait_for((tmp_path / "begun").exists)
    document = board.document("far")
    assert document is not None
    assert document["last"] is True


def test_a_flood_of_log_lines_does_not_outlast_the_timeout(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + "TIMEOUT = 0.5\ndef work(agent):\n    while True: agent.log.debug('x' * 5000)\n")
    with isolated(path, settings()) as (runner, board):
        assert "TIMEOUT (0.5 s); its process was killed" in run(runner, board)["error"]


def test_events_cross_also_when_the_run_fails(write: Write, settings: MakeSettings) -> None:
    path = write(
        "far",
        HEAD
        + """
def work(agent):
    agent.tell("first", severity="alarm", id="one")
    agent.tell("second")
    raise ValueError("and it fails")
""",
    )
    with isolated(path, settings()) as (runner, board):
        run(runner, board)
        told = board.result("far").events
    assert [(event.agent, event.severity, event.text) for event in told] == [
        ("far", "alarm", "first"), ("far", "info", "second")
    ]  # fmt: skip
    assert told[0].id == "one"


def test_it_asks_for_runs_also_between_two_and_answers_requests(hub: MakeHub, write: Write) -> None:
    write("far", """
import threading, time
INTERVAL = 3600
OFFSET = 0
ISOLATE = True
n = 0
def setup(agent):
    def ring():
        while n < 3:
            time.sleep(0.05)
            agent.soon()
    threading.Thread(target=ring, daemon=True).start()
def work(agent):
    global n
    n += 1
    return {"n": n}
def answer(agent, request):
    if request == "crash":
        import os
        os._exit(3)
    return [request, n]
""")
    server = hub()
    server.wait_document("far", "n", 3)
    assert json.loads(server.proxy.AskAgent(["far", '{"say": "größer"}'])) == [{"say": "größer"}, 3]
    with pytest.raises(tango.DevFailed, match="is not JSON"):
        server.proxy.AskAgent(["far", "{"])
    with pytest.raises(tango.DevFailed, match="ended with exit code 3"):
        server.proxy.AskAgent(["far", '"crash"'])
    # It has started again; on a busy machine that takes longer than a question may.
    wait_for(lambda: json.loads(server.proxy.AskAgent(["far", "7"])) == [7, 0], 30)


def test_a_request_asks_for_the_first_run(hub: MakeHub, write: Write) -> None:
    write("far", """
INTERVAL = 3600
OFFSET = 3000
ISOLATE = True
def work(agent):
    return {"n": 1}
def answer(agent, request):
    agent.soon()
    return request
""")
    server = hub()
    assert json.loads(server.proxy.AskAgent(["far", "7"])) == 7
    server.wait_document("far", "n", 1)


def test_an_exclusive_one_lets_go_before_its_new_code_begins(hub: MakeHub, write: Write) -> None:
    text = """
import socket
INTERVAL = 0.1
ISOLATE = True
EXCLUSIVE = True
n = 0
def setup(agent):
    global server
    server = socket.create_server(("127.0.0.1", {port}))
def work(agent):
    global n
    n += 1
    {more}
    return {{"n": n, "version": {version}}}
def close(agent):
    server.close()
def save():
    return n
def load(state):
    global n
    server.getsockname()
    n = state
"""
    port = free_port()
    write("far", text.format(port=port, version=1, more="pass"))
    server = hub()
    before = server.wait_document("far", "version", 1)["n"]
    write("far", text.format(port=port, version=2, more="pass"))
    assert "Refused" not in server.proxy.Reload()
    assert server.wait_document("far", "version", 2)["n"] > before
    write("far", text.format(port=port, version=3, more="raise ValueError"))
    server.proxy.Reload()
    wait_for(lambda: "its old code runs on" in server.log())
    newest = server.document("far")["n"]
    wait_for(lambda: server.document("far")["n"] > newest + 2)
    assert server.document("far")["version"] == 2


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
    with isolated(path, settings()) as (runner, board):
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
    with isolated(path, settings()) as (runner, board):
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
    path = write("far", HEAD + f"""
TIMEOUT = 60
def work(agent):
    if agent.last:
        open({str(tmp_path / "begun")!r}, "w").close()
        time.sleep(60)
    return {{"pid": os.getpid()}}
def close(agent):
    open({str(tmp_path / "closed")!r}, "w").close()
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        pid = run(runner, board)["pid"]
    assert not psutil.pid_exists(pid)
    assert (tmp_path / "closed").exists()
    with isolated(path, settings()) as (runner, board):
        pid = run(runner, board)["pid"]
        runner.take_place(0.0, HandOver())
        runner.wake()
        wait_for((tmp_path / "begun").exists)
    assert not psutil.pid_exists(pid)
    assert "its agent was ended while it ran" in str(runner.record.last_error)


# -- the import and the contract


def test_the_contract_of_a_file_is_the_same_though_the_hub_never_imports_it(
    write: Write, settings: MakeSettings, tmp_path: Path
) -> None:
    path = write("far", f"""
import os
with open({str(tmp_path / "importers")!r}, "a") as file: file.write(str(os.getpid()) + "\\n")
INTERVAL = 2
OFFSET = 0.5
KEY = "Petra"
TIMEOUT = 7
ISOLATE = True
MEMORY = "1.5 GB"
FIELDS = {{"a": {{"unit": "mA", "min": 3, "dtype": "enum", "dims": 1, "labels": ["x", "y"]}}, "b": {{}}}}
SETTINGS = {{"device": "a/b/c", "limit": 1.5, "names": ["x"]}}
def work(agent): return {{}}
def load(state): pass
""")  # fmt: skip
    apart = loader.load(agents(settings, path, limit=2)).contracts["far"]
    assert apart.isolate
    [process] = processes()
    assert (tmp_path / "importers").read_text().split() == [str(process.pid)]
    apart.discard()
    assert processes() == []
    here = loader.load(agents(settings, path, limit=2, isolate=False)).contracts["far"]
    names = {field.name for field in fields(apart)}
    names -= {"isolate", "digest", "origin", "work", "setup", "close", "save", "load", "discard"}
    assert {name: getattr(apart, name) for name in names} == {name: getattr(here, name) for name in names}
    assert apart.memory == 1_500_000_000
    assert (apart.save is None, apart.load is None) == (here.save is None, here.load is None) == (True, False)
    apart.discard()  # any number of times


def test_broken_files_are_refused_with_the_same_words_as_in_the_hub(write: Write, settings: MakeSettings) -> None:
    names = list(BROKEN)[::3]  # their sentences all come the same way
    for name in names:
        write(f"bad_{name}", BROKEN[name][0])
    said = [
        loader.load(replace(settings(), agents={f"bad_{name}": {"isolate": asked} for name in names}))
        for asked in (False, True)
    ]
    for contract in said[1].contracts.values():
        contract.discard()
    assert said[0].refused == said[1].refused
    assert len(said[1].refused) > 10
    assert processes() == []


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("ctypes.string_at(0)", "its process ended with SIGSEGV in import; correct the file"),
        ("os._exit(3)", "its process ended with exit code 3 in import; correct the file"),
        ("os.kill(os.getpid(), 40)", "its process ended with signal 40 in import"),
        ("time.sleep(60)", "still importing after 1 s; move slow work from the top of the file into setup"),
        ("ctypes.PyDLL(None).sleep(60)", "still importing after 1 s"),  # holds the interpreter's lock
        ("os.kill(os.getpid(), 19)", "still importing after 1 s"),  # SIGSTOP
        ("os.closerange(3, 99); time.sleep(60)", "its process closed its pipe to the hub in import"),
        ("x = [bytes(1000) for _ in range(10**7)]", "allows, so it was killed; keep less, or allow more: MEMORY in"),
        ("x = bytes(10**12)", "wanted more than MEMORY (200 MB) allows, so it was killed; keep less"),
    ],
)
def test_a_file_that_ends_or_holds_up_its_process_is_refused(
    top: str, said: str, write: Write, settings: MakeSettings
) -> None:
    path = write("far", f"{HEAD}{top}\ndef work(agent): return {{}}\n")
    write("near", "INTERVAL = 1\ndef work(agent): return {}\n")
    loaded = loader.load(settings(load_timeout=1, isolate_memory="200 MB"))
    assert list(loaded.contracts) == ["near"]
    assert loaded.refused["far"].startswith(f"{path}: ")
    assert said in loaded.refused["far"]
    assert processes() == []


def test_a_process_that_does_not_start_is_given_up(
    write: Write, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("far", HEAD + "def work(agent): return {}\n")
    with monkeypatch.context() as patch:
        patch.setattr(hub_side, "START", 0.01)
        said = loader.load(settings()).refused["far"]
    assert said == f"{path}: its process has not started within 0.01 s; the machine may lack memory or time"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        said = loader.load(settings()).refused["far"]
    cure = "free memory, processes or file descriptors"
    assert said == f"{path}: its process cannot be started (No such file or directory); {cure}"
    assert processes() == []


def test_a_contract_that_is_not_taken_leaves_no_process(write: Write, settings: MakeSettings) -> None:
    far = "ISOLATE = True\nINTERVAL = 1\nKEY = 'k'\nFIELDS = {'x': {}}\ndef work(agent): return {}\n"
    write("a", far)
    write("b", far)
    write("c", "SETTINGS = {'device': ...}\n" + far)
    first = loader.load(settings())
    assert list(first.contracts) == ["a"]
    assert list(first.refused) == ["b"]
    [process] = processes()
    write("a", far.replace("'k'", "'other'"))
    write("b", far.replace("'k'", "'other'"))
    second = loader.load(settings(), first.contracts)
    assert process in processes(), "the old code runs on until it is replaced"
    third = loader.load(settings(), second.contracts)
    assert third.contracts["a"] is second.contracts["a"]
    assert len(processes()) == 2, "what has not changed keeps its process"
    first.contracts["a"].discard()
    second.contracts["a"].discard()
    assert processes() == []


def test_the_process_outlives_the_thread_that_loaded_it(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + "def work(agent): return {'pid': os.getpid()}\n")
    loaded: list[loader.Loaded] = []
    thread = threading.Thread(target=lambda: loaded.append(loader.load(settings())))
    thread.start()
    thread.join(20)
    [process] = processes()
    with running(loaded[0].contracts[path.stem]) as (runner, board):
        assert run(runner, board)["pid"] == process.pid


# -- memory


@pytest.mark.parametrize(
    ("limit", "table"), [("MEMORY = '150 MB'\n", {}), ("MEMORY = '9 GB'\n", {"memory": 150_000_000})]
)
def test_a_leak_past_the_limit_costs_one_run(
    limit: str, table: dict[str, Any], write: Write, settings: MakeSettings
) -> None:
    path = write("far", HEAD + limit + """
kept = []
def work(agent):
    kept.append(np.ones(5_000_000))
    return {"pid": os.getpid(), "count": len(kept)}
""")  # fmt: skip
    with isolated(path, agents(settings, path, **table)) as (runner, board):
        found = [run(runner, board) for _ in range(6)]
    counts = [document["count"] for document in found]
    assert counts[:2] == [1, 2]
    failed = counts.index(None)
    assert counts[failed + 1] == 1, "it starts again with the next run"
    assert re.search(
        r"far.py: its process used \d\d\d MB and wanted more than MEMORY \(150 MB\) allows, so it was killed;"
        r" keep less, or allow more: MEMORY in the file, or memory in \[agents.far\]; it starts again with the next"
        r" run$",
        found[failed]["error"],
    )


def test_the_kernel_stops_what_is_faster_than_the_looks(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
MEMORY = "200 MB"
def work(agent):
    try: return {"size": len(bytes(700_000_000))}
    except MemoryError: return {"size": -1}
def close(agent):
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, (10**12, 10**12))
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        assert run(runner, board)["size"] == -1, "a plugin may cope with it"
    assert runner.outcome.close_error is not None, "it cannot raise its own limit"


def test_a_limit_for_all_is_a_setting(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + "def work(agent): return {'x': len([bytes(1000) for _ in range(200_000)])}\n")
    with isolated(path, settings(isolate_memory="100 MB")) as (runner, board):
        assert "wanted more than MEMORY (100 MB) allows" in run(runner, board)["error"]


# -- what a plugin does to its process


def test_nothing_that_is_printed_or_read_comes_between(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
import subprocess, sys
print("at import", flush=True)
def work(agent):
    print('["done", {"x": 1}]', flush=True)
    os.write(1, b'["done", {"x": 2}]\\n')
    libc = ctypes.CDLL(None)
    libc.puts(b'["done", {"x": 3}]'); libc.fflush(None)
    subprocess.run(["echo", '["done", {"x": 4}]'])
    return {"x": 5, "read": sys.stdin.read() + subprocess.run("cat", capture_output=True, text=True).stdout}
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        assert (run(runner, board)["x"], run(runner, board)["read"]) == (5, "")


def test_results_that_cannot_be_taken_cost_one_run_each(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
n = 0
def deeper(): deeper()
def work(agent):
    global n
    n += 1
    return {"x": __import__("numpy").zeros(3_000_000) if n == 1 else deeper() if n == 2 else n}
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        assert "work returned more than 16777216 bytes of JSON; return less" in run(runner, board)["error"]
        assert ": line 8: RecursionError: maximum recursion" in run(runner, board)["error"]
        assert run(runner, board)["x"] == 3, "the same process"


def test_what_answers_nonsense_is_killed(
    write: Write, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(piped_child, "LONGEST", 5_000_000)  # in the hub only
    path = write("far", HEAD + f"""
def work(agent):
    open({str(tmp_path / "runs")!r}, "a").write("x")
    n = os.path.getsize({str(tmp_path / "runs")!r})
    bell = __import__("sys").argv[-1]
    pipe = max(int(fd) for fd in os.listdir("/proc/self/fd")
               if fd != bell and "pipe" in os.path.realpath(f"/proc/self/fd/{{fd}}"))
    if n == 1: os.write(pipe, b"no JSON\\n")
    if n == 2: os.write(pipe, b"[3]\\n")
    if n == 3: return {{"x": __import__("numpy").zeros(1_000_000)}}
    return {{"x": n}}
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        for why in ("Expecting value", "not enough values", "a line of more than 5000000 bytes"):
            error = run(runner, board)["error"]
            assert f"its process sent what is no answer to work ({why}" in error
            assert error.endswith("and was killed; correct the file; it starts again with the next run")
        assert run(runner, board)["x"] == 4


def test_what_a_plugin_started_ends_with_it(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    path = write("far", HEAD + f"""
import subprocess, threading
TIMEOUT = 1
def work(agent):
    threading.Thread(target=time.sleep, args=(60,)).start()
    pid = subprocess.Popen(["sleep", "60"]).pid
    open({str(pids)!r}, "a").write(f"{{pid}}\\n")
    n = open({str(pids)!r}).read().count("\\n")
    if n == 1: os._exit(1)
    if n == 2: time.sleep(60)
    return {{"x": n}}
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        assert [run(runner, board).get("x") for _ in range(3)] == [None, None, 3]
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 3
    wait_for(lambda: all(gone(pid) for pid in started))


def test_a_stopped_process_is_killed_at_the_timeout(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + """
TIMEOUT = 0.5
def work(agent): return {"pid": os.getpid()}
def save(): return 1
def load(state): pass
""")  # fmt: skip
    with isolated(path, settings()) as (runner, board):
        pid = run(runner, board)["pid"]
        os.kill(pid, signal.SIGSTOP)
        assert "TIMEOUT (0.5 s); its process was killed" in run(runner, board)["error"]
        assert gone(pid)
        assert run(runner, board)["pid"] != pid


def test_an_end_between_two_runs_costs_none(
    write: Write, settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    path = write("far", HEAD + "def work(agent): return {'pid': os.getpid()}\n")
    with isolated(path, settings()) as (runner, board):
        pid = run(runner, board)["pid"]
        os.kill(pid, signal.SIGABRT)
        wait_for(lambda: not psutil.pid_exists(pid))
        assert run(runner, board)["pid"] != pid
    assert "its process ended with SIGABRT between two runs; it starts again" in caplog.text


@pytest.mark.parametrize("hang", ["time.sleep(60)", "ctypes.PyDLL(None).sleep(60)"])
def test_the_process_dies_with_its_hub(hang: str, write: Write, tmp_path: Path) -> None:
    path = write("far", HEAD + f"""
def work(agent):
    with open({str(tmp_path / "pid")!r}, "w") as file: file.write(str(os.getpid()))
    {hang}
""")  # fmt: skip
    hub = subprocess.Popen([sys.executable, "-m", "WardenServer", "try", str(path)], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        child = int((tmp_path / "pid").read_text())
    finally:
        os.kill(hub.pid, signal.SIGKILL)
        hub.wait()
    wait_for(lambda: gone(child))


def test_a_file_that_is_still_importing_does_not_hold_up_the_end_of_the_hub(write: Write, folder: Path) -> None:
    begun = folder / "begun"
    write("far", HEAD + f"open({str(begun)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    code = f"""
import pathlib, threading, time
from WardenServer.loading import loader
from WardenServer.settings import config
settings = config.load(environment={{}}, options={{"plugin_folders": [{str(folder)!r}], "load_timeout": 50}})
threading.Thread(target=loader.load, args=(settings,), daemon=True).start()
while not (pathlib.Path({str(begun)!r}).exists() and pathlib.Path({str(begun)!r}).read_text()): time.sleep(0.01)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=15, check=False).returncode == 0
    wait_for(lambda: gone(int(begun.read_text())))


# -- state


def test_state_is_handed_over(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + STATEFUL)
    with isolated(path, settings()) as (runner, board):
        run(runner, board)
        assert run(runner, board)["n"] == 2
        state = runner.contract.save()  # type: ignore[misc]
    with isolated(path, settings()) as (runner, board):
        runner.contract.load(state)  # type: ignore[misc]
        assert run(runner, board)["n"] == 3
        [process] = processes()
        process.kill()
        wait_for(lambda: not process.is_running())
        assert runner.contract.save() is None  # type: ignore[misc]
        assert run(runner, board)["n"] == 1, "after a crash it begins anew"


def test_state_that_cannot_be_handed_over_is_told_at_once(write: Write, settings: MakeSettings) -> None:
    path = write("far", HEAD + STATEFUL.replace("save(): return n", "save(): return {n}"))
    with isolated(path, settings()) as (runner, board):
        contract = runner.contract
        assert run(runner, board)["n"] == 1
        assert contract.save is not None
        assert contract.load is not None
        with pytest.raises(PluginError, match=r"save returned what JSON cannot hold .Object of type set"):
            contract.save()
        with pytest.raises(PluginError, match=r"save returned what JSON cannot hold .Object of type set"):
            contract.load({1})
        with pytest.raises(PluginError, match=r"far.py:15: TypeError: can only concatenate str"):
            contract.load("x")
        assert run(runner, board)["n"] == 2, "no answer is taken for another's"


def test_a_state_that_is_not_read_blocks_nobody(
    write: Write, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_side, "STATE", 0.3)
    path = write("far", HEAD + STATEFUL)
    with isolated(path, settings()) as (runner, board):
        contract = runner.contract
        assert contract.load is not None
        assert contract.save is not None
        contract.load(7)
        pid = run(runner, board)["pid"]
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(PluginError, match=r"load has not ended within 0.3 s"):
            contract.load("x" * 1_000_000)
        assert gone(pid)
        assert contract.save() is None
        contract.load(7)
        assert run(runner, board)["n"] == 8
