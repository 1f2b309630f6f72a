import threading
from types import SimpleNamespace

import numpy as np
import pytest

from WardenServer.errors import SettingError, Unreachable
from WardenServer.streams.batch import MOST
from WardenServer.streams.readers import make
from WardenServer.streams.readers.tango_events import TangoEvents

tango = pytest.importorskip("tango")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"device": "a/b/c/d"}, 'write "domain/family/member"'),
        ({"device": "a b"}, 'write "domain/family/member"'),
        ({"device": "http://a:1/a/b/c"}, 'write "domain/family/member"'),
        ({"device": None}, 'write "domain/family/member"'),
        ({"attributes": []}, "write a list of names"),
        ({"attributes": {"x": 1}}, "write a list of names"),
        ({"attributes": ["x", 5]}, "in place of 5"),
        ({"attributes": "x/y"}, "in place of 'x/y'"),
        ({"attributes": ["x", "y", "X"]}, "write x once"),
        ({"limit": 0}, "write a number of events, 1 or more"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_cure(settings, words) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        make("daq", "tango", {"device": "a/b/c", "attributes": ["x"], **settings})
    assert f"[streams.daq]: {next(iter(settings))} is " in str(raised.value)


@pytest.mark.parametrize("device", ["a/b/c", "alias", "tango://db:10000/a/b/c", "tango://h:1/a/b/c#dbase=no"])
def test_names_of_devices(device) -> None:
    TangoEvents(device, "x").close()


class Proxy:
    """Stands for tango.DeviceProxy."""

    def __init__(self, device):
        self.takers, self.ended = {}, []

    def subscribe_event(self, name, kind, take, sub_mode):
        assert (kind, sub_mode) == (tango.EventType.CHANGE_EVENT, tango.EventSubMode.Stateless)
        self.takers[name] = take
        return len(self.takers)

    def unsubscribe_event(self, number):
        self.ended.append(number)
        if number == 1:
            raise KeyError(number)


@pytest.fixture
def proxy(monkeypatch):
    made = Proxy("a/b/c")
    monkeypatch.setattr(tango, "DeviceProxy", lambda device: made)
    return made


def event(value, quality="ATTR_VALID"):
    answer = SimpleNamespace(
        value=value, time=SimpleNamespace(totime=lambda: 1.7e9), quality=SimpleNamespace(name=quality)
    )
    return SimpleNamespace(err=False, attr_value=answer)


def failure(*reasons):
    return SimpleNamespace(err=True, errors=[SimpleNamespace(desc=f"{each}\nmore") for each in reasons])


def test_events_wait_for_the_reader_and_the_oldest_are_dropped(proxy) -> None:
    reader = TangoEvents("a/b/c", ["x"], limit=3)
    assert reader.read(0.0) is None
    reader.open(None)
    for number in range(10):
        proxy.takers["x"](event(number))
    batch = reader.read(0.0)
    assert ([each["value"] for each in batch.events], batch.lost) == ([7, 8, 9], 7)
    assert batch.events[0] == {"device": "a/b/c", "attribute": "x", "value": 7, "timestamp": 1.7e9, "quality": "VALID"}
    assert reader.read(0.0) is None
    reader.close()
    reader.close()
    assert proxy.ended == [1]


def test_values(proxy) -> None:
    reader = TangoEvents("a/b/c", "x")
    reader.open(None)
    array = np.array([1.0, np.nan])
    for value in (tango.DevState.ON, ("a", "ä"), (("a",), ("b",)), (tango.DevState.ON,), array, None):
        proxy.takers["x"](event(value, "ATTR_INVALID"))
    values = [each["value"] for each in reader.read(0.0).events]
    assert values[:4] == ["ON", ["a", "ä"], [["a"], ["b"]], ["ON"]]
    assert values[4] is array
    assert values[5] is None
    reader.close()


def test_a_batch_has_its_limit(proxy) -> None:
    reader = TangoEvents("a/b/c", ["x"])
    reader.open(None)
    for number in range(MOST + 1):
        proxy.takers["x"](event(number))
    assert [len(reader.read(0.0)), len(reader.read(0.0))] == [MOST, 1]
    reader.close()


def test_notes_say_which_attributes_send_nothing(proxy) -> None:
    reader = TangoEvents("a/b/c", ["x", "Y"])
    reader.open(None)
    reader.read(0.0)
    assert reader.notes == [f"attribute a/b/c/{name} has sent no event yet" for name in ("x", "Y")]
    proxy.takers["x"](event(1))
    proxy.takers["Y"](failure("no polling", "because"))
    assert len(reader.read(0.0)) == 1
    assert reader.notes == ["attribute a/b/c/Y sends no events: no polling"]
    proxy.takers["x"](failure())
    reader.read(0.0)
    assert "attribute a/b/c/x sends no events: it does not say why" in reader.notes
    proxy.takers["x"](event(2))
    proxy.takers["Y"](event(2))
    reader.read(0.0)
    assert reader.notes == []
    reader.close()


def test_events_of_many_threads_are_all_there(proxy) -> None:
    reader = TangoEvents("a/b/c", ["x"], limit=1000)
    reader.open(None)
    threads = [
        threading.Thread(target=lambda: [proxy.takers["x"](event(number)) for number in range(1000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    seen = 0
    while seen < 4000:
        batch = reader.read(5.0)
        seen += len(batch) + batch.lost
    for thread in threads:
        thread.join(10)
    assert seen == 4000
    assert reader.read(0.0) is None
    reader.close()


def test_a_device_that_does_not_answer(monkeypatch) -> None:
    def refuse(device):
        tango.Except.throw_exception("API_DeviceNotDefined", "device a/b/c not defined\nin the database", "here")

    monkeypatch.setattr(tango, "DeviceProxy", refuse)
    with pytest.raises(Unreachable, match=r"device a/b/c does not answer .*; start it, or correct `device`") as raised:
        TangoEvents("a/b/c", ["x"]).open(None)
    assert "(device a/b/c not defined)" in str(raised.value)
