import sys
from pathlib import Path

import numpy as np
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.system.streams.conftest import events, lost, read
from WardenServer.errors import Unreachable
from WardenServer.machine.child import Child
from WardenServer.streams.readers.tango_events import TangoEvents


class Source(Child):
    """The device of source_device.py, without a database."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.device = f"tango://127.0.0.1:{port}/test/source/1#dbase=no"
        program = str(Path(__file__).with_name("source_device.py"))
        options = ["-nodb", "-dlist", "test/source/1", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
        super().__init__("source", [sys.executable, program, "one", *options], folder / "source.out")

    @property
    def proxy(self):
        return tango.DeviceProxy(self.device)

    def answers(self) -> bool:
        return "Ready to accept request" in self.output.read_text()


@pytest.fixture
def source(tmp_path):
    with Source(tmp_path) as one:
        yield one


@pytest.fixture
def make(source):
    made = []

    def one(*attributes, **settings):
        reader = TangoEvents(source.device, list(attributes), **settings)
        made.append(reader)
        reader.open(None)
        return reader

    yield one
    for reader in made:
        reader.close()


def values(batches):
    return [event["value"] for event in events(batches)]


def settle(reader, source):
    """Until events of `number` come: those sent at once after the subscription may get lost. The first value."""
    found, sent = [], -1

    def came():
        nonlocal sent
        if len(found) < 2:
            sent = source.proxy.Push(1)
        batch = reader.read(0.1)
        found.extend(values([batch]) if batch is not None else [])
        return found[-1:] == [sent]

    wait_for(came, 20, "for an event")
    return found[0]


def test_events_come_in_order_after_the_value_that_was_there(source, make) -> None:
    reader = make("number")
    assert settle(reader, source) == -1
    first = source.proxy.Push(500)
    found = read(reader, 500)
    assert values(found) == list(range(first, first + 500))
    assert events(found)[0].keys() == {"device", "attribute", "value", "timestamp", "quality"}
    assert reader.notes == []
    assert reader.read(0.05) is None


def test_values_of_all_kinds(source, make) -> None:
    reader = make("curve", "image", "texts", "colour", "State")
    found = {}

    def came():
        source.proxy.Others()
        batch = reader.read(0.1)
        found.update({event["attribute"]: event["value"] for event in events([batch] if batch is not None else [])})
        return found.get("State") == "RUNNING" and found["colour"] == 1 and found["texts"] == ["a", "b"]

    wait_for(came, 20, "for the events")
    assert np.array_equal(found["curve"], [1.0, np.nan], equal_nan=True)
    assert np.array_equal(found["image"], [[1, 2], [3, 4]])


def test_no_value_is_none_and_a_failure_is_a_note_that_goes_away(source, make) -> None:
    reader = make("number")
    settle(reader, source)
    source.proxy.Invalid()
    [event] = events(read(reader, 1))
    assert (event["value"], event["quality"], event["timestamp"]) == (None, "INVALID", 1.7e9)
    source.proxy.Fail()
    wait_for(lambda: reader.read(0.05) is None and reader.notes, 10, "for the note")
    assert reader.notes == [f"attribute {source.device}/number sends no events: RuntimeError: the sensor is broken"]
    first = source.proxy.Push(1)
    assert values(read(reader, 1)) == [first]
    assert reader.notes == []


def test_attributes_without_events_are_notes_and_cost_the_others_nothing(source, make) -> None:
    reader = make("silent", "nothing", "number")
    assert values(read(reader, 1)) == [-1]
    assert len(reader.notes) == 2
    assert "silent sends no events: The polling" in reader.notes[0]
    assert "nothing sends no events: nothing attribute not found" in reader.notes[1]


def test_what_nobody_reads_is_dropped_and_counted(source, make) -> None:
    reader = make("number", limit=10)
    settle(reader, source)
    first = source.proxy.Push(300)
    wait_for(lambda: reader._subscription._events[-1]["value"] == first + 299, 10, "for the last")
    found = read(reader, 300)
    assert (values(found), lost(found)) == (list(range(first + 290, first + 300)), 290)


def test_a_device_that_goes_and_comes_back(source, make) -> None:
    reader = make("number")
    settle(reader, source)
    source.stop()
    wait_for(lambda: reader.read(0.2) is None and reader.notes, 40, "for the note")
    source.start()
    wait_for(lambda: (batch := reader.read(0.2)) is not None and values([batch]) == [-1], 40, "for the value")
    settle(reader, source)
    assert reader.notes == []


def test_a_device_that_is_not_there() -> None:
    reader = TangoEvents(f"tango://127.0.0.1:{free_port()}/a/b/c#dbase=no", "x")
    try:
        reader.open(None)  # Tango itself tries again
        assert reader.read(0.0) is None
        assert len(reader.notes) == 1
    except Unreachable as error:
        assert "start it, or correct `device`" in str(error)
    finally:
        reader.close()
