"""The parts put together, without Tango and with a Memcached that is away."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import WardenError
from WardenServer.hub.warden import Warden
from WardenServer.running import runner
from WardenServer.settings import config, masking

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]

DAILY = "INTERVAL = 86400\nOFFSET = 0\ndef work(agent):\n    return {'x': 1}\n"


@pytest.fixture
def warden(settings: MakeSettings) -> Iterator[Callable[..., Warden]]:
    """Make and open a hub; it is closed at the end."""
    made: list[Warden] = []

    def make(**options: Any) -> Warden:
        hub = Warden(settings(memcached=["127.0.0.1:1"], hang_limit="0", **options))
        hub.open(5)
        made.append(hub)
        return hub

    yield make
    for hub in made:
        assert hub.close(5) == {}


def runs(hub: Warden, name: str) -> int:
    hub.info()
    return hub.health.agents[name].runs


def test_a_daily_agent_runs_at_its_offset_after_a_start_however_long_loading_took(
    warden: Callable[..., Warden], write: Write
) -> None:
    write("daily", DAILY)
    write("a_slow", "import threading\nthreading.Event().wait(0.5)\n" + DAILY)
    hub = warden()
    wait_for(lambda: runs(hub, "daily") == 1 and runs(hub, "a_slow") == 1)


def test_a_new_agent_runs_at_once_after_a_reload(warden: Callable[..., Warden], write: Write) -> None:
    write("first", DAILY)
    hub = warden()
    wait_for(lambda: runs(hub, "first") == 1)
    write("daily", DAILY)
    assert "2 agents run" in hub.reload(5)
    wait_for(lambda: runs(hub, "daily") == 1)
    assert runs(hub, "first") == 1


def test_without_autostart_it_waits_for_start(warden: Callable[..., Warden], write: Write) -> None:
    write("daily", DAILY)
    hub = warden(autostart=False)
    assert hub.health.state == "ON"
    assert runs(hub, "daily") == 0
    hub.start()
    wait_for(lambda: runs(hub, "daily") == 1)


def test_a_reload_that_still_goes_on_says_so_and_so_does_the_next(warden: Callable[..., Warden], write: Write) -> None:
    write("daily", DAILY)
    hub = warden()
    write("slow", "import threading\nthreading.Event().wait(1.0)\n" + DAILY)
    assert "goes on" in hub.reload(0.05)
    assert "last reload still goes on" in hub.reload(0.05)
    wait_for(lambda: "slow" in hub.health.agents)


def test_a_folder_that_has_gone_leaves_its_agents_running(
    warden: Callable[..., Warden], write: Write, folder: Path
) -> None:
    write("daily", DAILY)
    hub = warden()
    folder.rename(folder.with_name("elsewhere"))
    assert "cannot be read" in hub.reload(5)
    assert runs(hub, "daily") >= 0
    assert "the old code runs on" in str(hub.health.agents["daily"].last_error)


def test_state_that_cannot_be_handed_over_keeps_the_old_code(warden: Callable[..., Warden], write: Write) -> None:
    text = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\ndef save():\n    return 1\ndef load(state):\n    "
    write("keeps", text + "pass\n")
    hub = warden()
    write("keeps", text.replace("'x': 1", "'x': 2") + "raise SystemExit('no')\n")
    assert "its state cannot be handed over" in hub.reload(5)
    before = runs(hub, "keeps")
    wait_for(lambda: runs(hub, "keeps") > before)
    document = hub.board.document("keeps")
    assert document is not None
    assert document["x"] == 1


def test_a_hung_agent_is_left_behind_by_name_within_the_limit(settings: MakeSettings, write: Write) -> None:
    gate, entered = threading.Event(), threading.Event()
    threading.gate_of_test, threading.entered_of_test = gate, entered  # type: ignore[attr-defined]
    write(
        "hangs",
        "import threading\nINTERVAL = 0.1\ndef work(agent):\n"
        "    threading.entered_of_test.set()\n    threading.gate_of_test.wait(30)\n    return {}\n",
    )
    hub = Warden(settings(memcached=["127.0.0.1:1"], hang_limit="0"))
    hub.open(5)
    assert entered.wait(5)
    left = hub.close(1.0)
    assert list(left) == ["hangs"]
    gate.set()
    assert left["hangs"].join(5)


def test_commands_on_agents_that_are_not_there(warden: Callable[..., Warden], write: Write) -> None:
    write("daily", DAILY)
    hub = warden()
    for command in (hub.start_agent, hub.stop_agent, hub.run_agent):
        with pytest.raises(WardenError, match='there is no agent "nobody"; loaded are: daily'):
            command("nobody")


def test_secrets_are_masked_in_the_status(
    warden: Callable[..., Warden], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    masking.add("hunter2-of-status")
    hub = warden()
    monkeypatch.setattr(hub, "_problems", lambda: ["it is hunter2-of-status"])
    hub._refresh()
    assert "it is ***" in hub.health.status


BY_CALENDAR = "AT = '00:00'\ndef work(agent):\n    return {'x': 1}\n"


def test_what_the_calendar_asked_for_while_the_hub_was_down_is_done_at_its_start(
    warden: Callable[..., Warden], write: Write, settings: MakeSettings
) -> None:
    write("missed", BY_CALENDAR)
    write("new", BY_CALENDAR)
    place = settings().state_folder / f"{settings().instance}-runs.json"
    place.parent.mkdir()
    place.write_text('{"version": 1, "content": {"missed": 1e9}}')
    hub = warden()
    wait_for(lambda: runs(hub, "missed") == 1)
    assert runs(hub, "new") == 0, "of one that was never there nothing was missed"
    hub.agents.watch()
    known = json.loads(place.read_text())["content"]
    assert known["missed"] > 1.7e9
    assert known["new"] > 1.7e9


def test_an_agent_asks_for_a_run_from_a_thread_of_its_own(warden: Callable[..., Warden], write: Write) -> None:
    write("slow", """
import threading
INTERVAL = 3600
OFFSET = 3000
n = 0
def setup(agent):
    pass
def work(agent):
    global n
    n += 1
    if n < 4:
        thread = threading.Thread(target=agent.soon)
        thread.start()
        thread.join()
    return {"n": n}
""")
    hub = warden()
    hub.run_agent("slow")
    wait_for(lambda: runs(hub, "slow") == 4)


ANSWERS = """
import threading
INTERVAL = 0.1
priority, gate = 1, threading.Event()
def setup(agent):
    global ready
    ready = True
def work(agent):
    return {"priority": priority}
def answer(agent, request):
    global priority
    assert ready
    if request == "wait":
        gate.wait(10)
    elif request == "fail":
        raise ValueError("no such job")
    elif request == "object":
        return object()
    else:
        priority = request["priority"]
    return {"was": threading.current_thread().name}
def close(agent):
    gate.set()
"""


def test_an_agent_answers_what_it_is_asked_on_its_own_thread(warden: Callable[..., Warden], write: Write) -> None:
    write("jobs", ANSWERS)
    write("mute", DAILY)
    hub = warden()
    assert json.loads(hub.ask_agent("jobs", {"priority": 7}, 5) or "") == {"was": "agent jobs"}
    wait_for(lambda: (hub.board.document("jobs") or {}).get("priority") == 7)
    for request, said in (("fail", "jobs.py:16: ValueError: no such job"), ("object", "what JSON cannot hold")):
        with pytest.raises(WardenError, match=said):
            hub.ask_agent("jobs", request, 5)
    with pytest.raises(WardenError, match="has no function answer"):
        hub.ask_agent("mute", 1, 5)
    with pytest.raises(WardenError, match="there is no agent"):
        hub.ask_agent("nobody", 1, 5)


def test_a_request_that_takes_long_is_answered_later_and_there_are_only_so_many(
    warden: Callable[..., Warden], write: Write
) -> None:
    write("jobs", ANSWERS)
    hub = warden()
    assert hub.ask_agent("jobs", "wait", 0.05) is None
    for _ in range(runner.MOST_REQUESTS):
        assert hub.ask_agent("jobs", {"priority": 3}, 0) is None
    with pytest.raises(WardenError, match="has 100 requests to answer already"):
        hub.ask_agent("jobs", {"priority": 4}, 0)
    hub.agents.runners["jobs"].contract.work.__globals__["gate"].set()
    wait_for(lambda: (hub.board.document("jobs") or {}).get("priority") == 3)
