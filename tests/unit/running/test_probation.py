"""A reload under load is exact: no run lost, none doubled, and what fails keeps the old code."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.unit.running.test_runner import make
from WardenServer.errors import WardenError
from WardenServer.hub.warden import Warden
from WardenServer.running import look
from WardenServer.running.probation import Probation
from WardenServer.running.request import Request
from WardenServer.settings import config

Write = Callable[..., Path]

COUNTER = """
import threading
INTERVAL = 0.1
OFFSET = 0
n = 0
version = {version!r}
def work(agent):
    global n
    n += 1
    threading.runs_of_test.append((agent.name, version, n))
    {more}
    return {{"n": n, "version": version}}
def save():
    return n
def load(state):
    global n
    n = state
"""


def counter(version: str, more: str = "pass") -> str:
    return COUNTER.format(version=version, more=more)


@pytest.fixture
def runs() -> Iterator[list[tuple[str, str, int]]]:
    """Every run of the counters, in order: agent, version of its code, count."""
    threading.runs_of_test = []  # type: ignore[attr-defined]
    yield threading.runs_of_test  # type: ignore[attr-defined]
    del threading.runs_of_test  # type: ignore[attr-defined]


@pytest.fixture
def hub(settings: Callable[..., config.Settings]) -> Iterator[Callable[..., Warden]]:
    made: list[Warden] = []

    def make(**options: Any) -> Warden:
        warden = Warden(settings(memcached=["127.0.0.1:1"], hang_limit="0", **options))
        warden.open(5)
        made.append(warden)
        return warden

    yield make
    for warden in made:
        warden.close(5)


def agent(warden: Warden, name: str) -> dict[str, Any]:
    warden.info()
    return asdict(warden.health.agents[name])


def test_no_run_is_lost_or_doubled_over_many_reloads(hub: Callable[..., Warden], write: Write, runs: list[Any]) -> None:
    names = [f"c{number}" for number in range(20)]
    for name in names:
        write(name, counter("0"))
    warden = hub()
    for version in range(1, 6):
        for name in names:
            write(name, counter(str(version)))
        warden.reload(5)
        wait_for(lambda: all(agent(warden, name)["pending"] is False for name in names))
    wait_for(lambda: {run[1] for run in runs[-20:]} == {"5"})
    warden.stop()
    wait_for(lambda: not any(runner.busy for runner in warden.agents.runners.values()))
    for name in names:
        mine = [n for who, _, n in runs if who == name]
        assert mine == list(range(1, len(mine) + 1)), "each run is counted on from the one before"
        assert agent(warden, name)["runs"] == len(mine)
        assert len(mine) + agent(warden, name)["skipped"] in (warden._scheduler.ticks, warden._scheduler.ticks + 1)


def test_what_was_said_of_the_old_code_is_known_of_the_new(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    good = [False]

    def work(agent: Any) -> dict[str, Any]:
        return {"x": 1 if good[0] else object()}

    old = make(work)
    old.run_once()
    old.record.skipped = 2
    look.watch(old)
    look.watch(old)
    new = make(work, before=old)
    Probation(old, new, lambda *_: None)
    good[0] = True
    new.run_once()
    look.watch(new)
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "skipped" in line]) == 2, "that they were, and that it is over"
    assert said[-1] == "agent a is good again after 1 failure(s) in a row"


def test_new_code_that_fails_its_first_run_is_refused_and_the_old_runs_for_the_same_tick(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    write("c", counter("old"))
    warden = hub()
    wait_for(lambda: len(runs) > 2)
    path = write("c", counter("new", "raise OSError('no such motor')"))
    answer = warden.reload(5)
    assert f"{path}:11: OSError: no such motor" in answer
    seen = len(runs)
    wait_for(lambda: len(runs) > seen + 2)
    at = next(place for place, run in enumerate(runs) if run[1] == "new")
    assert runs[at + 1] == ("c", "old", runs[at][2]), "the run it spoilt is done again by the old code"
    assert [run[1] for run in runs].count("new") == 1
    about = agent(warden, "c")
    assert about["state"] == "failing"
    assert "the old code runs on" in about["last_error"]
    assert about["failures"] == 0
    write("c", counter("newer"))
    assert "Refused" not in warden.reload(5)
    assert agent(warden, "c")["state"] == "good"


def test_new_code_whose_first_run_hangs_gives_way_to_the_old(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    threading.gate_of_test = threading.Event()  # type: ignore[attr-defined]
    write("c", counter("old"))
    warden = hub()
    wait_for(lambda: len(runs) > 2)
    write("c", "TIMEOUT = 0.5\n" + counter("new", "threading.gate_of_test.wait(30)"))
    assert "c: its new code is tried at its next run" in warden.reload(0.3)
    wait_for(lambda: "its first run has not ended" in str(agent(warden, "c")["last_error"]))
    seen = len(runs)
    wait_for(lambda: len(runs) > seen + 2)
    assert {run[1] for run in runs[seen:]} == {"old"}
    threading.gate_of_test.set()  # type: ignore[attr-defined]
    wait_for(lambda: warden.agents.left["c"].join(0))
    document = warden.board.document("c")
    assert document is not None
    assert document["version"] == "old", "what comes too late is not published"


def test_new_code_of_a_daily_agent_is_tried_at_once(hub: Callable[..., Warden], write: Write, runs: list[Any]) -> None:
    write("daily", counter("old").replace("INTERVAL = 0.1", "INTERVAL = 86400"))
    warden = hub()
    wait_for(lambda: len(runs) == 1)
    write("daily", counter("new").replace("INTERVAL = 0.1", "INTERVAL = 86400"))
    warden.reload(5)
    assert runs == [("daily", "old", 1), ("daily", "new", 2)]


def test_new_code_waits_while_the_hub_or_the_agent_is_stopped(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    write("c", counter("old"))
    warden = hub(autostart=False)
    write("c", counter("new"))
    assert "c: its new code is tried at its next run" in warden.reload(0.5)
    assert agent(warden, "c")["pending"] is True
    assert "its new code waits" in warden.health.status
    warden.stop_agent("c")
    warden.start()
    write("c", counter("newest"))
    warden.reload(0.3)
    assert runs == []
    warden.start_agent("c")
    wait_for(lambda: len(runs) > 1)
    assert {run[1] for run in runs} == {"newest"}


def test_a_reload_takes_on_another_interval_and_key(hub: Callable[..., Warden], write: Write, runs: list[Any]) -> None:
    write("c", counter("old"))
    warden = hub()
    wait_for(lambda: runs)
    write("c", "KEY = 'other'\n" + counter("new").replace("INTERVAL = 0.1", "INTERVAL = 86400"))
    warden.reload(5)
    wait_for(lambda: runs[-1][1] == "new")
    assert warden.board.keys().count("c") == 0
    document = warden.board.document("other")
    assert document is not None
    assert document["n"] == runs[-1][2]
    ticks = warden._scheduler.ticks
    wait_for(lambda: warden._scheduler.ticks > ticks + 5)
    assert runs[-1][1] == "new"
    assert [run[1] for run in runs].count("new") == 1


def test_an_agent_whose_file_goes_while_its_new_code_waits(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    write("c", counter("old"))
    write("other", counter("old"))
    warden = hub(autostart=False)
    path = write("c", counter("new"))
    warden.reload(0.2)
    path.unlink()
    warden.reload(5)
    warden.start()
    wait_for(lambda: runs)
    assert {run[0] for run in runs} == {"other"}


def test_new_code_of_an_agent_of_the_calendar_is_taken_on_without_a_run(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    write("c", counter("old").replace("INTERVAL = 0.1\nOFFSET = 0", "AT = '00:00'"))
    warden = hub()
    warden.run_agent("c")
    wait_for(lambda: runs == [("c", "old", 1)])
    wait_for(lambda: agent(warden, "c")["runs"] == 1)
    write("c", counter("new").replace("INTERVAL = 0.1\nOFFSET = 0", "AT = '00:00'"))
    warden.reload(5)
    assert agent(warden, "c")["pending"] is False
    assert (runs, agent(warden, "c")["runs"], agent(warden, "c")["at"]) == ([("c", "old", 1)], 1, "00:00")
    warden.run_agent("c")
    wait_for(lambda: runs[-1] == ("c", "new", 2), what="for a run with the state of the old code")


OWNS = """
import socket, threading
INTERVAL = 0.1
EXCLUSIVE = True
version, port, n = {version!r}, {port}, 0
def setup(agent):
    global server
    server = socket.create_server(("127.0.0.1", port))
def work(agent):
    global n
    n += 1
    threading.runs_of_test.append((agent.name, version, n))
    {more}
    return {{"version": version}}
def close(agent):
    server.close()
def save():
    return n
def load(state):
    global n
    n = state
"""


def test_an_agent_that_owns_a_port_is_closed_before_its_new_code_is_set_up(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    port = free_port()
    write("c", OWNS.format(version="old", port=port, more="pass"))
    warden = hub()
    wait_for(lambda: len(runs) > 2)
    write("c", OWNS.format(version="new", port=port, more="pass"))
    assert "Refused" not in warden.reload(5)
    wait_for(lambda: runs[-1][1] == "new")
    path = write("c", OWNS.format(version="broken", port=port, more="raise OSError('no such motor')"))
    assert f"{path}:13: OSError: no such motor" in warden.reload(5)
    seen = len(runs)
    wait_for(lambda: len(runs) > seen + 2)
    assert {run[1] for run in runs[seen:]} == {"new"}, "the old code is set up again"
    counts = [n for _, version, n in runs if version != "broken"]
    assert counts == list(range(1, len(counts) + 1)), "with its state, and no run is lost"
    assert agent(warden, "c")["failures"] == 0
    socket.create_connection(("127.0.0.1", port), 2).close()
    warden.stop()


def test_old_code_that_cannot_be_closed_goes_on(hub: Callable[..., Warden], write: Write, runs: list[Any]) -> None:
    text = OWNS.format(version="old", port=free_port(), more="pass")
    write("c", text.replace("return n", "raise ValueError('full')"))
    warden = hub()
    wait_for(lambda: runs)
    write("c", OWNS.format(version="new", port=free_port(), more="pass"))
    assert "the old code cannot be closed (ValueError('full'))" in warden.reload(5)
    seen = len(runs)
    wait_for(lambda: len(runs) > seen + 2)
    assert {run[1] for run in runs} == {"old"}


def test_new_code_of_the_calendar_that_cannot_be_set_up_has_the_old_run_no_sooner(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    text = counter("old").replace("INTERVAL = 0.1\nOFFSET = 0", "AT = '00:00'\nEXCLUSIVE = True")
    opened = "def setup(agent):\n    {}\n    threading.runs_of_test.append(('opened', version, 0))\n"
    write("c", text + opened.format("pass"))
    warden = hub()
    warden.run_agent("c")
    wait_for(lambda: ("c", "old", 1) in runs)
    wait_for(lambda: agent(warden, "c")["runs"] == 1)
    write("c", text.replace("'old'", "'new'") + opened.format("raise OSError('no such port')"))
    assert "no such port" in warden.reload(5)
    assert [run[:2] for run in runs] == [("opened", "old"), ("c", "old"), ("opened", "old")], "it is only set up again"


ANSWERS = COUNTER + """
answering = False
def answer(agent, request):
    global answering
    answering = True
    threading.gate_of_test.wait(5)
    answering = False
    return version
def save():
    assert not answering, "code of one agent runs twice at once"
    return n
"""


def test_new_code_waits_for_an_answer_and_answers_what_was_not_answered_yet(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    threading.gate_of_test = gate = threading.Event()  # type: ignore[attr-defined]
    write("c", ANSWERS.format(version="old", more="pass"))
    warden = hub()
    wait_for(lambda: runs)
    assert warden.ask_agent("c", 1, 0.05) is None
    write("c", ANSWERS.format(version="new", more="pass"))
    warden.reload(0.3)
    late = Request(2)
    warden.agents.runners["c"].ask(late)
    gate.set()
    wait_for(lambda: runs[-1][1] == "new")
    assert late.wait(5) in ('"old"', '"new"')
    assert json.loads(warden.ask_agent("c", 3, 5) or "") == "new"
    assert warden.agents.loaded.refused == {}


def test_while_new_code_hangs_a_request_is_refused_and_the_old_code_runs(
    hub: Callable[..., Warden], write: Write, runs: list[Any]
) -> None:
    threading.gate_of_test = gate = threading.Event()  # type: ignore[attr-defined]
    write("c", ANSWERS.format(version="old", more="pass"))
    warden = hub()
    wait_for(lambda: runs)
    write("c", "TIMEOUT = 0.5\n" + ANSWERS.format(version="new", more="threading.gate_of_test.wait(30)"))
    warden.reload(0.3)
    wait_for(lambda: "its first run has not ended" in str(agent(warden, "c")["last_error"]))
    with pytest.raises(WardenError, match="is tried just now; ask again later"):
        warden.ask_agent("c", 1, 5)
    seen = len(runs)
    wait_for(lambda: len(runs) > seen + 2)
    gate.set()
    wait_for(lambda: warden.agents.left["c"].join(0))
