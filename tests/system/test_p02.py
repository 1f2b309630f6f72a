"""P02.2's own configuration against its beamline: every key that the original wrote, for the readers it had."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import memcache
import pytest
import tango

from tests.conftest import wait_for
from tests.system.beamline import DEVICES, Beamline, web2c
from tests.system.conftest import Hub, MakeHub, about
from WardenServer.authoring import port
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.settings import settings_view

#: By key: how often it is written, in seconds, and its fields beside the timestamp.
DOCUMENTS = {
    "Petra": (3, [*DEVICES["petra/globals/keyword"]]),
    "P022.dcm": (5, [*DEVICES["p02/dcmener/oh.01"]]),
    "P022.dcm.bragg": (12, [*DEVICES["p02/dcmmotor/oh.01"]]),
    "P022.undulator": (5, ["Gap", "State"]),
    "P022.vacuum.interlock": (5, [*DEVICES["hasylab/vac.intlk/p02"]]),
    "P022.sps": (5, [*DEVICES["p02/spseh2/eh2a.01"]]),
    "P022.tango.starter.check": (2, ["servers", "new", "errors"]),
    "P022.tango.individuals.check": (1, ["servers", "new", "errors"]),
}
Page = tuple[str, dict[str, bytes]]
STARTERS = {"oh1": "haspp02oh1", "eh2a": "haspp02eh2a", "eh2b": "haspp02eh2b", "perk01": "haspp022perk01"}
STATES = ("Keithley428.eh2a", "Keithley428.eh2b", "MercuryITC")


@pytest.fixture
def beamline(database: LocalDatabase, tmp_path: Path) -> Iterator[Beamline]:
    with Beamline(database.address, tmp_path) as server:
        yield server


def configure(folder: Path, url: str, *more: str) -> None:
    """The shipped example, with the paths and the page of this test."""
    (folder / "requires_tango_servers.conf").write_text("# needed\nTangoTest/1\nZMX/EH2A\nVmExecutor/Nowhere\n")
    (folder / "requires_tango_servers_as_keys.conf").write_text(
        "P022.EH2.Tango.Keithley428.eh2a.state\n#P022.EH2.Tango.Keithley428.eh2b.state\n"
    )
    text = settings_view.example("p02").replace("~/beamline", str(folder)).replace("http://hasyvac.desy.de:8080", url)
    host = 'tango_host = "haspp02oh1:10000"\nmemcached = ["haspp02raspi02:55211"]\n'
    assert host in text
    (folder / "warden.toml").write_text("\n".join([*more, text.replace(host, "")]))


class Readers:
    """What the readers of P02.2 see: python-memcached's own decoding, and the bytes with their flags."""

    def __init__(self, hub: Hub) -> None:
        self._client = memcache.Client([hub.memcached.server[0] + f":{hub.memcached.server[1]}"])
        self._hub = hub

    def close(self) -> None:
        self._client.disconnect_all()

    def value(self, key: str) -> Any:
        return self._client.get(self._hub.settings.prefix + key)

    def document(self, key: str) -> dict[str, Any]:
        found = self.value(key)
        return {} if found is None else dict(json.loads(found))

    def raw(self, key: str) -> tuple[bytes, int]:
        """The bytes and the flags, of Memcached's own answer."""
        client = self._hub.memcached
        client._connect() if client.sock is None else None
        name = (self._hub.settings.prefix + key).encode()
        client.sock.sendall(b"get " + name + b"\r\n")
        answer = b""
        while not answer.endswith(b"END\r\n"):
            answer += client.sock.recv(65536)
        if answer == b"END\r\n":
            return b"", -1
        head, _, rest = answer.partition(b"\r\n")
        return rest[: int(head.split()[3])], int(head.split()[2])


@pytest.fixture
def page() -> Iterator[Page]:
    with web2c() as served:
        yield served


MakeReaders = Callable[..., Readers]


@pytest.fixture
def read_from() -> Iterator[MakeReaders]:
    with ExitStack() as stack:

        def make(hub: Hub) -> Readers:
            readers = Readers(hub)
            stack.callback(readers.close)
            return readers

        yield make


def check_fresh(readers: Readers) -> None:
    """Every document of the table is there, younger than two intervals."""
    for key, (interval, fields) in DOCUMENTS.items():
        document = readers.document(key)
        assert set(fields) <= document.keys(), key
        assert time.time() - document["timestamp"] < 2 * interval + 1, key


def there(readers: Readers) -> bool:
    keys = [*DOCUMENTS, *(f"P022.EH2.Tango.{name}.state" for name in STATES), "P022.vacuum.dcm.dcm1"]
    keys += [f"P022.tango.starter.{name}.StoppedServers.timestamp" for name in STARTERS]
    found = [readers.value(key) for key in keys]
    checks = [readers.document(key).get("errors") for key in DOCUMENTS if key.endswith("check")]
    return None not in found and None not in checks


def test_every_key_of_the_original_is_there_for_its_readers(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    server = hub(shipped="yes")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    check_fresh(readers)

    petra = readers.document("Petra")
    assert {name: petra[name] for name in DEVICES["petra/globals/keyword"]} == DEVICES["petra/globals/keyword"]
    assert readers.document("P022.undulator")["State"] == "ON"
    assert readers.document("P022.undulator")["Gap"] == 12.345
    interlock = readers.document("P022.vacuum.interlock")
    assert {name: interlock[name] for name in DEVICES["hasylab/vac.intlk/p02"]} == DEVICES["hasylab/vac.intlk/p02"]
    assert readers.document("P022.tango.starter.check")["servers"] == ["VmExecutor/Nowhere"]
    assert readers.document("P022.tango.individuals.check")["servers"] == []
    for name, host in STARTERS.items():
        for which in ("RunningServers", "StoppedServers"):
            key, servers = f"P022.tango.starter.{name}.{which}", DEVICES[f"tango/admin/{host}"][which]
            assert readers.raw(key) == ("%".join(servers).encode(), 0)
            stamp, flags = readers.raw(f"{key}.timestamp")
            assert flags == 1 and stamp == f"F{readers.value(f'{key}.timestamp')!r}\n.".encode()
            assert time.time() - readers.value(f"{key}.timestamp") < 3
    for name in STATES:
        assert readers.raw(f"P022.EH2.Tango.{name}.state") == (b"1", 2)
        assert readers.value(f"P022.EH2.Tango.{name}.state") == 1
    for key in DOCUMENTS:
        assert readers.raw(key)[1] == 0
    assert readers.raw("P022.vacuum.dcm.umlaut") == ("geöffnet".encode(), 0)
    icon = f"{page[0].removeprefix('http://')}/web2cToolkit/greenicon.jpg"
    assert readers.raw("P022.vacuum.dcm.icon") == (icon.encode(), 0)
    assert readers.value("P022.vacuum.dcm.empty") is None
    assert time.time() - readers.value("P022.vacuum.dcm.timestamp") < 5


def test_the_source_gives_unit_label_limits_quality_and_time(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    server = hub(shipped="yes")
    beamline.device("petra/globals/keyword").Give('{"BeamCurrent": 12.5}')
    wait_for(lambda: server.document("Petra").get("BeamCurrent") == 12.5, 15)
    server.wait_valid("petra_BeamCurrent")
    wait_for(lambda: server.proxy.petra_BeamCurrent == 12.5)
    read = server.proxy.read_attribute("petra_BeamCurrent")
    assert read.quality == tango.AttrQuality.ATTR_ALARM, "below the source's own limit"
    about = server.proxy.get_attribute_config("petra_BeamCurrent")
    assert (about.unit, about.label, about.alarms.min_alarm) == ("mA", "Ring", "50.0")


def test_devices_that_fail_are_told_from_those_that_are_well(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    server = hub(shipped="yes")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    beamline.device("p02/dcmener/oh.01").Break(["BraggAngle"])
    beamline.device("p02/keithley428/eh2a.01").Become("FAULT")
    beamline.device("tango/admin/haspp02oh1").Break(["RunningServers"])
    beamline.device("p02/undulator/1").Give('{"Gap": null}')
    page[1]["update"] = b"<data><update>"
    wait_for(lambda: readers.document("P022.dcm").get("BraggAngle", 0) is None, 15)
    assert readers.document("P022.dcm")["Position"] == 42700.5, "the others keep their values"
    assert "BraggAngle is broken" in readers.document("P022.dcm")["reason"]
    wait_for(lambda: readers.document("P022.undulator").get("Gap", 0) is None, 15)
    wait_for(lambda: readers.raw("P022.EH2.Tango.Keithley428.eh2a.state") == (b"0", 2), 15)
    wait_for(lambda: readers.document("P022.tango.individuals.check")["servers"] != [], 15)
    wait_for(lambda: "error" in readers.document("P022.tango.starter.check"), 15)
    error = readers.document("P022.tango.starter.check")["error"]
    assert "Memcached has no P022.tango.starter.oh1.RunningServers" in error
    assert readers.document("P022.tango.starter.check")["errors"] is None
    assert readers.value("P022.tango.starter.oh1.RunningServers") is None
    wait_for(lambda: readers.value("P022.vacuum.dcm.dcm1") is None, 15)
    assert "no whole XML" in about(server)["agents"]["vacuum_dcm"]["last_error"]


def test_a_device_that_takes_long_and_an_attribute_that_is_not_there_cost_only_themselves(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    file = tmp_path / "warden.toml"
    file.write_text(file.read_text().replace('["Gap", "State"]', '["Gap", "State", "Nowhere"]'))
    server = hub(shipped="yes")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    undulator = readers.document("P022.undulator")
    assert undulator["Gap"] == 12.345 and undulator["Nowhere"] is None and "Nowhere" in undulator["reason"]
    beamline.device("p02/dcmener/oh.01").Slow(5.0)
    wait_for(lambda: "error" in readers.document("P022.dcm"), 30, "for the slow device")
    assert "P022.dcm" not in [key for key in DOCUMENTS if key != "P022.dcm" and "error" in readers.document(key)]
    ticks = about(server)["ticks"]
    wait_for(lambda: about(server)["ticks"] > ticks + 20, 10)
    for key, (interval, _) in DOCUMENTS.items():
        if key != "P022.dcm":
            assert time.time() - readers.document(key)["timestamp"] < 2 * interval + 1, key
    beamline.device("p02/undulator/1").Hasten("p02/dcmener/oh.01")  # it is busy itself with the reads that go on
    wait_for(lambda: readers.document("P022.dcm").get("Position") == 42700.5, 60, "for it to be well again")


def test_the_originals_rules_for_failures(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0], "original = true")
    server = hub(shipped="yes")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    beamline.device("p02/dcmener/oh.01").Break(["BraggAngle"])
    beamline.device("hasylab/vac.intlk/p02").Break(["V_10"])
    beamline.device("p02/dcmmotor/oh.01").Become("FAULT")
    for host in STARTERS.values():
        beamline.device(f"tango/admin/{host}").Break(["RunningServers", "StoppedServers"])
    wait_for(lambda: readers.document("P022.dcm")["Position"] is None, 15, "one bad attribute makes all null")
    assert set(readers.document("P022.dcm")) == {"Position", "BraggAngle", "ExitOffset", "timestamp", "reason"}
    wait_for(lambda: readers.document("P022.vacuum.interlock")["V_10"] is None, 15)
    assert readers.document("P022.vacuum.interlock")["V_11"] in (1, 2), "spared, for one of the others is 1"
    wait_for(lambda: readers.raw("P022.tango.starter.oh1.RunningServers") == (b"", 0), 15)
    wait_for(lambda: readers.document("P022.tango.starter.check")["servers"] == [], 15, "blind, as it was")
    wait_for(lambda: readers.document("P022.dcm.bragg")["Position"] is None, 20)


#: As the original's plugins were written, in Python 2.
OLD = '''
from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = {ticks}
TICKTACK_OFFSET = 1.
ROOT_REF = "old.{root}"
DEV_NAME = "{device}"


def setup(obj):
    if not obj.test(TICKTACK):
        raise NameError


def work(unlock=False):
    worker = PyTangoWorker(DEV_NAME, def_file=os.path.basename(__file__), debug_level=logging.DEBUG)
    if unlock:
        worker.unlock()
    if worker.is_locked():
        worker.debug("Operation is locked")
        return
    worker.lock()
    try:
{body}
    except Exception, e:
        worker.error("Critical error, message is:\\n{{}}".format(e.message))
    worker.unlock()
'''
OF_DOCUMENT = """
        data = {{}}
        attrs = {attributes}
        values = worker.read_attributes(attrs)
        failed = len(values) == 0 or None in values
        for i, attr in enumerate(attrs):
            data[attr] = None if failed else values[i]
            if attr == u"State" and not failed:
                data[attr] = str(values[i])
        dict2json(ROOT_REF, data, worker)
"""
OF_STARTER = """
        for name in ("RunningServers", "StoppedServers"):
            read = worker.read_attribute(name)
            process_tango_starter(worker, () if read is None else read[1], root_ref="{{}}{{}}".format(ROOT_REF, name))
"""
OF_STATE = """
        set_key(ROOT_REF, worker.make_test(attr="Gain"), worker)
"""


def convert(tmp_path: Path, name: str, root: str, device: str, body: str, ticks: float) -> None:
    old = tmp_path / f"{name}.py2"
    old.write_text(OLD.format(root=root, device=device, body=body.format(attributes=DEVICES[device]), ticks=ticks))
    path = tmp_path / "plugins" / f"{name}.py"
    path.write_text(port.port(old).text)


def test_a_converted_old_plugin_gives_the_same_bytes_as_the_configured_agent(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, folder: Path, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    with (tmp_path / "warden.toml").open("a") as file:
        file.write("[agents.plugin_dcm]\nisolate = true\n")
    undulator = OF_DOCUMENT.replace("{attributes}", "['Gap', 'State']")
    convert(tmp_path, "plugin_petra", "Petra", "petra/globals/keyword", OF_DOCUMENT.replace("{attributes}", str(
        list(DEVICES["petra/globals/keyword"]))), 10)  # fmt: skip
    convert(tmp_path, "plugin_dcm", "P022.dcm", "p02/dcmener/oh.01", OF_DOCUMENT.replace(
        "{attributes}", "['Position', 'BraggAngle', 'ExitOffset']"), 10)  # fmt: skip
    convert(tmp_path, "plugin_undulator", "P022.undulator", "p02/undulator/1", undulator, 10)
    convert(tmp_path, "plugin_oh1", "P022.tango.starter.oh1.", "tango/admin/haspp02oh1", OF_STARTER, 10)
    convert(tmp_path, "plugin_state", "P022.EH2.Tango.Keithley428.eh2a.state", "p02/keithley428/eh2a.01", OF_STATE, 10)
    readers = read_from(hub(shipped="yes"))
    wait_for(lambda: there(readers), 20, "for all keys")
    plain = [
        "P022.tango.starter.oh1.RunningServers", "P022.tango.starter.oh1.StoppedServers",
        "P022.EH2.Tango.Keithley428.eh2a.state",
    ]  # fmt: skip
    for key in ("Petra", "P022.dcm", "P022.undulator", *plain):
        wait_for(lambda key=key: readers.raw(f"old.{key}")[1] >= 0, 20, f"for old.{key}")
        assert without_time(readers.raw(f"old.{key}")) == without_time(readers.raw(key))
    for key in plain[:2]:
        old, new = readers.raw(f"old.{key}.timestamp"), readers.raw(f"{key}.timestamp")
        assert old[1] == new[1] == 1 and abs(float(old[0][1:-3]) - float(new[0][1:-3])) < 60
    beamline.device("p02/keithley428/eh2a.01").Become("FAULT")
    state = "P022.EH2.Tango.Keithley428.eh2a.state"
    wait_for(lambda: readers.raw(f"old.{state}") == readers.raw(state) == (b"0", 2), 20, "for both to see a FAULT")


def without_time(held: tuple[bytes, int]) -> tuple[bytes, int]:
    return re.sub(rb'"timestamp": [0-9.]+', b"", held[0]), held[1]


def test_a_second_name_for_every_document(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    server = hub(shipped="yes", second_prefix=f"second{tmp_path.name}.")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    for key in ("P022.dcm", "P022.tango.starter.oh1.RunningServers", server.settings.hub_key):
        name = f"second{tmp_path.name}.{key}"
        wait_for(lambda name=name: server.memcached.get(name) is not None, 5)
    first, second = server.document("P022.dcm"), json.loads(server.memcached.get(f"second{tmp_path.name}.P022.dcm"))
    assert first.keys() == second.keys()


def test_devices_are_killed_and_come_back(
    hub: MakeHub, read_from: MakeReaders, beamline: Beamline, page: Page, tmp_path: Path
) -> None:
    configure(tmp_path, page[0])
    server = hub(shipped="yes")
    readers = read_from(server)
    wait_for(lambda: there(readers), 20, "for all keys")
    beamline.tell(signal.SIGKILL)
    wait_for(lambda: readers.raw("P022.EH2.Tango.MercuryITC.state") == (b"0", 2), 20, "for the state of a dead server")
    wait_for(lambda: readers.document("Petra").get("BeamCurrent", 0) is None, 20)
    assert "does not answer" in readers.document("Petra")["error"]
    assert readers.value("P022.tango.starter.oh1.RunningServers") is None
    beamline.stop()  # collects what is left of it
    beamline.start()
    wait_for(lambda: there(readers), 60, "for all keys, again")
    wait_for(lambda: readers.document("Petra").get("BeamCurrent") == 100.2, 30)
    server.wait_state("RUNNING", 30)
