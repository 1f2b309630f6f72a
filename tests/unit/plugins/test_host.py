import threading
from types import SimpleNamespace

import psutil
import pytest

from WardenServer.agent import Agent
from WardenServer.errors import NoData
from WardenServer.plugins import host
from WardenServer.results.field import attribute_name, declare, kind_of
from WardenServer.results.result import clean


@pytest.fixture(autouse=True)
def no_earlier_run():
    host._before.clear()


def part(device, mountpoint, fstype="ext4"):
    return SimpleNamespace(device=device, mountpoint=mountpoint, fstype=fstype)


def test_real_host_twice():
    threads = threading.active_count()
    first, second = (clean(host.work(Agent("host")))[0] for _ in range(2))
    assert first.keys() == second.keys()
    for name, value in second.items():
        assert attribute_name("host", name)
        kind = declare(name, host.FIELDS[name]).kind
        for run in (first[name], value):
            assert run is None or kind.accepts(kind_of(run)), name
    assert second["memory_total"] > 0
    assert second["processes"] > 0
    assert threading.active_count() == threads


def test_every_declaration_is_understood():
    assert all(declare(name, entry).kind for name, entry in host.FIELDS.items())


def test_a_rate_needs_an_earlier_run():
    assert isinstance(host._rate("x", 10.0, now=1.0), NoData)
    assert host._rate("x", 30.0, now=5.0) == 5.0
    assert host._rate("x", 34.0, now=7.0, scale=100.0) == 200.0


def test_a_counter_that_was_set_back_gives_no_rate():
    host._rate("x", 30.0, now=1.0)
    assert "set back" in str(host._rate("x", 10.0, now=2.0))


def test_disks_are_named_after_their_shortest_mount_point(monkeypatch):
    parts = [
        part("/dev/a", "/etc/hosts"),
        part("/dev/a", "/"),
        part("/dev/b", "/data/p02"),
        part("/dev/l", "/s", "squashfs"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [] if all else parts)
    assert host._mounts() == {"/": "root", "/data/p02": "data_p02"}


def test_an_unmounted_disk_is_null_and_the_others_are_not(monkeypatch):
    def usage(mount_point):
        if mount_point == "/gone":
            raise FileNotFoundError(2, "No such file or directory")
        return SimpleNamespace(percent=50, free=7)

    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [part("a", "/"), part("b", "/gone")])
    monkeypatch.setattr(psutil, "disk_usage", usage)
    fields, reasons, _ = clean(host._disks())
    assert fields == {"disk_root_percent": 50.0, "disk_root_free": 7, "disk_gone_percent": None, "disk_gone_free": None}
    assert isinstance(fields["disk_root_percent"], float)
    assert reasons["disk_gone_free"] == "/gone: No such file or directory"


def test_interfaces_of_containers_are_left_out():
    assert host._interfaces(["veth12", "eth0", "docker0"]) == {"eth0": "eth0"}


def test_sensors_of_the_same_name_are_numbered(monkeypatch):
    found = {"nvme": [SimpleNamespace(label="Composite", current=40)] * 2}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found)
    assert host._temperatures() == {"temperature_nvme_Composite": 40.0, "temperature_nvme_Composite_2": 40.0}
