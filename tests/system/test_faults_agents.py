"""Agents that do all they can to stop the hub: their neighbours run on, and people are told who it is."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.conftest import MakeHub

Write = Callable[..., Path]

GOOD = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"

BAD = {
    "raises": "    raise OSError('no motor')\n",
    "exits": "    raise SystemExit(3)\n",
    "recurses": "    return work(agent)\n",
    "floods": "    return {'x': ['x' * 1000] * 50_000, 'y': [0.5] * 3_000_000}\n",
    "hangs": "    threading.Event().wait(60)\n",
    "burns": "    until = time.monotonic() + 8\n    while time.monotonic() < until: pass\n    return {}\n",
}


def about(server: Any, name: str) -> dict[str, Any]:
    return dict(server.wait_document(f"warden.{server.settings.instance}", "agents")["agents"][name])


@pytest.mark.alone  # whether a run is skipped is a matter of time
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_agent_costs_its_neighbours_no_run_and_stop_and_reload_answer(
    kind: str, hub: MakeHub, write: Write
) -> None:
    write("good", GOOD)
    head = "import threading, time\nINTERVAL = 0.5\nOFFSET = 0\nTIMEOUT = 1\ndef work(agent):\n"
    path = write(kind, head + BAD[kind])
    server = hub()
    proxy = server.proxy
    if kind == "burns":
        wait_for(lambda: "burns uses" in proxy.status(), 15, "for the name of who burns the processor")
    else:
        wait_for(lambda: f"{kind} is" in proxy.status(), 15)
    assert str(path) in proxy.status()
    skipped = about(server, "good")["skipped"]  # in the first second, beside the start of all else, one may be
    assert skipped <= 1
    before = server.document("good")["n"]
    wait_for(lambda: server.document("good")["n"] > before + 20)
    assert about(server, "good")["skipped"] == skipped
    for command in ("Stop", "Start", "Reload", "GetInfo"):
        began = time.monotonic()
        proxy.command_inout(command)
        assert time.monotonic() - began < 1.5, f"{command} is to answer within 1 s"


def test_a_hung_agent_is_shown_with_age_line_and_stack_and_its_overrun_is_logged(hub: MakeHub, write: Write) -> None:
    write("good", GOOD)
    path = write(
        "hangs",
        "import threading\nINTERVAL = 0.1\nTIMEOUT = 1\n"
        "def wait_for_motor():\n    threading.Event().wait(60)\n"
        "def work(agent):\n    wait_for_motor()\n    return {}\n",
    )
    server = hub()
    wait_for(lambda: "hangs is stalled" in server.proxy.status(), 15)
    status = server.proxy.status()
    assert f"{path}:5 in wait_for_motor" in status
    assert "ISOLATE = True" in status
    assert "hangs skips: " in status
    info = server.proxy.GetInfo()
    assert f"{path}:7 in work" in info
    assert " in wait\n" in info + "\n"
    wait_for(lambda: "runs were skipped, since runs take longer than INTERVAL" in server.log())


def test_an_agent_that_overruns_now_and_then_says_when_it_is_over(hub: MakeHub, write: Write) -> None:
    write(
        "slow",
        "import time\nINTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n"
        "    if n == 5: time.sleep(2.5)\n    return {'n': n}\n",
    )
    server = hub()
    wait_for(lambda: "runs on time again" in server.log(), 15)
    assert "agent slow: " in server.log()
    assert "slow skips" not in server.proxy.status()


def test_an_agent_that_fails_pauses_longer_and_longer_and_is_good_at_once(
    hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    cure = tmp_path / "cure"
    write(
        "fails",
        f"import pathlib\nINTERVAL = 0.1\ndef work(agent):\n    if not pathlib.Path({str(cure)!r}).exists():\n"
        "        raise OSError('no motor')\n    return {'x': 1}\n",
    )
    server = hub()
    wait_for(lambda: "tried every 1.6 s" in server.proxy.status(), 15)
    assert about(server, "fails")["failures"] < 10
    assert about(server, "fails")["skipped"] == 0
    cure.touch()
    server.proxy.RunAgent("fails")
    server.wait_document("fails", "x", 1, 3)
    runs = about(server, "fails")["runs"]
    wait_for(lambda: about(server, "fails")["runs"] > runs + 10, 5, "for runs at its interval")
    assert server.log().count("agent fails fails") == 1


def test_sigusr1_reloads_and_the_log_says_what_came_of_it(hub: MakeHub, write: Write) -> None:
    write("good", GOOD)
    server = hub()
    server.wait_document("good", "n")
    write("more", GOOD)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGUSR1)
    server.wait_document("more", "n")
    wait_for(lambda: "reload by SIGUSR1: 2 agents run" in server.log())
    path = write("more", "INTERVAL = 0.1\ndef work(agent) return 1\n")
    os.kill(server.pid, signal.SIGUSR1)
    wait_for(lambda: f"{path}:2: not valid Python" in server.log())
    assert server.alive


def test_changed_files_and_settings_are_taken_on_by_themselves_with_watch(hub: MakeHub, write: Write) -> None:
    write("good", GOOD)
    server = hub(watch="yes")
    server.wait_document("good", "n")
    path = write("more", GOOD)
    server.wait_document("more", "n")
    write("more", GOOD.replace("'n': n", "'n': n, 'version': 2"))
    server.wait_document("more", "version", 2)
    path.unlink()
    wait_for(lambda: "more" not in server.document(f"warden.{server.settings.instance}")["agents"])
    server.file.write_text("[agents.good]\ninterval = 0.2\n")
    wait_for(lambda: about(server, "good")["interval"] == 0.2)
