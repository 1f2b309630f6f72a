"""Runs of the hub itself while their store is away, and kills of it at each step: nothing is lost or said twice."""

import itertools
import json
import signal
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from tests.system.postgresql import PostgreSQL
from tests.system.relay import HANGS, THROUGH, Relay
from tests.system.runs.run_database import OTHERS, said, told, warden
from tests.system.runs.test_own_runs import wait_run
from WardenServer.plugins.common.runs import differences, progress
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Side
from WardenServer.plugins.common.runs.store import Store
from WardenServer.sinks.events import store

RING = "INTERVAL = 0.2\nKEY = 'Ring'\ndef work(agent):\n    return {{'text': open({!r}).read()}}\n"
TABLE = """
[runs]
documents = ["Ring"]
{}
[agents.run_differ]
interval = 0.5
"""


class Ring:
    """A hub with runs of its own and a text that is in each snapshot, and its store at `direct`."""

    def __init__(self, hub: MakeHub, write: Callable[..., Path], folder: Path, url: str = "", direct: str = "",
                 more: str = "") -> None:  # fmt: skip
        self._text = folder / "text"
        self._text.write_text("0")
        write("ring", RING.format(str(self._text)))
        head = f'runs_url = "{url}"\n' if url else ""
        (folder / "warden.toml").write_text(head + TABLE.format(more))
        self.server: Hub = hub(shipped="yes", disabled=OTHERS)
        self.server.wait_document("Ring", "text", "0")
        place = folder / "state" / f"runs-{self.server.settings.instance}"
        self.book, self.log = place / "open.json", place / "BotUrlLog.html"
        self.store = Store(direct or f"sqlite:///{place}/runs.db")
        self.own = Own(self.store, self.server.settings.instance)

    def set(self, text: str) -> None:
        part = self._text.with_suffix(".part")
        part.write_text(text)
        part.replace(self._text)
        self.server.wait_document("Ring", "text", text)

    def begin(self, text: str) -> int:
        """Open a run with this text in its document."""
        self.set(text)
        return int(self.server.proxy.StartRun(0))

    def run(self, text: str) -> int:
        """A run from its begin to its end; it is not waited for the store."""
        number = self.begin(text)
        return int(self.server.proxy.StopRun(number))

    def kill(self) -> None:
        self.server.tell(signal.SIGKILL)
        wait_for(lambda: not self.server.alive)

    def start(self) -> None:
        self.server.start()
        self.server.wait_document("Ring", "text")

    def wait_looked(self, number: int) -> None:
        wait_for(lambda: progress.read(self.store, self.own.name).looked == number, 30,
                 f"for a look at run {number}: {self.server.log()[-2000:]}")  # fmt: skip

    @property
    def ids(self) -> list[str]:
        return [event.id for event in store.read(store.place(self.server.settings), 1000, agent="run_differ")]

    def texts(self, number: int) -> list[object]:
        """The text at the start and at the end of a run."""
        found = [self.own.values(Side(number, phase), ["Ring"]) for phase in (Phase.START, Phase.END)]
        return [each.value for values in found for each in values]


MakeRing = Callable[..., Ring]


@pytest.fixture
def make(hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> Iterator[MakeRing]:
    made: list[Ring] = []

    def ring(**said: str) -> Ring:
        made.append(Ring(hub, write, tmp_path, **said))
        return made[0]

    yield ring
    for each in made:
        each.store.close()


def pairs(numbers: range, *more: str) -> list[str]:
    """The events where the text has changed with each run; with it, `more` partitions were compared."""
    names = "+".join(["Ring", *more])
    return [f"runs.{names}.{old}.{new}" for old, new in itertools.pairwise(numbers)]


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """Of a store that is empty."""
    name = f"runs_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgresql.url.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def relay(postgresql: PostgreSQL) -> Iterator[Relay]:
    """Between the hub and PostgreSQL."""
    made = Relay(urlsplit(postgresql.url).port or 0)
    yield made
    made.end()


def test_the_store_is_away_or_hangs_while_runs_go_on(make: MakeRing, url: str, relay: Relay) -> None:
    place = url.rpartition("/")[2]
    ring = make(url=f"postgresql://warden:very-secret@127.0.0.1:{relay.port}/{place}", direct=url)
    server = ring.server
    ring.wait_looked(ring.run("1"))
    waits, back = "what is taken of runs waits until it can be used", "the runs' database can be used again"
    fails, good = "agent run_differ fails", "agent run_differ is good again"

    relay.close()
    for text in ("2", "3", "4"):
        ring.run(text)
    told(server, lambda: said(server, waits) == said(server, fails) == 1, "both sentences")
    relay.open()
    told(server, lambda: ring.ids == pairs(range(1, 5)), "what was missed")
    told(server, lambda: said(server, good) == 1, "the good end")
    assert [said(server, each) for each in (waits, back, fails, good)] == [1] * 4
    relay.change(HANGS)
    for text in ("5", "6"):
        ring.run(text)
    told(server, lambda: said(server, waits) == 2 and server.document("runs").get("error"), "the sentences")
    relay.change(THROUGH)
    told(server, lambda: ring.ids == pairs(range(1, 7)), "what was missed")
    told(server, lambda: not server.document("runs").get("error"), "the good end")
    assert [said(server, each) for each in (waits, back)] == [2, 2]
    assert [run.number for run in ring.own.newest(10)] == [6, 5, 4, 3, 2, 1]
    assert all(ring.texts(number) == [str(number)] * 2 for number in range(1, 7))
    assert "very-secret" not in server.log()
    assert len(ring.log.read_text().splitlines()) == 5


@pytest.fixture
def device() -> Iterator[str]:
    """One that takes connections and never answers: the first snapshot of a hub takes all its time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"tango://127.0.0.1:{listening.getsockname()[1]}/a/b/c#dbase=no"


def test_kills_at_any_step_lose_nothing_and_tell_nothing_twice(make: MakeRing, device: str) -> None:
    ring = make(more=f'attributes = ["{device}/Position"]\nlimit = 1.5')
    # the snapshot of the start is not taken yet
    ring.begin("1")
    ring.kill()
    assert not json.loads(ring.book.read_text())["content"]["started"]
    ring.start()
    assert wait_run(ring.own, 1).closed is None
    ring.wait_looked(1)
    ring.server.proxy.StopRun(1)
    # the run is in the store, and people were not told of it
    ring.begin("2")
    wait_for(lambda: differences.newest(ring.store, ring.own.name, 1), 20, "for the difference")
    ring.kill()
    ring.start()
    wait_for(lambda: ring.ids == pairs(range(1, 3), device), 20, f"for the event: {ring.ids}")
    # it is told, and not written down that it is
    ring.kill()
    ring.start()
    with pytest.raises(tango.DevFailed, match="run 2 is open"):
        ring.server.proxy.StartRun(0)
    ring.server.proxy.StopRun(0)
    # the snapshot of the end is not taken: nobody can say any more what was set then
    ring.kill()
    ring.start()
    wait_for(lambda: (found := ring.own.run(2)) is not None and found.closed is not None, 20, "for the end of run 2")
    assert ring.own.values(Side(2, Phase.END)) == []
    assert ring.begin("3") == 3
    wait_for(lambda: ring.ids == pairs(range(1, 4), device), 30, "for the events")
    ring.server.proxy.StopRun(3)
    wait_run(ring.own, 3, closed=True)
    assert ring.texts(3) == ["3", "3"]
    said_of_all = [json.loads(line) for line in warden(ring.server, "events", "--json").stdout.splitlines()]
    assert [each["id"] for each in said_of_all if each["agent"] == "run_differ"] == pairs(range(1, 4), device)
    assert len(ring.log.read_text().splitlines()) == 2
    assert [run.number for run in ring.own.newest(5)] == [3, 2, 1]
