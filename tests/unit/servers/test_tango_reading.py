from types import SimpleNamespace

import numpy as np
import pytest

from WardenServer.agent import Agent
from WardenServer.errors import NoData, NoDatabase, Unreachable
from WardenServer.plugins import read_tango
from WardenServer.results.result import clean
from WardenServer.servers import tango_reading

tango = pytest.importorskip("tango")
Type = tango.CmdArgType


class Failed(Exception):
    """Stands for tango.DevFailed."""


def answer(value=None, type=Type.DevDouble, error=None, quality=None, name="x"):
    stack = [SimpleNamespace(desc=f"{error}\nmore")]
    quality = quality or (tango.AttrQuality.ATTR_INVALID if value is None else tango.AttrQuality.ATTR_VALID)
    return SimpleNamespace(
        name=name,
        value=value,
        type=type,
        quality=quality,
        time=SimpleNamespace(totime=lambda: 1.7e9),
        has_failed=error is not None,
        get_err_stack=lambda: stack,
    )


class Device:
    def __init__(self, answers, labels=()):
        self.answers, self.labels, self.away, self.reason = answers, labels, False, "API_DeviceTimedOut"
        self.asked = []

    def read_attributes(self, names):
        if self.away:
            raise Failed(SimpleNamespace(desc="no connection\nsecond line", reason=self.reason))
        return [self.answers[name] for name in names]

    def get_attribute_config(self, name):
        return SimpleNamespace(enum_labels=self.labels)

    def get_attribute_config_ex(self, names):
        self.asked.append(names)
        return [config(name) for name in names]


def config(name):
    """What Tango says of an attribute; only that of `set` was given anything."""
    given = name == "set"
    no = "Not specified"
    limits = {"min_alarm": no, "max_alarm": "9.5" if given else no, "min_warning": no, "max_warning": no}
    return SimpleNamespace(
        name=name, unit="mm" if given else "No unit", standard_unit="No standard unit",
        display_unit="No display unit", label="Position" if given else name, format="%7.3f" if given else "%6.2f",
        description="No description", min_value="-3" if given else no, max_value=no, alarms=SimpleNamespace(**limits),
    )  # fmt: skip


@pytest.fixture
def device(monkeypatch):
    device = Device(
        {"good": answer(1.5), "bad": answer(error="sensor broken"), "invalid": answer(None)}, ["IDLE", "BUSY"]
    )
    monkeypatch.setattr(tango_reading, "pooled", lambda name: device)
    monkeypatch.setattr(tango_reading, "_properties", {})
    monkeypatch.setattr(tango, "DevFailed", Failed)
    monkeypatch.setenv("TANGO_HOST", "127.0.0.1:1")
    return device


def one(device, value):
    device.answers["x"] = value
    found = tango_reading.read("a/b/c", ["x"])["x"]
    return found if isinstance(found, NoData) else found.value


def test_a_bad_attribute_costs_only_itself(device):
    agent = Agent("r", {"device": "a/b/c", "attributes": ["good", "bad", "invalid"], "original": False})
    fields, reasons, _ = clean(read_tango.work(agent))
    assert fields == {"good": 1.5, "bad": None, "invalid": None}
    assert reasons == {"bad": "sensor broken", "invalid": "the device gives no value (ATTR_INVALID)"}


def test_a_value_that_cannot_be_published_costs_only_itself(device):
    device.answers |= {
        "image": answer((("x" * 1000,) * 30,) * 60, Type.DevString),  # as TangoTest has it
        "huge": answer(2**64 - 1, Type.DevULong64),
    }
    agent = Agent("r", {"device": "a/b/c", "attributes": ["good", "image", "huge"], "original": False})
    fields, reasons, _ = clean(read_tango.work(agent))
    assert fields == {"good": 1.5, "image": None, "huge": None}
    assert "1800000 characters" in reasons["image"]
    assert "64 bits" in reasons["huge"]


def test_a_device_that_is_away_is_unreachable_and_comes_back(device):
    device.away = True
    with pytest.raises(Unreachable, match=r"a/b/c does not answer: no connection$"):
        tango_reading.read("a/b/c", ["good"])
    device.away = False
    assert tango_reading.read("a/b/c", ["good"])["good"].value == 1.5


def test_a_database_that_is_away_is_told_from_a_device_that_is(device):
    device.away, device.reason = True, "API_CantConnectToDatabase"
    with pytest.raises(NoDatabase):
        tango_reading.read("a/b/c", ["good"])
    device.reason = "API_DeviceNotExported"
    with pytest.raises(Unreachable) as raised:
        tango_reading.read("a/b/c", ["good"])
    assert not isinstance(raised.value, NoDatabase)


def original(*attributes, spared_by=()):
    return Agent("r", {"device": "a/b/c", "attributes": attributes, "original": True, "spared_by": spared_by})


def test_with_the_originals_rule_one_missing_value_leaves_none(device):
    device.answers["State"] = answer(tango.DevState.ON, Type.DevState)
    assert clean(read_tango.work(original("good")))[0] == {"good": 1.5}
    assert clean(read_tango.work(original("good", "State")))[0] == {"good": 1.5, "State": "ON"}
    with pytest.raises(NoData, match=r"bad has no value \(sensor broken\), so none has"):
        read_tango.work(original("good", "bad"))
    fields = clean(read_tango.work(original("good", "bad", spared_by=[0, 1.5])))[0]
    assert fields == {"good": 1.5, "bad": None}, "spared by 1.5"
    device.answers["State"] = answer(tango.DevState.FAULT, Type.DevState)
    with pytest.raises(NoData, match="a/b/c is in FAULT"):
        read_tango.work(original("good"))


def test_state_and_values_for_old_plugins_with_no_name_twice(device):
    device.answers |= {"State": answer(tango.DevState.FAULT, Type.DevState), "state": answer(1)}
    state, values = tango_reading.state_and_values("a/b/c", ["good", "bad", "State"])
    assert (state, values) == (tango.DevState.FAULT, [1.5, None, tango.DevState.FAULT])
    device.away = True
    with pytest.raises(Unreachable):
        tango_reading.state_and_values("a/b/c", ["good"])


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
        raise Failed(SimpleNamespace(desc="gone", reason=""))

    device.get_attribute_config = away
    with pytest.raises(Unreachable, match="gone"):
        one(device, answer(1, Type.DevEnum))


def test_without_any_database_there_is_no_data_and_no_failure(device, monkeypatch):
    monkeypatch.setattr(tango.ApiUtil, "get_env_var", lambda name: None)
    with pytest.raises(NoData, match="TANGO_HOST is not set"):
        tango_reading.read("a/b/c", ["good"])
    assert tango_reading.read("tango://127.0.0.1:1/a/b/c#dbase=no", ["good"])["good"].value == 1.5


def test_quality_time_and_properties_of_the_source_come_with_the_value(device):
    device.answers["set"] = answer(3.25, quality=tango.AttrQuality.ATTR_ALARM, name="set")
    agent = Agent("r")
    readings = agent.read("a/b/c", ["set", "bad"])
    assert readings["set"] * 2 == 6.5, "it can be calculated with"
    came = clean(readings)
    said = {"unit": "mm", "label": "Position", "format": "%7.3f", "min_value": "-3.0", "max_alarm": "9.5"}
    assert came[2]["set"] == ("ALARM", 1.7e9, said, None)
    assert (came[0]["set"], came[1]) == (3.25, {"bad": "sensor broken"})
    agent.read("a/b/c", ["set"])
    assert device.asked == [["set"]], "asked for at the first answer only, and not where there is none"


def test_what_is_changed_or_added_has_nothing_of_its_own(device):
    device.answers["set"] = answer(3.25, quality=tango.AttrQuality.ATTR_WARNING, name="set")
    readings = Agent("r").read("a/b/c", ["set", "good"])
    readings["good"] = readings["good"] + 1
    came = clean(readings | {"renamed": readings.full["set"], "more": 1})
    assert {name: own.quality for name, own in came[2].items()} == {"set": "WARNING", "renamed": "WARNING"}
    assert came[0] == {"set": 3.25, "good": 2.5, "renamed": 3.25, "more": 1}


def test_a_number_that_is_invalid_at_its_source_is_none(device):
    device.answers["set"] = answer(3.25, quality=tango.AttrQuality.ATTR_INVALID, name="set")
    came = clean(Agent("r").read("a/b/c", ["set"]))
    assert came == ({"set": None}, {"set": "its source says that it is INVALID"}, {})
