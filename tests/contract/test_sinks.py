"""What every sink promises: the newest result, everything again after a loss, and never to hold anybody up."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import free_port
from WardenServer import sinks
from WardenServer.errors import Unreachable
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.sinks.attributes.known_fields import KnownFields
from WardenServer.sinks.attributes.sink import Attributes
from WardenServer.sinks.base import Sink
from WardenServer.sinks.memcached import Memcached

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
    """A sink with its board; `calls` are the agents of each `publish`, which waits while `gate` is closed."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.board = Board()
        self.calls: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.trouble: Exception | None = None
        self.hanging = False
        self._publish = sink.publish
        sink.publish = self._watched  # type: ignore[method-assign]

    def _watched(self, agents: list[str]) -> None:
        self.calls.append(agents)
        self.hanging = not self.gate.is_set()
        assert self.gate.wait(20)
        self.hanging = False
        if self.trouble is not None:
            raise self.trouble
        self._publish(agents)

    def open(self) -> None:
        self.sink.open(self.board)

    def put(self, agent: str, value: int) -> None:
        self.board.put(Result(agent, agent, time.time(), {"x": value}, expire=100))

    def delivered(self, agent: str) -> Any:
        """The value of an agent's field at the far end."""
        raise NotImplementedError

    def lose(self) -> None:
        """The far end forgets everything."""
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


class MemcachedKit(Kit):
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


class AttributesKit(Kit):
    def __init__(self, settings: config.Settings) -> None:
        self.host = Host()
        self._attributes = Attributes(self.host, KnownFields(settings.state_folder / "fields.json"))
        super().__init__(self._attributes)

    def open(self) -> None:
        super().open()
        self._attributes.begin()

    def delivered(self, agent: str) -> Any:
        reading = self._attributes.values.get(f"{agent}_x")
        return reading[0] if reading else None

    def lose(self) -> None:
        self._attributes.values.clear()


@pytest.fixture(params=["memcached", "attributes"])
def kit(request: pytest.FixtureRequest, settings: MakeSettings, memcached: LocalMemcached) -> Iterator[Kit]:
    if request.param == "memcached":
        made: Kit = MemcachedKit(settings(memcached=memcached.address, prefix=f"sinks{free_port()}."))
    else:
        made = AttributesKit(settings())
    yield made
    made.end()


def test_what_stands_on_the_board_before_is_delivered(kit: Kit) -> None:
    kit.put("early", 3)
    kit.open()
    wait_for(lambda: kit.delivered("early") == 3)


def test_each_agent_s_result_is_delivered(kit: Kit) -> None:
    kit.open()
    for value in range(5):
        kit.put("a", value)
        kit.put("b", -value)
        wait_for(lambda value=value: (kit.delivered("a"), kit.delivered("b")) == (value, -value))


def test_the_newest_wins_and_nothing_piles_up(kit: Kit) -> None:
    kit.open()
    kit.hang()
    for value in range(100):
        kit.put("a", value)
    before = len(kit.calls)
    kit.gate.set()
    wait_for(lambda: kit.delivered("a") == 99)
    assert [agents for agents in kit.calls[before:] if agents] == [["a"]]
    if isinstance(kit, AttributesKit):
        assert [value for name, value in kit.host.pushed if name == "a_x"] == [99]


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


def test_everything_goes_again(kit: Kit) -> None:
    kit.open()
    names = [f"agent{number}" for number in range(5)]
    for number, name in enumerate(names):
        kit.put(name, number)
    wait_for(lambda: [kit.delivered(name) for name in names] == list(range(5)))
    kit.lose()
    assert kit.delivered("agent0") is None
    kit.sink.send_all()
    wait_for(lambda: [kit.delivered(name) for name in names] == list(range(5)))


def test_nothing_holds_up_who_brings_results(kit: Kit) -> None:
    kit.open()
    kit.hang()
    began = time.monotonic()
    for value in range(1000):
        kit.put("a", value)
    kit.sink.notify("b")
    kit.sink.send_all()
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
    assert found == {"__init__", "base", "memcached", "attributes"}, "give the new one a Kit"
