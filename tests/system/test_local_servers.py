"""Real local servers: they start, they end with whatever started them, and they start again."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from tests.system.conftest import clean_environment
from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.local import local_servers, our_servers, up
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.machine.child import Child, wait_until
from WardenServer.servers import client, ports, tango_database
from WardenServer.settings.config import Settings

LIMIT = 20.0


@pytest.fixture
def free_port():
    """Makes free ports, below those of outgoing connections."""
    given = set()

    def find():
        port = next(
            port for port in range(21_000 + os.getpid() % 5_000, 32_000) if port not in given and ports.is_free(port)
        )
        given.add(port)
        return port

    return find


def gone(pid):
    """Whether a process has ended; where nobody collects orphans, a zombie is what is left."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# -- one server


def test_memcached_answers_on_loopback_only_and_not_as_root(tmp_path, free_port):
    with LocalMemcached(free_port(), tmp_path) as server:
        process = psutil.Process(server.pid)
        sockets = [(place.laddr.ip, place.laddr.port) for place in process.net_connections() if not place.raddr]
        assert sockets == [("127.0.0.1", server.port)]
        assert process.uids().effective != 0
    assert gone(server.pid)


def test_the_hub_s_properties_are_asked_over_one_connection(tmp_path, free_port, monkeypatch):
    connect, connections = tango_database.connect, []
    monkeypatch.setattr(
        tango_database, "connect", lambda *given: connections.append(connect(*given)) or connections[-1]
    )
    with LocalDatabase(free_port(), tmp_path) as server:
        settings = Settings(instance="asked", tango_host=server.address)
        tango_database.register(connect(server.address), settings)
        connect(server.address).put_device_property(settings.device, {"Tick": ["0.2"]})
        connections.clear()
        found, unseen = client.with_properties(settings, {})
    assert (found.tick, unseen) == (0.2, "")
    assert len(connections) == 1


def test_the_database_keeps_its_devices_over_a_restart_on_the_same_port(tmp_path, free_port):
    settings, port = Settings(instance="kept"), free_port()
    for _ in range(2):
        with LocalDatabase(port, tmp_path) as server:
            database = tango_database.connect(server.address)
            tango_database.register(database, settings)
            tango_database.check_registered(server.address, settings)
            assert database.get_device_from_alias("warden-kept") == "warden/hub/kept"
            assert list(database.get_device_class_list("BeamlineWarden/kept"))[2:] == [
                "warden/hub/kept",
                "BeamlineWarden",
            ]
        assert gone(server.pid)
    assert server.notice == ""


def test_what_others_have_in_the_database_is_left_alone(tmp_path, free_port):
    with LocalDatabase(free_port(), tmp_path) as server:
        database = tango_database.connect(server.address)
        tango_database.register(database, Settings(instance="first"))
        database.put_device_alias("warden/hub/first", "warden-second")
        tango_database.register(database, Settings(instance="second"))
        assert database.get_device_from_alias("warden-second") == "warden/hub/first"
        info = tango_database.tango.DbDevInfo()
        info.name, info._class, info.server = "warden/hub/third", "Other", "Other/1"
        database.add_device(info)
        with pytest.raises(WardenError, match="belongs to Other/1"):
            tango_database.register(database, Settings(instance="third"))
        with pytest.raises(WardenError, match="warden register --instance third"):
            tango_database.check_registered(server.address, Settings(instance="third"))


def test_an_empty_database_file_is_replaced(tmp_path, free_port):
    (tmp_path / "tango.db").touch()
    with LocalDatabase(free_port(), tmp_path) as server:
        assert server.notice == ""
    assert (tmp_path / "tango.db").stat().st_size > 0


def incomplete():
    """As a crash in the first start leaves it: tables, but not yet the version."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE device (name)")
    content = database.serialize()
    database.close()
    return content


@pytest.mark.parametrize("content", [b"garbage\n" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, incomplete()])
def test_a_broken_database_file_is_put_aside_and_said(tmp_path, free_port, content):
    (tmp_path / "tango.db").write_bytes(content)
    with LocalDatabase(free_port(), tmp_path) as server:
        [aside] = tmp_path.glob("tango.db.broken-*")
        assert str(aside) in server.notice
    assert aside.read_bytes() == content


def test_a_taken_port_is_said_with_the_cure(tmp_path, free_port):
    with LocalMemcached(free_port(), tmp_path) as server:
        second = LocalDatabase(server.port, tmp_path)
        with pytest.raises(Unreachable, match=rf"another program has {server.address}.*remove ports.json"):
            second.start()


def test_a_kept_port_stays_and_a_taken_one_is_not_chosen(tmp_path, free_port):
    with socket.create_server(("127.0.0.1", free_port())) as other:
        taken = other.getsockname()[1]
        port = ports.keep(tmp_path, "database", taken)
        assert port in ports.SOUGHT
        assert port != taken
    usual = free_port()
    assert ports.keep(tmp_path, "database", usual) == port
    assert ports.keep(tmp_path, "memcached", usual) == usual


def test_a_missing_memcached_is_said_with_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(local_servers.Missing, match=r"apt install memcached.*dnf install memcached"):
        LocalMemcached(1, tmp_path)


def test_a_child_that_ends_at_once_is_quoted(tmp_path):
    child = Child("Crasher", [sys.executable, "-c", "print('first'); print('too bad'); exit(3)"], tmp_path / "out")
    child.answers = lambda: False
    with pytest.raises(Unreachable, match=r"Crasher ended at once \(exit code 3\): too bad"):
        child.start()


def test_output_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("WardenServer.machine.child.OUTPUT_LIMIT", 100)
    script = "import sys\nfor line in sys.stdin: pass"
    with Child("Talker", [sys.executable, "-c", "print('x' * 1000); " + script], tmp_path / "out") as child:
        assert wait_until(lambda: child.output.stat().st_size > 100 and not child.alive, LIMIT)
        child.trim()
        assert child.output.stat().st_size == 0


SLEEPER = "import signal, sys; signal.signal(signal.SIGTERM, {}); print('ready', flush=True); signal.pause()"


@pytest.mark.parametrize("state", ["deaf", "stopped"])
def test_a_child_that_does_not_hear_is_killed(tmp_path, state):
    heard = (
        "signal.SIG_IGN" if state == "deaf" else "lambda *_: sys.exit()"
    )  # without a handler, SIGTERM ends stopped ones
    child = Child("Sleeper", [sys.executable, "-c", SLEEPER.format(heard)], tmp_path / "out")
    child.answers = lambda: child.last_line() == "ready"
    with child:
        if state == "stopped":
            os.kill(child.pid, signal.SIGSTOP)
        began = time.monotonic()
        child.stop()
        assert time.monotonic() - began < 5
        assert child.code == -signal.SIGKILL


PARENT = """
import sys
from pathlib import Path
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
folder = Path(sys.argv[1])
with LocalDatabase(int(sys.argv[2]), folder) as database, LocalMemcached(int(sys.argv[3]), folder) as memcached:
    print(database.pid, memcached.pid, flush=True)
    sys.stdin.read()
"""


def test_children_die_with_a_parent_that_is_killed_and_start_again(tmp_path, free_port):
    places = [str(tmp_path), str(free_port()), str(free_port())]
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent:
            children = [int(pid) for pid in parent.stdout.readline().split()]
            assert len(children) == 2
            assert not any(gone(pid) for pid in children)
            parent.kill()
            assert wait_until(lambda pids=children: all(gone(pid) for pid in pids), 5.0)


def test_a_silent_tango_database_is_given_up(free_port):
    with socket.create_server(("127.0.0.1", free_port())) as silent:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="does not answer; start it"):
            tango_database.connect(f"127.0.0.1:{silent.getsockname()[1]}", 1.0)
        assert time.monotonic() - began < 3


# -- warden up


class Up:
    """`warden up` in a state folder of its own."""

    def __init__(self, folder, free_port):
        self.state = folder / "state"
        self.state.mkdir()
        (self.state / ports.FILE).write_text(f'{{"database": {free_port()}, "memcached": {free_port()}}}')
        self.ports = ports.known(self.state)
        self.settings = Settings(
            instance="trial",
            state_folder=self.state,
            tango_host=f"127.0.0.1:{self.ports['database']}",
            memcached=(f"127.0.0.1:{self.ports['memcached']}",),
        )
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name != "TANGO_HOST" and not name.startswith("WARDEN_")
            },
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "WARDEN_STATE_FOLDER": str(self.state),
            "WARDEN_INSTANCE": "trial",
        }
        self.output = folder / "output"
        self.started = []

    def launch(self, **environment):
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "WardenServer", "up"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environment, **environment},
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def start(self):
        process = self.launch()
        wait_until(lambda: process.poll() is not None or "From another terminal" in self.said, LIMIT)
        assert "From another terminal" in self.said, self.said
        return process

    @property
    def said(self):
        return self.output.read_text()

    def children(self):
        """The processes below `warden up`, by their role."""
        found = {}
        for child in psutil.Process(self.started[0].pid).children():
            if gone(child.pid):
                continue
            command = " ".join(child.cmdline())
            role = re.search("databaseds|memcached|serve", command.lower())
            found[role[0] if role else command] = child
        return found


@pytest.fixture
def hub(tmp_path, free_port):
    found = Up(tmp_path, free_port)
    yield found
    for process in found.started:
        process.kill()
        process.wait(LIMIT)


def test_up_ends_all_it_started_when_the_terminal_goes(hub):
    process = hub.start()
    children = list(hub.children().values())
    assert set(hub.children()) == {"databaseds", "memcached", "serve"}
    process.send_signal(signal.SIGHUP)
    assert process.wait(5.0) == 0
    assert all(gone(child.pid) for child in children)
    assert "Traceback" not in hub.said


def test_up_ends_in_time_when_its_children_hang(hub):
    process = hub.start()
    children = list(hub.children().values())
    for child in children:
        child.suspend()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5.0) == 0
    assert all(gone(child.pid) for child in children)


def test_up_killed_starts_again_as_it_was(hub):
    process = hub.start()
    children = list(hub.children().values())
    process.kill()
    process.wait(LIMIT)
    hub.started.clear()
    hub.start()
    assert wait_until(lambda: all(gone(child.pid) for child in children), 5.0)
    assert f"127.0.0.1:{hub.ports['database']}" in hub.said
    assert f"127.0.0.1:{hub.ports['memcached']}" in hub.said


def test_a_child_that_dies_is_started_again(hub):
    hub.start()
    old = hub.children()["memcached"]
    old.kill()
    memcached = LocalMemcached(hub.ports["memcached"], hub.state)
    assert wait_until(lambda: old.pid != hub.children().get("memcached", old).pid and memcached.answers(), LIMIT)
    assert hub.said.count("Memcached has ended (exit code -9)") == 1


def test_up_without_memcached_says_the_package(hub):
    process = hub.launch(PATH="")
    assert process.wait(LIMIT) == 1
    assert "apt install memcached" in hub.said
    assert "Traceback" not in hub.said


def test_up_says_when_the_database_of_the_user_does_not_answer(hub, free_port):
    process = hub.launch(TANGO_HOST=f"127.0.0.1:{free_port()}")
    assert process.wait(LIMIT) == 1
    assert "does not answer; start it, correct TANGO_HOST" in hub.said


def test_the_state_folder_is_closed_to_others(tmp_path):
    with up.only_one(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WardenError, match="correct the setting state_folder"), up.only_one(tmp_path / "file"):
        pass


def test_a_server_that_refuses_a_setting_is_quoted(tmp_path, free_port):
    settings = Settings(state_folder=tmp_path, tango_host=f"127.0.0.1:{free_port()}", memcached=("127.0.0.1:1",))
    server = our_servers.HubServer(settings, {})
    server.command = [sys.executable, "-c", "import sys; print('warden: tick is 0; write more'); sys.exit(2)"]
    with pytest.raises(SettingError, match=r"^tick is 0; write more$"):
        server.start()


def test_a_device_that_is_served_already_is_said(hub):
    hub.start()
    second = our_servers.HubServer(hub.settings, {})
    with pytest.raises(WardenError, match="is served by another process already"):
        second.start()


def warden(address, *words):
    command = [sys.executable, "-m", "WardenServer", *words]
    environment = clean_environment(TANGO_HOST=address)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


def test_dsconfig_puts_the_same_into_the_database_as_register(tmp_path, free_port):
    with LocalDatabase(free_port(), tmp_path) as server:
        words = ("register", "--set", "tick=0.2", "--set", "plugin_folders=/a,/b", "--set", "listen=127.0.0.1")
        done = warden(server.address, *words, "--instance", "written", "--dsconfig")
        (tmp_path / "hub.json").write_text(done.stdout)
        database = tango_database.connect(server.address)
        assert not tango_database.registered_device(database, Settings(instance="written")), "it is only printed"
        put = subprocess.run(
            [Path(sys.executable).with_name("json2tango"), "-w", tmp_path / "hub.json"],
            capture_output=True, text=True, timeout=60, env=clean_environment(TANGO_HOST=server.address), check=False,
        )  # fmt: skip
        assert "warden/hub/written" in put.stdout + put.stderr
        assert warden(server.address, *words, "--instance", "told").returncode == 0
        for instance in ("written", "told"):
            settings = Settings(instance=instance)
            tango_database.check_registered(server.address, settings)
            assert database.get_device_from_alias(f"warden-{instance}") == settings.device
            names = ["Tick", "PluginFolders", "Listen"]
            found = tango_database.properties(database, settings.device, names)
            assert found == {"Tick": ["0.2"], "PluginFolders": ["/a", "/b"]}, "listen is no property"


def test_a_hub_is_put_into_the_hands_of_the_starter_of_this_host(tmp_path, free_port):
    host = socket.gethostname().partition(".")[0].lower()
    with LocalDatabase(free_port(), tmp_path) as server:
        done = warden(server.address, "register", "--instance", "x", "--starter", "2")
        assert (done.returncode, f"knows no Starter of this host (tango/admin/{host})" in done.stderr) == (1, True)
        database = tango_database.connect(server.address)
        info = tango_database.tango.DbDevInfo()
        info.name, info._class, info.server = f"tango/admin/{host}", "Starter", f"Starter/{host}"
        database.add_device(info)
        database.put_device_property(info.name, {"StartDsPath": ["/usr/lib/tango"]})
        for _ in range(2):  # a second time changes nothing
            done = warden(server.address, "register", "--instance", "x", "--starter", "2")
            assert (done.returncode, done.stderr) == (0, "")
        folder = str(Path(sys.executable).parent)
        assert tango_database.properties(database, info.name, ["StartDsPath"]) == {
            "StartDsPath": [folder, "/usr/lib/tango"]
        }
        assert (Path(folder) / "BeamlineWarden").exists(), "what the Starter looks for there"
        about = database.get_server_info("BeamlineWarden/x")
        assert (about.host, about.mode, about.level) == (host, 1, 2)


def test_a_new_port_that_somebody_else_takes_meanwhile_is_changed_and_a_known_one_is_not(
    tmp_path, monkeypatch, free_port
):
    with socket.create_server(("127.0.0.1", 0)) as other, ExitStack() as stack:
        taken, found = other.getsockname()[1], [other.getsockname()[1], free_port()]
        monkeypatch.setattr(ports, "_find", lambda usual, known: found.pop(0))
        monkeypatch.setattr(ports, "await_free", lambda name, port: None)  # it was free a moment ago
        screen = Console(quiet=True)
        child = up._local(LocalMemcached, "memcached", 11211, tmp_path, screen, stack)
        assert child.alive and ports.known(tmp_path)["memcached"] != taken
        ports._file(tmp_path).write({"memcached": taken})
        with pytest.raises(Unreachable):
            up._local(LocalMemcached, "memcached", 11211, tmp_path, screen, stack)
        assert ports.known(tmp_path)["memcached"] == taken, "clients hold on to it"
