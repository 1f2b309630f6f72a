"""What every sink promises: never to hold anybody up, never to end, and to deliver when its server is back. Sinks of
state deliver the newest result and everything again after a loss, sinks of the log each result once, in order."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import new_name
from WardenServer import sinks
from WardenServer.errors import Unreachable, WardenError
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.results.board import HUB, Board
from WardenServer.results.event import Event, Severity
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.settings.writers import Writer
from WardenServer.sinks.attributes.sink import Attributes
from WardenServer.sinks.base import QUEUE, LogSink, Sink, StateSink
from WardenServer.sinks.events import store
from WardenServer.sinks.events.sink import Events
from WardenServer.sinks.history import ask
from WardenServer.sinks.history.sink import History
from WardenServer.sinks.known_fields import KnownFields
from WardenServer.sinks.memcached import Memcached
from WardenServer.sinks.writers import sink as writers

MakeSettings = Callable[..., config.Settings]


class Host:
    """The device, as far as the sink sees it: keeps all that is pushed."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, Any]] = []

    def add_attribute(self, attr: Any) -> None: ...

    def obstacle(self) -> str:
        return ""

    def await_start(self) -> None: ...

    def set_change_event(self, name: str, implemented: bool, detect: bool) -> None: ...

    def set_archive_event(self, name: str, implemented: bool, detect: bool) -> None: ...

    def push_change_event(self, name: str, *reading: Any) -> None:
        self.pushed.append((name, reading[0]))

    def push_archive_event(self, name: str, *reading: Any) -> None: ...

    def is_there_subscriber(self, name: str, event: Any) -> bool:
        return True

    def read_field(self, attr: Any) -> Any: ...

    def publish_state(self) -> None: ...


class Kit:
    """A sink with its board; `calls` are the agents of each delivery, which waits while `gate` is closed."""

    sink: Sink

    def __init__(self) -> None:
        self.board = Board()
        self.calls: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.trouble: Exception | None = None
        self.hanging = False

    def _wait(self, agents: list[str]) -> None:
        self.calls.append(agents)
        self.hanging = not self.gate.is_set()
        assert self.gate.wait(20)
        self.hanging = False
        if self.trouble is not None:
            raise self.trouble

    def open(self) -> None:
        self.sink.open(self.board)
        self.sink.begin()

    def put(self, agent: str, value: int) -> None:
        event = Event(f"{agent} {value}", time.time(), agent, Severity.INFO, str(value))
        self.board.put(Result(agent, agent, time.time(), {"x": value}, expire=100, events=(event,)))

    def delivered(self, agent: str) -> Any:
        """The newest value of an agent's field at the far end."""
        raise NotImplementedError

    def hang(self) -> None:
        """Close the gate, and wait until the sink stands before it."""
        self.gate.clear()
        self.put("hanging", 0)
        wait_for(lambda: self.hanging)

    def end(self) -> None:
        self.gate.set()
        self.sink.close()
        self.sink.join(5)


class StateKit(Kit):
    """Of a sink of state."""

    def __init__(self, sink: StateSink) -> None:
        super().__init__()
        self.sink: StateSink = sink
        self._publish = sink.publish
        sink.publish = self._watched  # type: ignore[method-assign]

    def _watched(self, agents: list[str]) -> None:
        self._wait(agents)
        self._publish(agents)

    def lose(self) -> None:
        """The far end forgets everything."""
        raise NotImplementedError


class LogKit(Kit):
    """Of a sink of the log."""

    def __init__(self, sink: LogSink) -> None:
        super().__init__()
        self.sink: LogSink = sink
        self._write = sink.write
        sink.write = self._watched  # type: ignore[method-assign]

    def _watched(self, results: Sequence[Result]) -> None:
        self._wait([result.agent for result in results])
        self._write(results)

    def delivered(self, agent: str) -> Any:
        values = self.all_of(agent)
        return values[-1] if values else None

    def all_of(self, agent: str) -> list[int]:
        """All values of an agent at the far end, in order."""
        raise NotImplementedError


class MemoryState(StateSink):
    """The smallest sink of state."""

    def __init__(self) -> None:
        super().__init__("memory")
        self.values: dict[str, int] = {}

    def publish(self, agents: list[str]) -> None:
        results = {agent: self._board.result(agent) for agent in agents}
        self.values.update({agent: result.fields["x"] for agent, result in results.items() if result is not None})


class MemoryLog(LogSink):
    """The smallest sink of the log."""

    def __init__(self, limit: int = QUEUE) -> None:
        super().__init__("memory", limit)
        self.values: list[tuple[str, int]] = []

    def write(self, results: Sequence[Result]) -> None:
        self.values += [(result.agent, result.fields["x"]) for result in results]


class MemoryStateKit(StateKit):
    def __init__(self) -> None:
        self._memory = MemoryState()
        super().__init__(self._memory)

    def delivered(self, agent: str) -> Any:
        return self._memory.values.get(agent)

    def lose(self) -> None:
        self._memory.values.clear()


class MemoryLogKit(LogKit):
    def __init__(self, limit: int = QUEUE) -> None:
        self._memory = MemoryLog(limit)
        super().__init__(self._memory)

    def all_of(self, agent: str) -> list[int]:
        return [value for name, value in self._memory.values if name == agent]


class EventsKit(LogKit):
    def __init__(self, settings: config.Settings) -> None:
        self._place = store.place(settings)
        super().__init__(Events(settings))

    def all_of(self, agent: str) -> list[int]:
        return [int(event.text) for event in store.read(self._place, 10_000, agent=agent)]


class HistoryKit(LogKit):
    def __init__(self, settings: config.Settings) -> None:
        sink = History(settings)
        sink.gather = 0.0
        super().__init__(sink)
        self._reader = ask.History(settings)

    def all_of(self, agent: str) -> list[int]:
        try:
            return [int(value) for value in self._reader.range(agent, "x", 0, time.time() + 9).columns["value"]]
        except WardenError:  # nothing yet
            return []

    def end(self) -> None:
        super().end()
        self._reader.close()


class FileKit(LogKit):
    """Of the writer `json_lines`."""

    def __init__(self, settings: config.Settings) -> None:
        self._path = settings.state_folder.parent / "samples.json"
        super().__init__(writers.of(Writer("file", "json_lines", ("*",), {"path": str(self._path)}), settings))

    def all_of(self, agent: str) -> list[int]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return [line["document"]["x"] for line in map(json.loads, lines) if line["name"] == agent]


class CouchDBKit(LogKit):
    """Of the writer `couchdb`."""

    def __init__(self, settings: config.Settings, url: str) -> None:
        name = new_name("sinks")
        self._client = httpx.Client(base_url=f"{url}/{name}", trust_env=False)
        super().__init__(writers.of(Writer("couch", "couchdb", ("*",), {"url": url, "database": name}), settings))

    def all_of(self, agent: str) -> list[int]:
        answer = self._client.get("_all_docs", params={"include_docs": "true"})
        rows = [row["doc"] for row in answer.json().get("rows", ()) if row["id"].startswith(f"{agent}_")]
        places = {row["_id"]: [int(number) for number in row["_id"].split("_")[1:]] for row in rows}
        return [row["x"] for row in sorted(rows, key=lambda row: places[row["_id"]])]

    def end(self) -> None:
        super().end()
        self._client.close()


class MemcachedKit(StateKit):
    def __init__(self, settings: config.Settings) -> None:
        super().__init__(Memcached(settings))
        host, _, port = settings.memcached_servers[0].partition(":")
        self._client = Client((host, int(port)), timeout=2, connect_timeout=2)
        self._prefix = settings.prefix

    def delivered(self, agent: str) -> Any:
        value = self._client.get(self._prefix + agent)
        return json.loads(value)["x"] if value else None

    def lose(self) -> None:
        self._client.flush_all()

    def end(self) -> None:
        super().end()
        self._client.close()


class AttributesKit(StateKit):
    def __init__(self, settings: config.Settings) -> None:
        self.host = Host()
        self._attributes = Attributes(self.host, KnownFields(settings.state_folder / "fields.json"))
        super().__init__(self._attributes)

    def delivered(self, agent: str) -> Any:
        reading = self._attributes.values.get(f"{agent}_x")
        return reading[0] if reading else None

    def lose(self) -> None:
        self._attributes.values.clear()


STATE = ["memcached", "attributes", "memory state"]
LOG = ["events", "history", "writers file", "writers couchdb", "memory log"]


@pytest.fixture(scope="session")
def couch(request: pytest.FixtureRequest) -> str:
    """The URL of a CouchDB; "" where there can be none."""
    try:
        return str(request.getfixturevalue("pouchdb").url)
    except pytest.skip.Exception:
        return ""


def _make(name: str, settings: MakeSettings, memcached: LocalMemcached, couch: str) -> Kit:
    if name == "memcached":
        return MemcachedKit(settings(memcached=memcached.address, prefix=new_name("sinks") + "."))
    if name == "attributes":
        return AttributesKit(settings())
    if name == "events":
        return EventsKit(settings())
    if name == "history":
        return HistoryKit(settings(instance=new_name("h")))
    if name == "writers file":
        return FileKit(settings())
    if name == "writers couchdb":
        return CouchDBKit(settings(), couch or pytest.skip("pouchdb-server cannot be installed"))
    return MemoryStateKit() if name == "memory state" else MemoryLogKit()


@pytest.fixture(params=[*STATE, *LOG])
def kit(request: pytest.FixtureRequest, settings: MakeSettings, memcached: LocalMemcached, couch: str) -> Iterator[Kit]:
    made = _make(request.param, settings, memcached, couch)
    yield made
    made.end()


@pytest.fixture(params=STATE)
def state(
    request: pytest.FixtureRequest, settings: MakeSettings, memcached: LocalMemcached, couch: str
) -> Iterator[StateKit]:
    made = _make(request.param, settings, memcached, couch)
    assert isinstance(made, StateKit)
    yield made
    made.end()


@pytest.fixture(params=LOG)
def log(
    request: pytest.FixtureRequest, settings: MakeSettings, memcached: LocalMemcached, couch: str
) -> Iterator[LogKit]:
    made = _make(request.param, settings, memcached, couch)
    assert isinstance(made, LogKit)
    yield made
    made.end()


# -- sinks of state


def test_what_stands_on_the_board_before_is_delivered(state: StateKit) -> None:
    state.put("early", 3)
    state.open()
    wait_for(lambda: state.delivered("early") == 3)


def test_the_newest_wins_and_nothing_piles_up(state: StateKit) -> None:
    state.open()
    state.hang()
    for value in range(100):
        state.put("a", value)
    before = len(state.calls)
    state.gate.set()
    wait_for(lambda: state.delivered("a") == 99)
    assert [agents for agents in state.calls[before:] if agents] == [["a"]]
    if isinstance(state, AttributesKit):
        assert [value for name, value in state.host.pushed if name == "a_x"] == [99]


def test_everything_goes_again(state: StateKit) -> None:
    state.open()
    names = [f"agent{number}" for number in range(5)]
    for number, name in enumerate(names):
        state.put(name, number)
    wait_for(lambda: [state.delivered(name) for name in names] == list(range(5)))
    state.lose()
    assert state.delivered("agent0") is None
    state.sink.send_all()
    wait_for(lambda: [state.delivered(name) for name in names] == list(range(5)))


# -- sinks of the log


def test_every_result_is_delivered_once_and_in_order(log: LogKit) -> None:
    log.open()
    log.hang()
    for value in range(100):
        log.put("a", value)
    log.gate.set()
    wait_for(lambda: len(log.all_of("a")) == 100)
    assert log.all_of("a") == list(range(100))
    assert log.sink.lost == 0


def test_what_was_there_before_it_was_opened_is_no_news(log: LogKit) -> None:
    log.put("early", 1)
    log.open()
    log.put("late", 2)
    wait_for(lambda: log.delivered("late") == 2)
    assert log.all_of("early") == []


def test_while_its_server_is_away_results_wait_and_keep_their_order(log: LogKit) -> None:
    log.open()
    log.trouble = Unreachable("away")
    for value in range(5):
        log.put("a", value)
    wait_for(lambda: log.sink.problem == "away")
    log.put("a", 5)
    log.trouble = None
    wait_for(lambda: log.all_of("a") == list(range(6)), 3)


def test_the_queue_has_a_bound_and_what_is_lost_is_counted_and_said() -> None:
    kit = MemoryLogKit(limit=5000)
    kit.open()
    kit.hang()
    for value in range(100):
        kit.put("a", value)
    lost = kit.sink.lost
    assert lost > 80
    assert f"has lost {lost} results" in kit.sink.notes[0]
    kit.gate.set()
    wait_for(lambda: kit.delivered("a") == 99)
    assert kit.all_of("a") == list(range(lost, 100)), "the oldest are lost"
    kit.end()


def test_neither_repeats_nor_the_hub_s_own_document_are_part_of_the_log(log: LogKit) -> None:
    log.open()
    told = (Event("x", time.time(), "a", Severity.INFO, "1"),)
    log.board.put(Result(HUB, "warden.x", time.time(), {"x": 1}))
    log.board.put(Result("a", "a", time.time(), {"x": None}, "stalled", events=told, repeat=True))
    log.put("a", 2)
    wait_for(lambda: log.delivered("a") == 2)
    assert (log.all_of("a"), log.all_of(HUB)) == ([2], [])


# -- all sinks


def test_each_agent_s_result_is_delivered(kit: Kit) -> None:
    kit.open()
    for value in range(5):
        kit.put("a", value)
        kit.put("b", -value)
        wait_for(lambda value=value: (kit.delivered("a"), kit.delivered("b")) == (value, -value))


def test_all_that_is_there_goes_in_one_delivery(kit: Kit) -> None:
    kit.open()
    kit.hang()
    names = [f"agent{number}" for number in range(20)]
    for number, name in enumerate(names):
        kit.put(name, number)
    before = len(kit.calls)
    kit.gate.set()
    wait_for(lambda: [kit.delivered(name) for name in names] == list(range(20)))
    assert sorted(kit.calls[before]) == sorted(names)


def test_nothing_holds_up_who_brings_results(kit: Kit) -> None:
    kit.open()
    kit.hang()
    began = time.monotonic()
    for value in range(1000):
        kit.put("a", value)
    took = time.monotonic() - began
    assert kit.hanging
    assert took < 0.5


def test_a_server_that_is_away_is_a_problem_until_it_is_back_and_everything_is_delivered(kit: Kit) -> None:
    kit.open()
    kit.put("before", 1)
    wait_for(lambda: kit.delivered("before") == 1)
    kit.trouble = Unreachable("the far end does not answer")
    kit.put("meanwhile", 2)
    wait_for(lambda: kit.sink.problem == "the far end does not answer")
    attempts = len(kit.calls)
    wait_for(lambda: len(kit.calls) >= attempts + 2, what="for more attempts")
    assert kit.delivered("meanwhile") is None
    if isinstance(kit, StateKit):
        kit.lose()
    kit.trouble = None
    wait_for(lambda: kit.sink.problem is None, 3)
    wait_for(lambda: (kit.delivered("before"), kit.delivered("meanwhile")) == (1, 2), 3)


def test_attempts_get_rarer_and_never_busy(kit: Kit) -> None:
    kit.trouble = Unreachable("away")
    kit.put("a", 1)
    kit.open()
    began = time.monotonic()
    wait_for(lambda: len(kit.calls) >= 4)
    assert time.monotonic() - began > 0.5


def test_an_error_of_ours_ends_neither_the_thread_nor_the_other_results(kit: Kit) -> None:
    kit.open()
    kit.trouble = ValueError("a mistake")
    before = len(kit.calls)
    kit.put("a", 1)
    wait_for(lambda: len(kit.calls) > before)
    kit.trouble = None
    kit.put("b", 2)
    wait_for(lambda: kit.delivered("b") == 2)


@pytest.mark.parametrize("trouble", [None, Unreachable("away"), ValueError("a mistake")])
def test_it_ends_in_time(kit: Kit, trouble: Exception | None) -> None:
    kit.open()
    kit.trouble = trouble
    kit.put("a", 1)
    wait_for(lambda: ["a"] in kit.calls)
    thread = kit.sink._thread
    assert thread is not None
    assert thread.is_alive()
    began = time.monotonic()
    kit.sink.close()
    assert kit.sink.join(2)
    assert time.monotonic() - began < 1
    assert not thread.is_alive()


def test_what_is_new_at_the_end_is_delivered(kit: Kit) -> None:
    kit.open()
    kit.hang()
    kit.put("last", 7)
    kit.sink.close()
    assert not kit.sink.join(0.05), "it hangs, and joining says so in time"
    kit.gate.set()
    assert kit.sink.join(3)
    assert kit.delivered("last") == 7


def test_one_that_was_never_opened_ends(kit: Kit) -> None:
    kit.sink.close()
    assert kit.sink.join(0)


def test_every_sink_is_tested_here() -> None:
    folder = Path(str(sinks.__file__)).parent
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    others = {"__init__", "base", "known_fields"}
    elsewhere = {"notify"}  # delivers what is in the store of events: tests/system/test_notify.py
    tested = {"memcached", "attributes", "events", "history", "writers"}
    assert found - others - elsewhere == tested, "give the new one a Kit"
