"""The agent run_differ in a hub: runs by command, its document, and one message for each difference."""

import itertools
import json
import signal
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from tests.system.proxies import http_proxy
from tests.system.web_hook import served
from WardenServer.plugins.common.runs import progress
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Side
from WardenServer.plugins.common.runs.store import Store
from WardenServer.sinks.events import store

#: What ships besides and would run.
OTHERS = "host,processes,tango_database,tango_servers"
RING = "INTERVAL = 0.2\nKEY = 'Ring'\ndef work(agent):\n    return {{'current': float(open({!r}).read())}}\n"
SETTINGS = """
[notify]
silence_after_start = 0
[notify.targets.chat]
url = {{ env = "CHAT" }}
[notify.rules.runs]
events = "run_differ"
severity = "warning"
to = ["chat"]
[runs]
documents = ["Ring"]
link = "http://warden.example"
[runs.tolerances]
current = 1.0
[agents.run_differ]
interval = 0.5
"""


class Chat:
    """A web hook that keeps what is posted, or refuses it; it is known to a proxy only."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.names: list[str] = []
        self.refuses = False

    def answer(self, body: bytes) -> int:
        if self.refuses:
            return 503
        self.got.append(json.loads(body))
        return 200

    @property
    def texts(self) -> list[str]:
        return [str(each["message"]) for each in self.got]


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(chat.answer(self.rfile.read(int(self.headers["Content-Length"]))))
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with served(Handler) as place, http_proxy(place, chat.names) as proxy:
        monkeypatch.setenv("CHAT", "json://chat.invalid/?cto=3&rto=3")
        monkeypatch.setenv("http_proxy", proxy)
        yield chat


class Ring:
    """A hub with a ring whose current can be set, and runs of it."""

    def __init__(self, hub: MakeHub, write: Callable[..., Path], folder: Path) -> None:
        self._path = folder / "current"
        self._path.write_text("100")
        write("ring", RING.format(str(self._path)))
        (folder / "warden.toml").write_text(SETTINGS.format())
        self.server: Hub = hub(shipped="yes", disabled=OTHERS)
        self.server.wait_document("Ring", "current", 100.0)
        place = folder / "state" / f"runs-{self.server.settings.instance}"
        self.log = place / "BotUrlLog.html"
        self.store = Store(f"sqlite:///{place}/runs.db")
        self.own = Own(self.store, self.server.settings.instance)

    def run(self, current: float) -> int:
        """One run with this current, from its begin to its end; its number."""
        part = self._path.with_suffix(".part")
        part.write_text(str(current))
        part.replace(self._path)
        self.server.wait_document("Ring", "current", current)
        number = int(self.server.proxy.StartRun(0))
        wait_for(lambda: self.own.values(Side(number)), 20, f"for the values of run {number}")
        self.server.proxy.StopRun(number)
        wait_for(lambda: self.own.values(Side(number, Phase.END)), 20, f"for the end of run {number}")
        return number

    def wait_looked(self, number: int) -> None:
        """Wait until the agent has looked at a run."""
        wait_for(lambda: progress.read(self.store, self.own.name).looked == number, 20, f"for a look at run {number}")

    def events(self) -> list[str]:
        return [event.id for event in store.read(store.place(self.server.settings), 1000, agent="run_differ")]


@pytest.fixture
def ring(hub: MakeHub, write: Callable[..., Path], tmp_path: Path, chat: Chat) -> Iterator[Ring]:
    made = Ring(hub, write, tmp_path)
    yield made
    made.store.close()


def test_a_change_between_two_runs_is_published_and_told_once_through_a_proxy(ring: Ring, chat: Chat) -> None:
    first = ring.run(100)
    ring.wait_looked(first)
    second, third = ring.run(100.5), ring.run(102.5)
    document = ring.server.wait_document("runs", "new", third, limit=20)
    assert (document["old"], document["changes"], document["partitions"]) == (first, 1, ["Ring"])
    assert document["text"].startswith("current in Ring has changed:")
    link = f"http://warden.example/#/diff?old={first}&new={third}&partition=Ring"
    assert document["link"] == link and second == first + 1
    wait_for(lambda: chat.got, 20, "for the message")
    assert chat.texts[0].startswith(f"Run parameters changed between run {first} and run {third}:")
    assert link in chat.texts[0] and chat.names[0] == "chat.invalid"
    assert ring.events() == [f"runs.Ring.{first}.{third}"]
    assert ring.log.read_text() == f"['{link.replace('&', '&amp;')}']<br>\n"
    assert json.loads(ring.server.proxy.AskAgent(["run_differ", json.dumps({"golden": first})])) == {"golden": first}
    assert ring.server.wait_document("runs", "golden", first)["golden_distance"] == 1


def test_kills_and_a_target_that_is_down_lose_nothing_and_tell_nothing_twice(ring: Ring, chat: Chat) -> None:
    numbers = [ring.run(100)]
    ring.wait_looked(numbers[0])
    chat.refuses = True
    for current in (110, 120, 130):
        numbers.append(ring.run(current))
        ring.server.tell(signal.SIGKILL)
        wait_for(lambda: not ring.server.alive)
        ring.server.stop()
        ring.server.start()
        ring.server.wait_document("runs", "new", numbers[-1], limit=30)
    ids = [f"runs.Ring.{old}.{new}" for old, new in itertools.pairwise(numbers)]
    wait_for(lambda: ring.events() == ids, 20, "for the events")
    chat.refuses = False
    wait_for(lambda: len(chat.got) == 3, 90, "for the messages")
    assert [text.partition(":")[0].rpartition("run ")[2] for text in chat.texts] == [str(n) for n in numbers[1:]]
    lines = ring.log.read_text().splitlines()
    assert len(lines) == 3 == len(set(lines))
    numbers.append(ring.run(140))
    wait_for(lambda: len(chat.got) == 4, 20, "for one more, and no other")
    assert str(numbers[-1]) in chat.texts[-1]
