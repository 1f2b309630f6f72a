"""A facility as Debian ships it: the C++ database, the real Starter, TangoTest, and clients with an older PyTango."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import memcache
import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.debian.conftest import HOST, Packages
from tests.system.conftest import clean_environment, new_name
from WardenServer.local.local_servers import LocalMemcached

CLIENT = """
import time, tango
hub = tango.DeviceProxy("{device}")
got = []
number = hub.subscribe_event("count_n", tango.EventType.CHANGE_EVENT, got.append)
until = time.monotonic() + 10
while len(got) < 5 and time.monotonic() < until:
    time.sleep(0.01)
hub.unsubscribe_event(number)
print(tango.__version__, hub.state(), hub.count_n > 0, len(got) >= 5, any(each.err for each in got))
print(hub.GetDocument("count"))
"""

COUNT = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"


class Site:
    """One hub of this facility, by its settings file."""

    def __init__(self, host: str, folder: Path, memcached: LocalMemcached) -> None:
        self.host, self.instance = host, new_name("site")
        self.device = f"tango://{host}/warden/hub/{self.instance}"
        self.starter = tango.DeviceProxy(f"tango://{host}/tango/admin/{HOST}")
        (folder / "plugins").mkdir()
        (folder / "plugins" / "count.py").write_text(COUNT)
        self.file = folder / "warden.toml"
        said = {
            "plugin_folders": [str(folder / "plugins")], "shipped": False, "state_folder": str(folder / "state"),
            "memcached": [memcached.address], "prefix": f"{self.instance}.",
        }  # fmt: skip
        lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
        lines += ["[agents.test]", 'plugin = "read_tango"', 'device = "sys/tg_test/1"', "interval = 0.5"]
        lines += ['attributes = ["State", "double_scalar", "wave", "string_scalar"]']
        lines += ["[agents.starter]", 'plugin = "tango_starter"', f'device = "tango/admin/{HOST}"', "interval = 0.5"]
        lines += ['root = "P022.tango.starter.here"']
        for shipped in ("read_tango", "tango_starter"):
            (folder / "plugins" / f"{shipped}.py").write_bytes(_shipped(shipped))
        self.file.write_text("\n".join(lines))

    def register(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = clean_environment(TANGO_HOST=self.host)
        command = [sys.executable, "-m", "WardenServer", "register", "--instance", self.instance, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)

    def is_known_to_run(self) -> bool:
        """Whether the Starter knows that the hub runs; it looks now and then."""
        self.starter.UpdateServersInfo()
        return f"BeamlineWarden/{self.instance}" in self.starter.DevGetRunningServers(True)

    @property
    def state(self) -> str:
        try:
            return str(tango.DeviceProxy(self.device).state())
        except tango.DevFailed:
            return "none"


def _shipped(name: str) -> bytes:
    from WardenServer.loading.trust import SHIPPED

    return (SHIPPED / f"{name}.py").read_bytes()


@pytest.fixture
def site(facility: str, tmp_path: Path, memcached: LocalMemcached) -> Iterator[Site]:
    """A hub that nobody has started yet."""
    made = Site(facility, tmp_path, memcached)
    yield made
    for process in psutil.process_iter(["cmdline"]):  # it is no child of ours
        if made.instance in (process.info["cmdline"] or []):
            process.kill()
    wait_for(lambda: made.state == "none")


def _starts(starter: Any, server: str) -> bool:
    """Have the Starter start a server. It looks at processes now and then only, and may think that it still runs."""
    try:
        starter.DevStart(server)
    except tango.DevFailed as error:
        if error.args[0].reason != "ALREADY_RUNNING":
            raise
        return False
    return True


def test_the_starter_starts_stops_and_kills_the_hub(site: Site) -> None:
    done = site.register("--starter", "0")
    assert (done.returncode, done.stderr) == (0, "")
    server = f"BeamlineWarden/{site.instance}"
    site.starter.Init()
    for end in ("DevStop", "HardKillServer", "HardKillServer"):
        wait_for(lambda: _starts(site.starter, server), 20, f"for the Starter to let it start before {end}")
        wait_for(lambda: site.state != "none" and site.is_known_to_run(), 20, f"for its start before {end}")
        site.starter.command_inout(end, server)
        wait_for(lambda: site.state == "none" and not site.is_known_to_run(), 20, f"for its end by {end}")


@pytest.fixture
def served(site: Site) -> Iterator[Site]:
    """A hub of this site, started by hand."""
    assert site.register().returncode == 0
    environment = clean_environment(TANGO_HOST=site.host, WARDEN_CONFIG=str(site.file))
    command = [sys.executable, "-m", "WardenServer", "serve", site.instance]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: site.state == "RUNNING", 20)
        yield site
    finally:
        server.terminate()
        assert server.wait(10) == 0


def test_it_reads_a_c_device_and_keeps_what_that_says_of_its_attributes(served: Site) -> None:
    proxy = tango.DeviceProxy(served.device)
    wait_for(lambda: "test_double_scalar" in proxy.get_attribute_list())
    wait_for(lambda: proxy.test_double_scalar is not None)
    read = {each.name: each for each in proxy.read_attributes(["test_double_scalar", "test_wave", "test_State"])}
    assert isinstance(read["test_double_scalar"].value, float)
    assert read["test_wave"].value.shape == (256,)
    assert read["test_State"].value == "RUNNING"


def test_it_reads_a_real_starter(served: Site, memcached: LocalMemcached) -> None:
    info = tango.DbServerInfo()
    info.name, info.host, info.mode, info.level = "TangoTest/test", HOST, 1, 0
    tango.Database(*served.host.split(":")).put_server_info(info)
    served.starter.Init()
    client = memcache.Client([memcached.address])
    key = f"{served.instance}.P022.tango.starter.here"

    def names(which: str) -> list[str]:
        served.starter.UpdateServersInfo()
        return (client.get(f"{key}.{which}") or b"").decode().split("%")

    wait_for(lambda: "TangoTest/test" in names("RunningServers"), 20, "for the server that runs")
    assert "TangoTest/test" not in names("StoppedServers")
    assert isinstance(client.get(f"{key}.StoppedServers.timestamp"), float)
    client.disconnect_all()


def test_a_client_with_an_older_pytango_reads_commands_and_subscribes(served: Site, packages: Packages) -> None:
    folder = packages.root / "usr/lib/python3/dist-packages"
    environment = {**os.environ, **packages.environment, "PYTHONPATH": str(folder), "TANGO_HOST": served.host}
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("Debian's Python is not here")
    text = CLIENT.format(device=served.device)
    done = subprocess.run(
        [python, "-c", text], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    first, document = done.stdout.splitlines()
    assert first.split()[1:] == ["RUNNING", "True", "True", "False"]
    assert first.startswith("9.")
    assert json.loads(document)["n"] > 0
