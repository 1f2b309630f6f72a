"""Real servers on free ports: a Tango database, a memcached, and hubs with plugin files of the test's own."""

import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
import tango
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system import pouchdb as pouch
from tests.system.postgresql import PostgreSQL, is_there
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.machine.child import Child
from WardenServer.servers import tango_database
from WardenServer.settings import config


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_name(start: str) -> str:
    """A name nobody has had: of a database, a prefix or an instance in servers that many tests share."""
    return f"{start}{uuid.uuid4().hex[:12]}"


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything that settles where servers are."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WARDEN_") and k != "TANGO_HOST"}
    return {**kept, **more}


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """A Tango database for the whole session."""
    with LocalDatabase(free_port(), tmp_path_factory.mktemp("database")) as server:
        yield server


@pytest.fixture(scope="session")
def memcached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMemcached]:
    """A memcached for the whole session."""
    with LocalMemcached(free_port(), tmp_path_factory.mktemp("memcached")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A PostgreSQL for the whole session."""
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    with PostgreSQL(free_port(), tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="session")
def pouchdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pouch.PouchDB]:
    """A pouchdb-server for the whole session; each test has databases of its own."""
    if why_not := pouch.install():
        pytest.skip(why_not)
    with pouch.PouchDB(free_port(), tmp_path_factory.mktemp("pouchdb")) as server:
        yield server


def booted(age: float) -> list[str]:
    """What to put before a command, so that it runs as on a machine that was booted `age` seconds ago."""
    ours = Path("/proc/self/timens_offsets")  # another namespace counts from the machine's own clock, as ours does
    offset = int(ours.read_text().split()[1]) if ours.exists() else 0
    before = str(int(age - time.monotonic()) + offset)
    return ["unshare", "--time", "--monotonic", before, "--boottime", before, "--fork", "--kill-child"]


class Hub(Child):
    """The device server of one instance, as `warden serve` runs it."""

    def __init__(
        self,
        settings: config.Settings,
        tango_host: str,
        servers: str,
        port: int,
        more: dict[str, str],
        within: Sequence[str] = (),
    ) -> None:
        self.settings = settings
        self.database = tango_host
        self.servers = servers
        self.port = port
        self.memcached = Client(servers.split(",")[0], timeout=2, connect_timeout=2)
        given = {
            "plugin_folders": str(settings.plugin_folders[0]),
            "state_folder": str(settings.state_folder),
            "shipped": str(settings.shipped),
            "memcached": servers,
            "prefix": settings.prefix,
            **more,
        }
        command = [sys.executable, "-m", "WardenServer", "serve", settings.instance]
        for name, value in given.items():
            command += ["--set", f"{name}={value}"]
        self.file = settings.state_folder.parent / "warden.toml"
        self.file.touch()
        environment = {"TANGO_HOST": tango_host, "WARDEN_CONFIG": str(self.file)}
        self.device = f"tango://{tango_host}/{settings.device}"
        if port:
            command += ["-nodb", "-dlist", settings.device, "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
            self.device = f"tango://127.0.0.1:{port}/{settings.device}#dbase=no"
        self._is_inside = within[:1] == ["unshare"]  # the process we know waits for the server's
        super().__init__("hub", [*within, *command], settings.state_folder / "hub.out", environment)

    @property
    def proxy(self) -> Any:
        """The device. On a busy machine an answer may take longer than Tango's 3 s."""
        proxy = tango.DeviceProxy(self.device)
        proxy.set_timeout_millis(10_000)
        return proxy

    def run_agent(self, name: str) -> None:
        """Have an agent run once more, as soon as no run of it goes on."""

        def begun() -> bool:
            try:
                self.proxy.RunAgent(name)
            except tango.DevFailed as error:
                if "runs already" not in str(error):
                    raise
                return False
            return True

        wait_for(begun)

    def answers(self) -> bool:
        if self.port:  # see nodb_client
            return "Ready to accept request" in self.log()
        try:
            return self.proxy.state() != tango.DevState.INIT
        except tango.DevFailed:
            return False

    def document(self, key: str) -> dict[str, Any]:
        """What stands in memcached; empty when nothing does."""
        value = self.memcached.get(self.settings.prefix + key)
        return json.loads(value) if value else {}

    def wait_document(self, key: str, field: str, value: Any = ..., limit: float = 10) -> dict[str, Any]:
        """Wait until a field of a document is there, and has this value."""
        found: dict[str, Any] = {}

        def there() -> bool:
            nonlocal found
            found = self.document(key)
            return field in found and (value is ... or found[field] == value)

        wait_for(there, limit, f"for {key}.{field} = {value!r}; it is {found}; {self.output.read_text()[-2000:]}")
        return found

    def wait_state(self, state: str, limit: float = 10) -> str:
        """Wait for a state of the device; returns the status."""
        proxy = self.proxy
        wait_for(lambda: str(proxy.state()) == state, limit, f"for {state}: {proxy.state()} {proxy.status()}")
        return str(self.proxy.status())

    def wait_valid(self, attribute: str, limit: float = 10) -> Any:
        """Wait until an attribute is there with a valid value; returns the value."""

        def valid() -> bool:
            try:
                return bool(self.proxy.read_attribute(attribute).quality != tango.AttrQuality.ATTR_INVALID)
            except tango.DevFailed:
                return False

        wait_for(valid, limit, f"for {attribute}")
        return self.proxy.read_attribute(attribute).value

    def log(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        self.memcached.close()
        if self._is_inside and self.alive:
            for server in psutil.Process(self.pid).children():
                server.terminate()
            wait_for(lambda: not self.alive, 10, "for the hub's end")
        super().stop()


def about(server: Hub) -> dict[str, Any]:
    """What the hub says of itself at this moment."""
    proxy = server.proxy
    proxy.GetInfo()  # makes its document anew
    return dict(json.loads(proxy.GetDocument(server.settings.hub_key)))


def check_tick(server: Hub, ticks: int = 10) -> None:
    """The tick and the runs go on. A busy machine may cost a tick; a server that is waited for would cost ten."""
    before = about(server)
    wait_for(lambda: about(server)["ticks"] >= before["ticks"] + ticks, 0.1 * ticks + 2)
    after = about(server)
    quick, earlier = after["agents"]["quick"], before["agents"]["quick"]
    assert after["missed"] - before["missed"] < 5
    assert quick["runs"] - earlier["runs"] >= ticks - 5
    assert quick["skipped"] - earlier["skipped"] < 5


def check_commands(server: Hub) -> None:
    """Stop, Start and State answer in time."""
    proxy = server.proxy
    for command, stopped in (("Stop", True), ("Start", False)):
        began = time.monotonic()
        proxy.command_inout(command)
        assert (proxy.state() == tango.DevState.ON) is stopped
        assert time.monotonic() - began < 1.0


def make_hub(name: str, agents: dict[str, str], base: Path, database: LocalDatabase, servers: str) -> Hub:
    """A hub for several tests, not started: with these plugin files, in a folder of its own."""
    (base / "plugins").mkdir()
    for agent, text in agents.items():
        (base / "plugins" / f"{agent}.py").write_text(text, encoding="utf-8")
    said = {"plugin_folders": str(base / "plugins"), "shipped": "no", "state_folder": str(base / "state")}
    settings = config.load(environment={}, options={**said, "instance": name, "prefix": f"{name}."})
    tango_database.register(tango_database.connect(database.address), settings)
    return Hub(settings, database.address, servers, 0, {})


MakeHub = Callable[..., Hub]


@pytest.fixture
def hub(
    request: pytest.FixtureRequest,
    settings: Callable[..., config.Settings],
    database: LocalDatabase,
    memcached: LocalMemcached,
) -> Iterator[MakeHub]:
    """Make and start a hub: hub(setting="value", ...); with port=N it runs without a database, with within=[...]
    it is started by that command, such as `booted`. It keeps no history unless told so: its start costs the time of
    hundreds of tests."""
    with ExitStack() as stack:

        def make(
            servers: str = "", tango_host: str = "", port: int = 0, within: Sequence[str] = (), **more: str
        ) -> Hub:
            # A name of its own for every hub: they share one database and one memcached.
            name = "t" + "".join(c for c in request.node.name if c.isalnum())[-30:] + str(free_port())
            made = settings(instance=name, prefix=f"{name}.", shipped=more.pop("shipped", "no"))
            host = tango_host or database.address
            if not port:
                tango_database.register(tango_database.connect(host), made)
            more.setdefault("history", "no")
            server = Hub(made, host, servers or memcached.address, port, more, within)
            return stack.enter_context(server)

        yield make


class Events:
    """Events of one attribute, as they come."""

    def __init__(self, proxy: Any, attribute: str, kind: tango.EventType = tango.EventType.CHANGE_EVENT) -> None:
        self.got: list[Any] = []
        self.errors: list[Any] = []
        self._proxy = proxy
        self._id = proxy.subscribe_event(attribute, kind, self._take)

    def _take(self, event: Any) -> None:
        (self.errors if event.err else self.got).append(event)

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *error: object) -> None:
        self._proxy.unsubscribe_event(self._id)

    @property
    def values(self) -> list[Any]:
        return [event.attr_value.value for event in self.got]

    @property
    def qualities(self) -> list[str]:
        return [str(event.attr_value.quality).removeprefix("ATTR_") for event in self.got]


@pytest.fixture
def events() -> type[Events]:
    return Events
