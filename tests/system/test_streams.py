"""Streams of a hub: their processes, and processors that are agents."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import MakeHub
from tests.system.test_isolated import gone, run, running
from WardenServer.loading import loader
from WardenServer.loading.loader import Loaded
from WardenServer.settings import config
from WardenServer.settings.streams import Stream
from WardenServer.streams.streams import Streams

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]

COUNT = """
from WardenServer.processor import Processor, ProcessorAbort
class Count(Processor):
    name = "counted"
    INTERVAL = 0.2
    def __init__(self, step=1):
        self.step = step
        self.count = self.sum = 0
    def event(self, event):
        self.count += self.step
        self.sum += event["n"]
    def sample(self):
        return {"count": self.count, "sum": self.sum, "code": "first"}
    def load(self, old):
        self.count, self.sum, self.step = old.count, old.sum, old.step
"""


class Events:
    """A file of events that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        path.touch()

    def add(self, *events: Any) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{json.dumps(event)}\n" for event in events)

    def count_on(self, number: int) -> None:
        """So many events with numbers."""
        self.add(*({"n": n} for n in range(self.count, self.count + number)))
        self.count += number


@pytest.fixture
def events(tmp_path: Path) -> Events:
    return Events(tmp_path / "events.jsonl")


@pytest.fixture
def streams() -> Iterator[Streams]:
    made = Streams()
    yield made
    made.close()


@pytest.fixture
def loading(settings: MakeSettings, streams: Streams, events: Events) -> Callable[..., Loaded]:
    """Load the agents of the folder, with the stream daq over the file of events and these settings of it."""
    loaded = Loaded()

    def load(agents: dict[str, dict[str, Any]] | None = None, **options: Any) -> Loaded:
        nonlocal loaded
        own = {name: options.pop(name) for name in ("queue", "full", "sequence", "memory") if name in options}
        files = {"files": str(events.path), **options}
        about = {"daq": Stream("daq", reader="json_lines", options=files, **own)}
        made = replace(settings(load_timeout=1.5), streams=about, agents=agents or {})
        loaded = loader.load(made, loaded.contracts, streams)
        return loaded

    return load


def sample_of(runner: Any, board: Any, **wanted: Any) -> dict[str, Any]:
    """Samples, until one has these values."""
    found: dict[str, Any] = {}

    def there() -> bool:
        nonlocal found
        found = run(runner, board)
        return all(found.get(name) == value for name, value in wanted.items())

    try:
        wait_for(there)
    except AssertionError:
        raise AssertionError(f"no sample has {wanted}: {found}") from None
    return found


def replace_all(loading: Callable[..., Loaded], write: Write) -> Any:
    """The contract of a file that has changed, so that it is loaded anew."""
    write("counting", COUNT + "# changed\n")
    return loading().contracts["counted"]


def process_of(streams: Streams) -> psutil.Process:
    child = streams._processes["daq"]._child
    assert child is not None and child._process is not None
    return psutil.Process(child._process.pid)


# -- in the hub


def test_a_sample_stands_in_memcached_and_tango(hub: MakeHub, write: Write, events: Events, tmp_path: Path) -> None:
    write("counting", COUNT)
    (tmp_path / "warden.toml").write_text(f"""
[streams.daq]
reader = "json_lines"
files = {str(events.path)!r}
sequence = "n"
[agents.counted]
stream = "daq"
step = 2
[agents.energy]
plugin = "histogram"
field = "e"
bins = 4
low = 0.0
high = 4.0
interval = 0.2
""")
    server = hub(shipped="yes", disabled="host,processes,tango_servers,tango_database")
    events.add({"n": 1, "e": 0.5}, {"n": 2, "e": 1.5}, {"n": 5, "e": 1.6})
    document = server.wait_document("counted", "count", 6)
    assert (document["seen"], document["lost"], document["dropped"], document["undecodable"]) == (3, 2, 0, 0)
    assert abs(document["timestamp"] - time.time()) < 10
    wait_for(lambda: list(server.proxy.read_attribute("energy_counts").value) == [1, 2, 0, 0])
    assert server.proxy.get_attribute_config("energy_counts").data_format == tango.AttrDataFormat.SPECTRUM
    write("counting", COUNT.replace('"first"', '"second"'))
    server.proxy.Reload()
    document = server.wait_document("counted", "code", "second")
    assert document["count"] == 6
    events.add({"n": "text"})  # which breaks the processor
    status = server.wait_state("ALARM")
    assert "counted" in status
    wait_for(lambda: "gets no more events until the next reload" in server.proxy.Status())
    assert server.proxy.read_attribute("counted_count").quality == tango.AttrQuality.ATTR_INVALID
    assert "energy" not in server.proxy.Status()
    server.proxy.Reload()  # of the same code
    server.wait_document("counted", "count", 8)  # it had counted before it broke
    events.add({"n": 6})
    server.wait_document("counted", "count", 10)
    pid = next(
        child.pid
        for child in psutil.Process(server.pid).children(True)
        if "WardenServer.streams.child_side" in child.cmdline()
    )
    cores = os.sched_getaffinity(0)
    wait_for(lambda: len(cores - os.sched_getaffinity(pid)) == min(1, len(cores) - 1), what="for the hub's own core")
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: gone(pid), what="for the end of the stream's process")


# -- code that changes


def test_not_one_event_is_lost_or_seen_twice_when_the_code_changes(
    write: Write, loading: Callable[..., Loaded], events: Events
) -> None:
    write("counting", COUNT)
    stop = threading.Event()

    def give() -> None:
        for _ in takewhile(lambda _: not stop.wait(0.002), count()):
            events.count_on(50)

    thread = threading.Thread(target=give)
    with ExitStack() as stack:
        runner = stack.enter_context(running(loading(full="block").contracts["counted"]))
        stack.callback(thread.join)
        stack.callback(stop.set)
        thread.start()
        wait_for(lambda: run(*runner)["count"] > 0)
        for number in range(5):
            write("counting", COUNT.replace('"first"', f'"code {number}"'))
            runner = stack.enter_context(running(loading(full="block").contracts["counted"]))
            document = run(*runner)
            assert document["code"] == f"code {number}"
            wait_for(lambda at=runner, before=document["count"]: run(*at)["count"] > before)
        stop.set()
        thread.join()
        document = sample_of(*runner, count=events.count)
        assert document["sum"] == events.count * (events.count - 1) // 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def event(self, event", "not valid Python"),
        (COUNT.replace("event[", "event.no["), "AttributeError"),
        (COUNT.replace('"first"', "1 / 0"), "ZeroDivisionError"),
        (COUNT.replace('"first"', "{1: 2}"), 'field "code" is a dict'),
        (COUNT.replace("step=1", "step"), "counting needs the setting step"),
        (COUNT.replace("self.step = step", "raise OSError('no such port')"), "no such port"),
        (COUNT.replace("sample", "simple"), "Processor"),
        (COUNT.replace("self.step = step", "import time; time.sleep(60)"), "its trial has not ended after 1.5 s"),
    ],
    ids=["syntax", "event", "sample", "value", "setting", "constructor", "no sample", "hangs"],
)
def test_on_any_error_the_old_code_goes_on(
    text: str, said: str, write: Write, loading: Callable[..., Loaded], events: Events, settings: MakeSettings
) -> None:
    write("counting", COUNT)
    loaded = loading()
    with running(loaded.contracts["counted"]) as (runner, board):
        events.count_on(3)
        sample_of(runner, board, count=3)
        write("counting", text)
        again = loading()
        if said == "Processor":  # the base has a sample, so that is no mistake that can be known
            assert again.refused == {}
            again.contracts["counted"].discard()
        else:
            assert "counted" not in again.contracts
            [reason] = again.refused.values()
            assert said in reason
        events.count_on(2)
        assert sample_of(runner, board, count=5)["code"] == "first"


def test_settings_come_from_the_new_configuration(write: Write, loading: Callable[..., Loaded], events: Events) -> None:
    write("counting", COUNT)
    with running(loading().contracts["counted"]) as (runner, board):
        events.count_on(3)
        sample_of(runner, board, count=3)
        with running(loading({"counted": {"step": 10}}).contracts["counted"]) as (new, its_board):
            run(new, its_board)
            events.count_on(1)
            sample_of(new, its_board, count=13)  # though load takes the old one's step


def test_the_reader_is_replaced_only_where_its_own_settings_changed(
    write: Write, loading: Callable[..., Loaded], events: Events, streams: Streams, tmp_path: Path
) -> None:
    write("counting", COUNT)
    with running(loading().contracts["counted"]) as (runner, board):
        events.count_on(3)
        sample_of(runner, board, count=3)
        pid = process_of(streams).pid
        other = Events(tmp_path / "other.jsonl")
        other.count_on(4)
        loading(files=str(other.path))
        sample_of(runner, board, count=7)
        assert process_of(streams).pid == pid
        loading(files=str(other.path), follow="perhaps")
        assert len(streams.problems) == 1 and "[streams.daq]" in streams.problems[0]
        other.count_on(1)
        sample_of(runner, board, count=8)


# -- trouble


def test_a_process_that_was_killed_starts_again(
    write: Write, loading: Callable[..., Loaded], events: Events, streams: Streams
) -> None:
    write("counting", COUNT)
    with running(loading().contracts["counted"]) as (runner, board):
        events.count_on(3)
        sample_of(runner, board, count=3)
        process = process_of(streams)
        process.kill()
        wait_for(lambda: gone(process.pid))
        sample_of(runner, board, count=0)  # it goes on where it was in the file, without the state
        events.count_on(2)
        sample_of(runner, board, count=2, seen=2)


def test_after_an_orderly_end_no_event_comes_twice(
    write: Write, loading: Callable[..., Loaded], events: Events, streams: Streams, settings: MakeSettings
) -> None:
    write("counting", COUNT)
    with running(loading().contracts["counted"]) as (runner, board):
        events.count_on(3)
        sample_of(runner, board, count=3)
    events.count_on(2)
    with running(replace_all(loading, write)) as (runner, board):
        sample_of(runner, board, count=2)


def test_a_processor_that_wants_too_much_memory_costs_its_stream_a_start(
    write: Write, loading: Callable[..., Loaded], events: Events
) -> None:
    write("counting", COUNT.replace("self.count += self.step", "self.kept = b'x' * 600_000_000"))
    with running(loading(memory=200_000_000).contracts["counted"]) as (runner, board):
        events.count_on(1)
        wait_for(lambda: "memory" in str(run(runner, board).get("error")).lower())


def test_the_process_ends_with_its_last_processor(
    write: Write, loading: Callable[..., Loaded], streams: Streams
) -> None:
    write("counting", COUNT)
    with running(loading().contracts["counted"]) as (runner, board):
        run(runner, board)
        pid = process_of(streams).pid
    wait_for(lambda: gone(pid))


def test_two_processors_of_one_name_are_refused_with_both_paths(
    write: Write, loading: Callable[..., Loaded], settings: MakeSettings
) -> None:
    first, second = write("one", COUNT), write("two", COUNT)
    loaded = loading()
    assert loaded.contracts == {}
    assert loaded.refused == {
        "counted": f"the name counted stands 2 times in {first} and {second}; give all but one another name"
    }


def test_a_class_that_is_only_imported_is_no_processor(write: Write, loading: Callable[..., Loaded]) -> None:
    write("_base", COUNT)
    write("mine", "from ._base import Count\nclass Mine(Count):\n    name = 'mine'\n")
    loaded = loading()
    assert (set(loaded.contracts), loaded.refused) == ({"mine"}, {})
    loaded.contracts["mine"].discard()


def test_a_missing_argument_is_named_and_the_others_load(write: Write, loading: Callable[..., Loaded]) -> None:
    write("counting", COUNT + COUNT.replace("counted", "other").replace("step=1", "step, gain").replace("Count", "Two"))
    loaded = loading({"other": {}})
    assert set(loaded.contracts) == {"counted"}
    cure = "give it in [agents.other] of the settings file"
    assert loaded.refused == {"other": f"counting needs the setting step and gain; {cure}"}
    loaded.contracts["counted"].discard()


def test_an_unknown_setting_is_refused(write: Write, loading: Callable[..., Loaded]) -> None:
    write("counting", COUNT)
    loaded = loading({"counted": {"stp": 2}})
    assert 'has no setting "stp"; did you mean "step"?' in loaded.refused["counted"]


def test_a_stream_that_nobody_configured_is_named(write: Write, loading: Callable[..., Loaded]) -> None:
    write("counting", COUNT)
    loaded = loading({"counted": {"stream": "dak"}})
    assert loaded.refused == {"counted": "[agents.counted]: stream is 'dak'; there are: daq"}


def test_a_stream_whose_settings_are_wrong_is_said(write: Write, loading: Callable[..., Loaded]) -> None:
    write("counting", COUNT)
    loaded = loading(fils="x")
    assert 'reader json_lines has no setting "fils"' in loaded.problems[0]
    assert "stream daq cannot be used" in loaded.refused["counted"]


def test_one_of_eight_that_takes_a_second_per_event_delays_no_other(
    write: Write, loading: Callable[..., Loaded], events: Events
) -> None:
    text = COUNT
    for number in range(7):
        text += COUNT.replace("counted", f"quick{number}").replace("Count(", f"Quick{number}(")
    write("counting", text.replace("self.count += self.step", "__import__('time').sleep(1); self.count += 1", 1))
    loaded = loading(queue=10)
    events.count_on(1000)
    with running(loaded.contracts["quick3"]) as (quick, board):
        wait_for(lambda: run(quick, board)["seen"] + run(quick, board)["dropped"] >= 1000)
        with running(loaded.contracts["counted"]) as (slow, its_board):
            document = run(slow, its_board)
            assert document["dropped"] > 900 and document["seen"] < 10
    for name in loaded.contracts.keys() - {"quick3", "counted"}:
        loaded.contracts[name].discard()


def test_an_image_and_arrays_come_whole(write: Write, loading: Callable[..., Loaded]) -> None:
    write(
        "seen",
        """
import numpy as np
class Image:
    name = "image"
    INTERVAL = 1
    def sample(self):
        return {"image": np.arange(12.0).reshape(3, 4), "nothing": None, "text": "Grüße"}
""",
    )
    with running(loading().contracts["image"]) as (runner, board):
        run(runner, board)
        result = board.result("image")
        assert result is not None
        assert np.array_equal(result.fields["image"], np.arange(12.0).reshape(3, 4))
        assert result.fields["text"] == "Grüße"


def test_what_is_in_the_file_when_the_stream_begins_is_seen_by_all(
    write: Write, loading: Callable[..., Loaded], events: Events, streams: Streams, tmp_path: Path
) -> None:
    names = [f"one{number}" for number in range(8)]
    write("counting", "".join(COUNT.replace("counted", name).replace("Count(", f"{name}(") for name in names))
    events.count_on(500)
    loaded = loading(full="block")
    with ExitStack() as stack:
        runners = [stack.enter_context(running(loaded.contracts[name])) for name in names]
        for runner in runners:
            sample_of(*runner, count=500)
        wait_for(lambda: list(tmp_path.glob("state/*-stream-daq.json")), what="for the position")
        process_of(streams).kill()
        events.count_on(100)
        for runner in runners:
            sample_of(*runner, seen=100)
