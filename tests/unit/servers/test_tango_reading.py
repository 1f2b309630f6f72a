from types import SimpleNamespace

import numpy as np
import pytest

from WardenServer.agent import Agent
from WardenServer.errors import NoData, Unreachable
from WardenServer.plugins import read_tango
from WardenServer.results.result import clean
from WardenServer.servers import tango_reading

tango = pytest.importorskip("tango")
Type = tango.CmdArgType


class Failed(Exception):
    """Stands for tango.DevFailed."""


def answer(value=None, type=Type.DevDouble, error=None):
    stack = [SimpleNamespace(desc=f"{error}\nmore")]
    return SimpleNamespace(
        name="x",
        value=value,
        type=type,
        quality="ATTR_INVALID",
        has_failed=error is not None,
        get_err_stack=lambda: stack,
    )


class Device:
    def __init__(self, answers, labels=()):
        self.answers, self.labels, self.away = answers, labels, False

    def read_attributes(self, names):
        if self.away:
            raise Failed(SimpleNamespace(desc="no connection\nsecond line"))
        return [self.answers[name] for name in names]

    def get_attribute_config(self, name):
        return SimpleNamespace(enum_labels=self.labels)


@pytest.fixture
def device(monkeypatch):
    device = Device(
        {"good": answer(1.5), "bad": answer(error="sensor broken"), "invalid": answer(None)}, ["IDLE", "BUSY"]
    )
    monkeypatch.setattr(tango_reading, "_proxy", lambda name: device)
    monkeypatch.setattr(tango, "DevFailed", Failed)
    monkeypatch.setenv("TANGO_HOST", "127.0.0.1:1")
    return device


def one(device, value):
    device.answers["x"] = value
    return tango_reading.read("a/b/c", ["x"])["x"]


def test_a_bad_attribute_costs_only_itself(device):
    agent = Agent("r", {"device": "a/b/c", "attributes": ["good", "bad", "invalid"]})
    fields, reasons = clean(read_tango.work(agent))
    assert fields == {"good": 1.5, "bad": None, "invalid": None}
    assert reasons == {"bad": "sensor broken", "invalid": "the device gives no value (ATTR_INVALID)"}


def test_a_value_that_cannot_be_published_costs_only_itself(device):
    device.answers |= {
        "image": answer((("x" * 1000,) * 30,) * 60, Type.DevString),  # as TangoTest has it
        "huge": answer(2**64 - 1, Type.DevULong64),
    }
    agent = Agent("r", {"device": "a/b/c", "attributes": ["good", "image", "huge"]})
    fields, reasons = clean(read_tango.work(agent))
    assert fields == {"good": 1.5, "image": None, "huge": None}
    assert "1800000 characters" in reasons["image"]
    assert "64 bits" in reasons["huge"]


def test_a_device_that_is_away_is_unreachable_and_comes_back(device):
    device.away = True
    with pytest.raises(Unreachable, match=r"a/b/c does not answer: no connection$"):
        tango_reading.read("a/b/c", ["good"])
    device.away = False
    assert tango_reading.read("a/b/c", ["good"]) == {"good": 1.5}


def test_states_and_labels_come_as_names(device):
    assert one(device, answer(tango.DevState.RUNNING, Type.DevState)) == "RUNNING"
    assert one(device, answer(np.array([0, 1], np.uint32), Type.DevState)) == ["ON", "OFF"]
    assert one(device, answer(1, Type.DevEnum)) == "BUSY"
    assert one(device, answer(np.array([1, 0], np.int16), Type.DevEnum)) == ["BUSY", "IDLE"]
    assert one(device, answer(7, Type.DevEnum)) == "7"


def test_encoded_data_is_null(device):
    assert isinstance(one(device, answer(("json", b"{}"), Type.DevEncoded)), NoData)


def test_labels_that_cannot_be_had_are_unreachable(device, monkeypatch):
    def away(name):
        raise Failed(SimpleNamespace(desc="gone"))

    device.get_attribute_config = away
    with pytest.raises(Unreachable, match="gone"):
        one(device, answer(1, Type.DevEnum))


def test_without_any_database_there_is_no_data_and_no_failure(device, monkeypatch):
    monkeypatch.setattr(tango.ApiUtil, "get_env_var", lambda name: None)
    with pytest.raises(NoData, match="TANGO_HOST is not set"):
        tango_reading.read("a/b/c", ["good"])
    assert tango_reading.read("tango://127.0.0.1:1/a/b/c#dbase=no", ["good"]) == {"good": 1.5}
