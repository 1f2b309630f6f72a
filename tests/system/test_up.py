"""`scripts/warden up` as a new user runs it, looked at from outside, and the commands that talk to it."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import tango
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import clean_environment

WARDEN = Path(__file__).parents[2] / "scripts" / "warden"

SHIPPED = {"host", "processes", "tango_database", "tango_servers"}
OF_THE_HUB = {
    "state", "status", "instance", "device", "tango_host", "memcached", "ticks", "missed", "agents",
}  # fmt: skip
OF_AN_AGENT = {
    "state", "key", "interval", "offset", "runs", "failures", "skipped", "lateness_p99", "last_error", "age",
}  # fmt: skip

#: Seconds within which `up` has ended, with all that it started.
ENDING = 5.0

pytestmark = pytest.mark.timeout(400)  # the first of these may have to install the project


class Home:
    """The home of a new user, in which `warden` is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kinds = ("STATE", "CONFIG", "DATA", "CACHE")
        places = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
        self.environment = clean_environment(HOME=str(folder), TERM="xterm", **places)
        self.environment.pop("COLUMNS", None)
        self.output = folder / "up.out"
        self._ups: list[subprocess.Popen[bytes]] = []

    def warden(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [WARDEN, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )

    def status(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and object of `warden status --json`."""
        done = self.warden("status", "--json", *arguments)
        assert done.stderr == ""
        [line] = done.stdout.splitlines()
        return done.returncode, json.loads(line)

    def up(self) -> subprocess.Popen[bytes]:
        """Start everything; returns once it runs."""
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                [WARDEN, "up"], env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._ups.append(process)
        wait_for(lambda: "RUNNING:" in self.said or process.poll() is not None, 30, f"for RUNNING: {self.said}")
        assert process.poll() is None, self.said
        return process

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process of the last `up`."""
        return self._ups[-1].pid

    def kill(self) -> None:
        """What a failed test has left."""
        for process in self._ups:
            for each in family(process) if process.poll() is None else ():
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            process.wait(10)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A process with all that it has started."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def gone(process: psutil.Process) -> bool:
    """Whether a process has ended; where nobody collects orphans, a zombie is what is left."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """What is missing is installed first, as for a new user, but with this user's settings of pip."""
    done = subprocess.run([WARDEN, "--version"], capture_output=True, text=True, check=False, timeout=360)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def home(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A hub that runs while this module's tests look at it; they leave it as it was."""
    place = Home(tmp_path_factory.mktemp("home"))
    try:
        place.up()
        yield place
    finally:
        place.kill()


@pytest.fixture
def new_home(installed: None, tmp_path: Path) -> Iterator[Home]:
    """A home in which nothing runs."""
    place = Home(tmp_path)
    yield place
    place.kill()


@pytest.fixture
def about(home: Home) -> dict[str, Any]:
    """What the hub says of itself, once all its agents have run."""
    found: dict[str, Any] = {}

    def all_good() -> bool:
        nonlocal found
        _, found = home.status()
        return found["state"] == "RUNNING" and all(agent["state"] == "good" for agent in found["agents"].values())

    wait_for(all_good, 20, f"for good agents: {home.said}")
    return found


@pytest.fixture
def memcached(about: dict[str, Any]) -> Iterator[Client]:
    [address] = about["memcached"]
    client = Client(address, timeout=2, connect_timeout=2)
    yield client
    client.close()


def proxy_of(about: dict[str, Any], name: str = "") -> Any:
    return tango.DeviceProxy(f"tango://{about['tango_host']}/{name or about['device']}")


def document(memcached: Client, key: str) -> dict[str, Any]:
    value = memcached.get(key)
    return json.loads(value) if value else {}


# -- what runs


def test_status_for_programs_has_what_was_promised(home: Home) -> None:
    code, said = home.status()
    assert code == 0
    assert said.keys() >= OF_THE_HUB
    assert (said["state"], said["instance"], said["device"]) == ("RUNNING", "local", "warden/hub/local")
    assert isinstance(said["status"], str)
    assert said["agents"].keys() == SHIPPED
    for agent in said["agents"].values():
        assert agent.keys() >= OF_AN_AGENT
    for address in (said["tango_host"], *said["memcached"]):
        host, _, port = address.rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) > 0
    wait_for(lambda: home.status()[1]["ticks"] > said["ticks"])


def test_all_shipped_agents_are_good_and_tango_clients_see_them(home: Home, about: dict[str, Any]) -> None:
    assert {(name, agent["state"], agent["last_error"]) for name, agent in about["agents"].items()} == {
        (name, "good", None) for name in SHIPPED
    }
    assert {name: agent["key"] for name, agent in about["agents"].items()} == {name: name for name in SHIPPED}
    assert about["missed"] == 0 or about["ticks"] > 50 * about["missed"]
    for name in ("warden/hub/local", "warden-local"):
        proxy = proxy_of(about, name)
        assert proxy.state() == tango.DevState.RUNNING
        said = proxy.status().partition("\nNote: ")[0]  # where others may write to this checkout, one says so
        assert said == "4 agents run."
        assert set(proxy.AgentNames) == SHIPPED
    total = proxy.read_attribute("host_memory_total")
    assert (total.value, total.quality) == (psutil.virtual_memory().total, tango.AttrQuality.ATTR_VALID)
    assert "warden/hub/local" in proxy.tango_servers_devices_answering


def test_the_page_is_where_up_says(home: Home) -> None:
    [page] = re.findall(r"Look at it in a browser: (http://127\.0\.0\.1:\d+/)", home.said)
    with urllib.request.urlopen(page, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/html")
    with urllib.request.urlopen(f"{page}api/agents", timeout=10) as answer:
        assert json.load(answer).keys() == SHIPPED


def test_the_document_host_is_about_this_computer(memcached: Client) -> None:
    host = document(memcached, "host")
    assert host["memory_total"] == psutil.virtual_memory().total
    assert abs(host["boot_time"] - psutil.boot_time()) < 5
    assert 0 < host["memory_available"] < host["memory_total"]
    assert time.time() - host["timestamp"] < 10
    wait_for(lambda: document(memcached, "host")["timestamp"] > host["timestamp"])
    assert "error" not in host


def test_the_document_processes_finds_the_programs(memcached: Client) -> None:
    processes = document(memcached, "processes")
    for program in ("BeamlineWarden", "memcached", "PyDatabaseds"):
        assert processes[f"{program}_running"] is True, program
        assert processes[f"{program}_count"] >= 1
        assert processes[f"{program}_memory"] > 1_000_000


def test_the_document_tango_servers_names_us_and_we_answer(memcached: Client) -> None:
    wait_for(lambda: "BeamlineWarden/local" in document(memcached, "tango_servers").get("servers_answering", []), 20)
    servers = document(memcached, "tango_servers")
    assert "BeamlineWarden/local" in servers["servers"]
    assert {"warden/hub/local", "sys/database/2"} <= set(servers["devices_answering"])
    assert servers["devices_missing"] == servers["servers_missing"] == []
    assert servers["devices_answering_count"] == len(servers["devices_answering"])


def test_the_document_tango_database_is_read_from_its_device(memcached: Client, about: dict[str, Any]) -> None:
    database = document(memcached, "tango_database")
    real = proxy_of(about, "sys/database/2")
    assert (database["State"], database["Status"]) == (str(real.state()), real.status())


# -- the commands


def reload(home: Home) -> list[str]:
    """What a reload says; on a busy machine it may go on for longer than people wait, and is asked for again."""
    said: list[str] = []

    def ended() -> bool:
        said[:] = home.warden("reload").stdout.splitlines()
        return "goes on" not in said[0]

    wait_for(ended, 30)
    return said


def test_a_plugin_from_a_template_runs_after_reload_without_a_restart(
    home: Home, about: dict[str, Any], memcached: Client
) -> None:
    proxy = proxy_of(about)
    ticks = proxy.Ticks
    made = home.warden("new", "mine", "--from", "minimal")
    path = home.folder / "config" / "warden" / "plugins" / "mine.py"
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[0] == str(path)
    assert 'return {"Sine": value}' in path.read_text()
    text = path.read_text().replace("INTERVAL = 1.0", "INTERVAL = 0.5")
    path.write_text(text.replace('return {"Sine": value}', 'return {"Zwölf": 12.0, "Sine": value}'))
    try:
        assert reload(home)[0] == "5 agents run the code in the files."
        wait_for(lambda: document(memcached, "mine").get("Zwölf") == 12.0)
        wait_for(lambda: "mine_Sine" in proxy.get_attribute_list())
        wait_for(lambda: proxy.read_attribute("mine_Sine").quality == tango.AttrQuality.ATTR_VALID)
        shown = json.loads(home.warden("get", "mine").stdout)
        assert shown.keys() == document(memcached, "mine").keys() == {"Zwölf", "Sine", "timestamp"}

        path.write_text(text + "\nthis is no Python\n")
        assert "mine.py" in "".join(reload(home))
        code, said = home.status()
        assert (code, said["state"], said["agents"]["mine"]["state"]) == (1, "ALARM", "failing")
        assert "mine.py" in said["agents"]["mine"]["last_error"]
        assert document(memcached, "mine")["Zwölf"] == 12.0, "the old code runs on"
    finally:
        path.unlink()
        assert "4 agents" in reload(home)[0]
    assert proxy.Ticks > ticks, "no restart"
    assert home.status()[0] == 0


def test_get_shows_a_document_and_says_when_there_is_none(home: Home, memcached: Client) -> None:
    shown = home.warden("get", "host")
    assert shown.returncode == 0
    assert json.loads(shown.stdout).keys() == document(memcached, "host").keys()
    none = home.warden("get", "nothing")
    assert (none.returncode, none.stdout) == (1, "")
    [line] = none.stderr.splitlines()
    assert 'has no document "nothing"' in line


def test_watch_shows_a_document_whenever_it_changes_until_ctrl_c(home: Home, about: dict[str, Any]) -> None:
    with subprocess.Popen(
        [WARDEN, "watch", "host"], env=home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        try:
            stamps = []
            for _ in range(2):
                assert select.select([watch.stdout], [], [], 15)[0], "nothing came"
                stamps.append(json.loads(watch.stdout.readline())["timestamp"])
            assert stamps[1] - stamps[0] == pytest.approx(2.0, abs=1.0)
            watch.send_signal(signal.SIGINT)
            assert watch.wait(ENDING) == 0, "Ctrl-C is its usual end"
            assert watch.stderr.read().strip() == ""
        finally:
            watch.kill()


def test_stop_and_start(home: Home, about: dict[str, Any], memcached: Client) -> None:
    proxy = proxy_of(about)
    stopped = home.warden("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "ON\n")
    try:
        code, said = home.status()
        assert (code, said["state"], said["agents"].keys()) == (1, "ON", SHIPPED)
        assert "Stopped" in said["status"]
        assert proxy.state() == tango.DevState.ON
        assert home.warden("stop").returncode == 0, "twice does no harm"
        assert home.status()[1]["ticks"] == said["ticks"]
    finally:
        started = home.warden("start")
    assert (started.returncode, started.stdout) == (0, "RUNNING\n")
    now = time.time()
    wait_for(lambda: document(memcached, "host").get("timestamp", 0) > now)
    assert home.status()[0] == 0


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_status_says_that_only_memcached_does_not_answer(home: Home, about: dict[str, Any]) -> None:
    place = closed_port()
    _, said = home.status("--set", f"memcached={place}")
    assert (said["state"], said["agents"].keys()) == ("RUNNING", SHIPPED)
    assert f"Memcached {place} does not answer" in said["status"]
    assert "device" not in said["status"]


def test_status_says_that_only_the_device_does_not_answer(home: Home, about: dict[str, Any]) -> None:
    place = closed_port()
    code, said = home.status("--set", f"tango_host={place}")
    assert (code, said["state"], said["agents"].keys()) == (1, "UNKNOWN", SHIPPED)
    assert place in said["status"]
    assert "does not answer" in said["status"]
    assert "Memcached" not in said["status"]


def test_status_where_nothing_ever_ran(new_home: Home) -> None:
    place = closed_port()
    code, said = new_home.status("--set", f"memcached={place}")
    assert code == 1
    assert said.keys() >= OF_THE_HUB
    assert (said["state"], said["agents"]) == ("UNKNOWN", {})
    assert f"Memcached {place} does not answer" in said["status"]
    assert "no Tango database is known; set TANGO_HOST" in said["status"]
    for command in ("start", "stop", "reload"):
        done = new_home.warden(command)
        assert (done.returncode, done.stdout) == (1, "")
        [line] = done.stderr.splitlines()
        assert line.startswith("warden: no Tango database is known")


# -- from the start to the end


def test_a_second_up_is_refused_and_the_first_runs_on(home: Home) -> None:
    before = home.status()[1]["ticks"]
    second = home.warden("up")
    assert second.returncode == 1
    assert f"`warden up` runs already, as process {home.pid};" in second.stderr
    wait_for(lambda: home.status()[1]["ticks"] > before)
    assert home.status()[0] == 0


def test_up_ends_with_all_it_started_and_starts_again_in_the_same_places(new_home: Home) -> None:
    with ExitStack() as stack:
        # The usual ports are taken by others in the first start and free in the second.
        for port in (10000, 11211):
            with suppress(OSError):  # taken already
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        process = new_home.up()
        _, first = new_home.status()
    assert not {"127.0.0.1:10000", "127.0.0.1:11211"} & {first["tango_host"], *first["memcached"]}
    assert end(new_home, process, signal.SIGINT) == 0

    code, said = new_home.status()
    assert (code, said["state"], said["agents"]) == (1, "UNKNOWN", {})
    assert f"Memcached {first['memcached'][0]} does not answer" in said["status"]
    assert first["tango_host"] in said["status"]

    process = new_home.up()
    _, second = new_home.status()
    for same in ("tango_host", "memcached", "device"):
        assert second[same] == first[same]
    assert second["agents"].keys() == SHIPPED
    assert end(new_home, process, signal.SIGTERM) == 0
    assert "Traceback" not in new_home.said


def end(home: Home, process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """End `up` by a signal and see that nothing is left; its exit code."""
    started = family(process)
    assert len(started) == 6, [each.cmdline() for each in started]  # with the guardian of the server
    process.send_signal(number)
    until = time.monotonic() + ENDING
    code = process.wait(ENDING)
    wait_for(lambda: all(gone(each) for each in started), until - time.monotonic(), f"for the end of {started}")
    return code


def test_on_a_terminal_up_shows_the_agents_and_ends_with_ctrl_c(new_home: Home) -> None:
    ours, theirs = os.openpty()
    command = ["setsid", "--ctty", WARDEN, "up"]
    process = subprocess.Popen(command, env=new_home.environment, stdin=theirs, stdout=theirs, stderr=theirs)
    new_home._ups.append(process)
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = b""

    def shows(*texts: str) -> bool:
        nonlocal seen
        with suppress(OSError):  # nothing new; or nobody writes any more
            seen += os.read(ours, 100_000)
        return all(text.encode() in seen for text in texts)

    try:
        wait_for(lambda: shows("warden/hub/local is ", "RUNNING", *SHIPPED, "good"), 30, f"for the table; {seen!r}")
        started = family(process)
        until = time.monotonic() + ENDING
        os.write(ours, b"\x03")
        wait_for(lambda: shows() and process.poll() is not None, ENDING, f"for the end; {seen!r}")
        assert process.returncode == 0
        wait_for(lambda: all(gone(each) for each in started), until - time.monotonic())
        shows()
        assert b"Traceback" not in seen
    finally:
        os.close(ours)
