import threading
from types import SimpleNamespace

import pytest

from WardenServer.agent import Agent
from WardenServer.errors import NoData, Unreachable
from WardenServer.plugins import tango_servers
from WardenServer.results.result import clean

tango = pytest.importorskip("tango")

DEVICES = ["dserver/Thing/a", "dserver/Thing/b", "t/a/1", "t/b/1", "t/off/1"]


class Failed(Exception):
    """Stands for tango.DevFailed."""


class Facility:
    """A database and devices, of which some are dead (their ping fails) or hang until `release` is set."""

    def __init__(self):
        self.dead, self.hung, self.release = set(), set(), threading.Event()
        self.devices, self.proxies, self.failure, self.database_hangs = list(DEVICES), [], None, False

    def database(self):
        if self.database_hangs:
            self.release.wait()
        if self.failure:
            raise self.failure
        return self

    def command_inout(self, command, pattern):
        exported = [name for name in self.devices if name != "t/off/1"]
        servers = ["Thing/a", "Thing/b"]
        return {"DbGetServerList": servers, "DbGetDeviceWideList": self.devices, "DbGetDeviceExportedList": exported}[
            command
        ]

    def proxy(self, name):
        self.proxies.append(name)
        return SimpleNamespace(ping=lambda: self.ping(name))

    def ping(self, name):
        if name in self.hung:
            self.release.wait()
        if name in self.dead:
            raise Failed


@pytest.fixture
def facility(monkeypatch):
    facility = Facility()
    monkeypatch.setattr(tango, "Database", facility.database)
    monkeypatch.setattr(tango, "DeviceProxy", facility.proxy)
    monkeypatch.setattr(tango, "DevFailed", Failed)
    return facility


@pytest.fixture
def look(facility):
    """Run `work`; the agent is closed at the end, and no thread of it is left."""
    before = set(threading.enumerate())
    agent = Agent("tango_servers", tango_servers.SETTINGS | {"ping_timeout": 0.5})

    def look(**settings):
        agent.settings.update(settings)
        fields = clean(tango_servers.work(agent))[0]
        return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in fields.items()}

    tango_servers.setup(agent)
    yield look
    facility.release.set()
    tango_servers.close(agent)
    assert set(threading.enumerate()) <= before


def test_all_well(look):
    fields = look()
    assert fields["servers"] == fields["servers_answering"] == ["Thing/a", "Thing/b"]
    assert fields["devices"] == ["t/a/1", "t/b/1", "t/off/1"]
    assert fields["devices_exported"] == fields["devices_answering"] == ["t/a/1", "t/b/1"]
    assert fields["devices_missing"] == fields["servers_missing"] == []
    assert (fields["devices_count"], fields["devices_answering_count"], fields["devices_missing_count"]) == (3, 2, 0)
    assert fields.keys() == tango_servers.FIELDS.keys()


def test_more_names_than_can_be_published_are_still_counted(look, facility):
    facility.devices = [f"t/{'x' * 250}/{number}" for number in range(4000)]
    fields = look()
    assert fields["devices"] is None
    assert fields["devices_count"] == 4000
    assert fields["servers"] == ["Thing/a", "Thing/b"]


def test_the_dead_are_named_and_come_back(look, facility):
    facility.dead = {"t/b/1", "dserver/Thing/b"}
    fields = look()
    assert (fields["devices_missing"], fields["servers_missing"]) == (["t/b/1"], ["Thing/b"])
    assert fields["devices_answering"] == ["t/a/1"]
    facility.dead = set()
    assert look()["devices_missing"] == []


def test_proxies_are_kept_and_those_of_gone_devices_dropped(look, facility):
    look()
    look()
    assert sorted(facility.proxies) == ["dserver/Thing/a", "dserver/Thing/b", "t/a/1", "t/b/1"]
    facility.devices.remove("t/b/1")
    look()
    assert "t/b/1" not in tango_servers._database._proxies


def test_hung_devices_cost_the_others_nothing(look, facility):
    look()
    facility.devices += [f"h/u/{number}" for number in range(20)]
    facility.hung = set(facility.devices[-20:])
    for _ in range(3):
        fields = look()
        assert fields["devices_answering"] == ["t/a/1", "t/b/1"]
        assert set(fields["devices_missing"]) <= facility.hung
    facility.release.set()
    look()
    assert look()["devices_missing"] == []


def test_a_hung_device_is_asked_once_only(look, facility):
    facility.hung = {"t/b/1"}
    for _ in range(3):
        assert look()["devices_missing"] == ["t/b/1"]
    assert facility.proxies.count("t/b/1") == 1
    assert len(tango_servers._database._pings) == 1


def test_ignored_names(look):
    fields = look(ignore=["thing/B", "t/b/*"])
    assert (fields["servers"], fields["devices"]) == (["Thing/a"], ["t/a/1", "t/off/1"])
    assert fields["servers_answering"] == ["Thing/a"]


def test_no_database_is_no_failure(look, facility):
    facility.failure = Failed(SimpleNamespace(reason="API_TangoHostNotSet", desc="TANGO_HOST not set"))
    with pytest.raises(NoData, match="no Tango database: TANGO_HOST not set"):
        look()


def test_a_database_that_is_down_is_unreachable_and_comes_back(look, facility):
    facility.failure = Failed(SimpleNamespace(reason="API_CorbaException", desc="no connection"))
    with pytest.raises(Unreachable, match="does not answer: no connection"):
        look()
    facility.failure = None
    assert look()["devices_count"] == 3


def test_a_database_that_hangs_is_asked_once_only(look, facility):
    facility.database_hangs = True
    for _ in range(12):  # more than the pool has threads
        with pytest.raises(Unreachable, match="does not answer within"):
            look()
    facility.database_hangs = False
    facility.release.set()
    assert look()["devices_count"] == 3
