"""C code that hangs with the interpreter's lock held, or crashes: the server ends, is started again, and says why."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from WardenServer.machine.child import Keeper
from WardenServer.watchdog import agents_at_work

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
#: Holds the interpreter's lock, in its third run.
HANGS = """import ctypes
INTERVAL = 0.2
OFFSET = 1
n = 0
def work(agent):
    global n
    n += 1
    if n == 3:
        ctypes.PyDLL(None).sleep(1000)
    return {'n': n}
"""
CRASHES = HANGS.replace("ctypes.PyDLL(None).sleep(1000)", "ctypes.string_at(0)")
#: At work all the time, and innocent.
WAITS = "import time\nINTERVAL = 0.1\nOFFSET = 0\ndef work(agent):\n    agent.stopping.wait()\n"
LIMIT = "2"

Write = Callable[..., Path]


def wait_end(server: Hub) -> None:
    wait_for(lambda: not server.alive, 15, "for the end of the server that hangs")


def start_again(server: Hub) -> None:
    """As `warden up` does it."""
    keeper = Keeper(server)
    wait_for(lambda: keeper.look(time.monotonic()) == "" and server.alive, 10)
    wait_for(server.answers, 10, f"for the new server; {server.log()}")


def test_an_agent_that_hangs_with_the_lock_is_named_and_held_back_until_its_code_changes(
    hub: MakeHub, write: Write
) -> None:
    write("quick", QUICK)
    path = write("spin", HANGS)
    server = hub(hang_limit=LIMIT)
    server.wait_document("spin", "n", 2)
    wait_end(server)
    assert server.code == 1
    start_again(server)
    status = server.wait_state("ALARM")
    said = f"the server hung for 2 s and has started again: C code held the interpreter's lock in spin at {path}:9"
    for text in (status, server.log()):
        assert said in text
        assert f"set ISOLATE = True in {path}" in text
    assert f"spin: stopped: held back: {said.partition('has')[0]}" in status
    stacks = server.settings.state_folder / "logs" / f"{server.settings.instance}-hang.txt.1"
    assert f'File "{path}", line 9 in work' in stacks.read_text()
    server.wait_document("quick", "n")

    server.proxy.Init()
    assert "spin: stopped: held back:" in server.proxy.status(), "as it would hang again"
    assert said not in server.log().partition("Init")[2]
    path.write_text(HANGS.replace("OFFSET = 1", "ISOLATE = True\nTIMEOUT = 0.5\nOFFSET = 0"))
    server.proxy.Reload()
    assert server.wait_document("spin", "n", 1)
    server.wait_document("spin", "error")
    assert server.alive


def test_start_agent_runs_it_as_it_is(hub: MakeHub, write: Write) -> None:
    write("spin", HANGS)
    server = hub(hang_limit=LIMIT)
    wait_end(server)
    start_again(server)
    server.wait_state("ALARM")
    server.proxy.StartAgent("spin")
    wait_end(server)
    start_again(server)
    assert "spin: stopped" in server.wait_state("ALARM")


def test_a_crash_in_c_code_is_told_by_its_own_thread(hub: MakeHub, write: Write) -> None:
    path = write("spin", CRASHES)
    write("waits", WAITS)
    server = hub(hang_limit=LIMIT)
    wait_end(server)
    assert server.code == -signal.SIGSEGV
    start_again(server)
    status = server.wait_state("ALARM")
    assert f"the server crashed (Segmentation fault) and has started again: C code in spin at {path}:9" in status
    assert "waits" not in status


def test_a_server_that_is_stopped_for_less_than_the_limit_goes_on(hub: MakeHub, write: Write) -> None:
    write("quick", QUICK)
    server = hub(hang_limit="4")
    before = server.wait_document("quick", "n")["n"]
    os.kill(server.pid or 0, signal.SIGSTOP)
    time.sleep(2.5)  # the time itself is what is tested
    os.kill(server.pid or 0, signal.SIGCONT)
    server.wait_document("quick", "n", before + 20)
    assert server.alive


def test_one_that_is_stopped_for_longer_starts_again_and_blames_nobody(hub: MakeHub, write: Write) -> None:
    write("quick", QUICK)
    write("waits", WAITS)
    server = hub(hang_limit=LIMIT)
    server.wait_document("quick", "n")
    os.kill(server.pid or 0, signal.SIGSTOP)
    time.sleep(3.5)  # the time itself is what is tested
    os.kill(server.pid or 0, signal.SIGCONT)
    wait_end(server)
    start_again(server)
    status = server.wait_state("ALARM")
    assert "the server was stopped for" in status
    assert "held back" not in status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_other_ends_say_nothing_and_an_end_in_order_leaves_nothing(
    hub: MakeHub, write: Write, number: signal.Signals
) -> None:
    write("quick", QUICK)
    server = hub()
    server.wait_document("quick", "n")
    place = agents_at_work.place(server.settings)
    assert place.exists()
    os.kill(server.pid or 0, number)
    wait_end(server)
    assert place.exists() == (number == signal.SIGKILL)
    start_again(server)
    assert "has started again" not in server.wait_state("RUNNING")
