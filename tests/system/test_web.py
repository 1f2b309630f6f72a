"""The web as its clients see it: a real server beside a real hub and a real Memcached."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import tango
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import Hub, clean_environment, free_port, make_hub
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.local.our_servers import WebServer
from WardenServer.servers import tango_database
from WardenServer.settings import config

TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECRET = "hush-hush-hush"
#: Seconds within which the process has ended after SIGTERM.
ENDING = 3.0

RING = """
INTERVAL = 0.1
KEY = "Petra"
FIELDS = {"Current": {"unit": "mA", "label": "Ring <b>current</b>"}}
n = 0
def work(agent):
    global n
    n += 1
    return {"Current": n, "Text": "<script>alert(1)</script> €", "Nothing": None, "Big": [float(n)] * 9000}
"""
HANGS = """
import time
INTERVAL, TIMEOUT = 0.1, 0.3
def work(agent):
    while not agent.stopping.wait(0.05):
        pass
"""
SETS = f"""
INTERVAL = 0.1
SETTINGS = {{"password": "{SECRET}", "host": "h"}}
def work(agent):
    return {{"a": 1}}
"""


class Web(WebServer):
    """The web of a hub of the tests."""

    def __init__(self, hub: Hub, token: bool = True, **more: str) -> None:
        self.port = free_port()
        servers = more.pop("memcached", hub.servers)
        given = {
            "state_folder": str(hub.settings.state_folder),
            "prefix": hub.settings.prefix,
            "memcached": servers,
            "tango_host": hub.database,
            "web_listen": f"127.0.0.1:{self.port}",
            "web_interval": "0.1",
            **more,
        }
        file = hub.settings.state_folder / "web.toml"
        file.write_text('web_token = { env = "TOKEN_OF_THE_TESTS" }\n' if token else "", encoding="utf-8")
        settings = config.load(file, {}, options={**given, "instance": hub.settings.instance})
        super().__init__(settings, given)
        self._environment["TOKEN_OF_THE_TESTS"] = TOKEN

    def get(self, url: str, **more: Any) -> Any:
        """The JSON of an answer."""
        return self.ask("GET", url, **more).json()

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        """An answer."""
        return httpx.request(method, self.address + url.removeprefix("/"), timeout=10, **more)

    def wait(self, url: str, good: Callable[[Any], object], limit: float = 10.0) -> Any:
        """Wait until the JSON of an answer is good; it."""
        found: Any = None

        def look() -> bool:
            nonlocal found
            found = self.get(url)
            return bool(good(found))

        wait_for(look, limit, f"for {url}: {found}; {self.output.read_text()[-1000:]}")
        return found


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, database: LocalDatabase, memcached: LocalMemcached
) -> Iterator[Hub]:
    """A hub for this module."""
    agents = {"ring": RING, "hangs": HANGS, "sets": SETS}
    with make_hub("web", agents, tmp_path_factory.mktemp("web"), database, memcached.address) as server:
        yield server


@pytest.fixture(scope="module")
def web(hub: Hub) -> Iterator[Web]:
    """Its web."""
    with Web(hub) as server:
        server.wait("/api/snapshot", lambda said: "Petra" in said["documents"] and said["fields"])
        yield server


def events(lines: Iterator[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Server-sent events: name, id and data."""
    name, number = "", 0
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield name, number, json.loads(line[6:])


def unsent(port: int) -> int:
    """Bytes that the kernel keeps for clients of a server that do not read."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(queue.partition(":")[0], 16) for _, ours, _, _, queue, *_ in lines if ours.endswith(f":{port:04X}"))


# -- what stands and what changes


def test_the_snapshot_is_what_the_hub_publishes(web: Web, hub: Hub) -> None:
    said = web.get("/api/snapshot")
    assert said["problem"] is None
    assert said["hub"]["agents"].keys() == {"ring", "hangs", "sets"}
    assert said["fields"]["Petra.Current"]["unit"] == "mA"
    assert said["documents"]["Petra"]["Text"] == "<script>alert(1)</script> €"
    assert said["documents"]["Petra"]["Nothing"] is None
    assert "timestamp" in said["documents"]["Petra"]


def test_the_stream_begins_with_all_and_goes_on_with_changes(web: Web) -> None:
    with httpx.stream("GET", f"{web.address}api/stream", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        coming = events(answer.iter_lines())
        name, first, snapshot = next(coming)
        assert (name, snapshot["id"]) == ("snapshot", first)
        current = snapshot["documents"]["Petra"]["Current"]
        for number in range(first + 1, first + 6):
            name, found, said = next(coming)
            assert (name, found, said["id"]) == ("change", number, number)
            newer = said.get("changed", {}).get("Petra", {}).get("Current", current)
            assert newer >= current
            current = newer
    assert current > snapshot["documents"]["Petra"]["Current"]


def test_who_comes_back_gets_only_what_is_missing(web: Web) -> None:
    with httpx.stream("GET", f"{web.address}api/stream", timeout=10) as answer:
        _, first, _ = next(events(answer.iter_lines()))
    web.wait("/api/snapshot", lambda said: said["id"] > first + 2)
    with httpx.stream("GET", f"{web.address}api/stream", timeout=10, headers={"Last-Event-ID": str(first)}) as answer:
        coming = events(answer.iter_lines())
        assert [next(coming)[:2] for _ in range(3)] == [("change", first + n) for n in (1, 2, 3)]


@pytest.mark.parametrize("last", ["0", "1" * 19, "99999999999", "-1", "x", ""])
def test_of_what_is_not_known_a_snapshot_is_given(web: Web, last: str) -> None:
    with httpx.stream("GET", f"{web.address}api/stream", timeout=10, headers={"Last-Event-ID": last}) as answer:
        assert next(events(answer.iter_lines()))[0] == "snapshot"


def test_only_the_head_of_the_stream_has_an_end(web: Web) -> None:
    answer = web.ask("HEAD", "/api/stream")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


def test_a_listener_that_does_not_read_loses_its_connection(web: Web) -> None:
    with closing(socket.create_connection(("127.0.0.1", web.port))) as deaf:
        deaf.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert deaf.recv(100).startswith(b"HTTP/1.1 200")
        process, port = psutil.Process(web.pid), deaf.getsockname()[1]
        held = lambda: {each.raddr.port for each in process.net_connections("tcp") if each.raddr}  # noqa: E731
        assert port in held()
        wait_for(lambda: port not in held(), 20, "until the server has let go")
    assert web.get("/api/me")["may_read"]


def test_who_asks_nothing_is_cut_off(web: Web) -> None:
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=15)) as silent:
        silent.sendall(b"GET /api/me HTTP/1.1\r\nHost: loc")
        assert silent.recv(100) == b""


# -- what changes something


def test_commands_reach_the_hub(web: Web, hub: Hub) -> None:
    assert web.ask("POST", "/api/agents/sets/stop", headers=BEARER).json() == {"said": ""}
    web.wait("/api/agents/sets", lambda said: said["state"] == "stopped")
    assert web.ask("POST", "/api/agents/sets/start", headers=BEARER).status_code == 200
    web.wait("/api/agents/sets", lambda said: said["state"] == "good")
    assert "3 agents run" in web.ask("POST", "/api/hub/reload", headers=BEARER).json()["said"]
    refused = web.ask("POST", "/api/alarms/mute", headers=BEARER, json={"rule": "x", "until": 4e9, "why": "y"})
    assert refused.status_code == 422
    assert 'there is no rule "x"' in refused.json()["error"]
    assert f"StopAgent 'sets' by client this computer (pid {web.pid}" in hub.log()


def test_the_stack_of_an_agent_that_hangs_and_the_files_of_agents(web: Web, hub: Hub) -> None:
    said = web.wait("/api/agents/hangs", lambda said: said["state"] == "stalled" and said["stack"])
    assert any("hangs.py" in line for line in said["stack"])
    about = web.get("/api/agents/sets/source", headers=BEARER)
    assert about["file"].endswith("sets.py")
    assert about["settings"] == {"password": "***", "host": "h"}
    assert SECRET not in json.dumps(json.loads(hub.proxy.GetAgent("sets"))["settings"])


def test_a_name_that_nobody_has_is_refused_by_the_device(hub: Hub) -> None:
    with pytest.raises(tango.DevFailed, match='there is no agent "nobody"'):
        hub.proxy.GetAgent("nobody")


# -- trouble


def test_memcached_away_and_back(web: Web, hub: Hub, tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        own = stack.enter_context(LocalMemcached(port, tmp_path))
        server = stack.enter_context(Web(hub, memcached=own.address, memcached_timeout="0.3"))
        said = server.wait("/api/snapshot", lambda said: "does not run" in str(said["problem"]))
        assert said["hub"] is None
        key = hub.settings.prefix + hub.settings.hub_key
        document = json.dumps({"state": "RUNNING", "agents": {}, "timestamp": 1.0})
        with closing(Client(own.address)) as client:
            client.set(key, document)
        server.wait("/api/snapshot", lambda said: said["hub"] and said["problem"] is None)
        own.stop()
        said = server.wait("/api/snapshot", lambda said: "does not answer" in str(said["problem"]))
        assert (said["hub"], said["documents"]) == (None, {})
        assert server.ask("GET", "/health").status_code == 503
        own.start()
        with closing(Client(own.address)) as client:
            client.set(key, document)
        server.wait("/health", lambda said: said["state"] == "RUNNING")


def test_sigterm_ends_it_with_0_though_streams_are_open(hub: Hub) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(Web(hub))
        for _ in range(5):
            answer = stack.enter_context(httpx.stream("GET", f"{server.address}api/stream", timeout=10))
            next(events(answer.iter_lines()))
        deaf = stack.enter_context(closing(socket.create_connection(("127.0.0.1", server.port))))
        deaf.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: unsent(server.port) > 0, 10, "until it lags behind")
        server.tell(signal.SIGTERM)
        process = server._process
        assert process is not None
        assert process.wait(ENDING) == 0
        assert "Traceback" not in server.output.read_text()


def test_a_device_that_is_away_costs_only_what_needs_it(web: Web, hub: Hub) -> None:
    with Web(hub, tango_host=f"127.0.0.1:{free_port()}") as server:
        assert server.wait("/api/snapshot", lambda said: said["hub"])["problem"] is None
        refused = server.ask("POST", "/api/hub/start", headers=BEARER)
        assert refused.status_code == 503
        assert refused.json()["error"]


def test_settings_in_a_tango_database_that_comes_late(hub: Hub, tmp_path: Path) -> None:
    late = LocalDatabase(free_port(), tmp_path)
    with late:
        properties = config.as_properties({"memcached_timeout": "0.5"})
        tango_database.register(tango_database.connect(late.address), hub.settings, properties)
    with Web(hub, tango_host=late.address) as server, late:
        wait_for(lambda: not server.alive, 20, "for its end")
        assert server.code == 0
        assert "the Tango database is there now, and has other settings" in server.output.read_text()
        server.start()
        assert server.wait("/api/snapshot", lambda said: said["hub"])["problem"] is None


# -- the command


def warden(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "WardenServer", "web", *arguments]
    return subprocess.run(
        command, env=clean_environment(**environment), capture_output=True, text=True, check=False, timeout=60
    )


def test_a_port_that_is_taken_is_said(web: Web, tmp_path: Path) -> None:
    nowhere = {"TANGO_HOST": f"127.0.0.1:{free_port()}", "HOME": str(tmp_path)}
    done = warden("--set", f"web_listen=127.0.0.1:{web.port}", "--set", f"state_folder={tmp_path}", **nowhere)
    assert done.returncode == 1
    assert f"warden: the web cannot listen on 127.0.0.1:{web.port} (" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("web_listen=8060", 'write "host:port"'),
        ("web_interval=0.05", "write a duration of at least 0.1 seconds"),
        ("web_login=never", 'write "elsewhere" or "always"'),
        ("zone=Europe/Atlantis", "write a time zone that this machine knows"),
        ("web_token=secret-itself", "write { env ="),
    ],
)
def test_wrong_settings_are_said(setting: str, sentence: str, tmp_path: Path) -> None:
    nowhere = {"TANGO_HOST": f"127.0.0.1:{free_port()}", "HOME": str(tmp_path)}
    done = warden("--set", setting, "--set", f"state_folder={tmp_path}", **nowhere)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_the_start_says_where_the_page_and_the_token_are(hub: Hub) -> None:
    with Web(hub) as server:
        said = f"The web page is at {server.address} and the token to log in with is set by web_token."
        assert said in server.output.read_text()
    with Web(hub, token=False) as server:
        place = hub.settings.state_folder / "web-web-token"
        assert f"is in the file {place}." in server.output.read_text()
        assert place.read_text() not in server.output.read_text()
        token = {"Authorization": f"Bearer {place.read_text()}"}
        assert server.get("/api/me", headers=token)["may_change"] is True


def test_the_description_is_whole_however_often_and_in_whatever_form_it_is_asked_for(web: Web) -> None:
    for encoding in ("gzip", "identity", "gzip"):
        assert "/api/me" in web.get("/openapi.json", headers={"Accept-Encoding": encoding})["paths"]


# -- Prometheus


def test_prometheus_scrapes_it(web: Web, tmp_path: Path) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed: apt install prometheus")
    port = free_port()
    target = {"targets": [f"127.0.0.1:{web.port}"]}
    job = {"job_name": "warden", "scrape_interval": "1s", "params": {"arrays": ["1"]}, "static_configs": [target]}
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}))
    command = [
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        query = urllib.parse.quote('device_attribute{name="ring_Current"}')

        def found() -> list[Any]:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query?query={query}", timeout=5).json()
            except (httpx.HTTPError, ValueError):
                return []
            return list(answer["data"]["result"])

        wait_for(found, 30, "for the metric in Prometheus")
        [series] = found()
        labels = series["metric"]
        assert labels["label"] == "Ring <b>current</b>"
        assert (labels["device"], labels["dim_x"], labels["x"]) == ("warden/hub/web", "1", "0")
        assert float(series["value"][1]) > 0
    finally:
        process.terminate()
        process.wait(20)




def test_the_history_of_a_real_hub(web: Web) -> None:
    asked = "/api/history?key=Petra&field=Current&range=hour"
    found = web.wait(asked, lambda said: len(said["time"]) > 10)
    assert found["level"] == "raw"
    assert found["unit"] == "mA"
    assert found["value"] == sorted(found["value"])
    points = web.get(f"{asked}&points=2")
    assert points["max"][-1] >= found["value"][-1]
    newest = web.get(f"{asked}&order=newest")["time"]
    assert newest == sorted(newest, reverse=True)
    assert web.ask("GET", f"{asked}&form=csv").text.splitlines()[0] == "time,unix_seconds,value"
    text = web.get("/api/history?key=Petra&field=Text&range=hour")["value"]
    assert "<script>" in text[0]
    assert web.get("/api/history?key=Petra&field=Nothing&range=hour")["gaps"][0]["reason"] == "it has no value"
    assert web.get("/api/history?key=Petra&field=Big&range=hour")["time"] == [], "arrays are kept only on request"
    cut = web.get(f"{asked}&cut=Petra.Current=5")
    assert cut["value"] == [5]


def test_why_and_what_changed_on_a_real_hub(web: Web) -> None:
    web.wait("/api/history?key=Petra&field=Current&range=hour", lambda said: len(said["time"]) > 30)
    assert "Petra.Current has a value" in web.get("/api/why?key=Petra&field=Current")["text"]
    assert "is null" in web.get("/api/why?key=Petra&field=Nothing")["text"]
    times = web.get("/api/history?key=Petra&field=Current&range=hour")["time"]
    middle = times[len(times) // 2]
    found = web.get(f"/api/changes?at={middle}&seconds=10")
    assert ("Petra", "Current") in {(each["key"], each["field"]) for each in found}
    assert "Petra.Current was" in web.get(f"/api/why?key=Petra&field=Current&at={middle}")["text"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("key=Petra&field=Current&range=3e10..4e10", 200), ("key=Petra&field=Current&range=0..9e10", 200),
        ("key=Petra&field=Current&range=9..1", 400), ("key=Petra&field=Current&range=-3e13..3e13", 400),
        ("key=No&field=such&range=day", 404), (f"key={'x' * 10_000}&field=y&range=day", 400),
    ],
)  # fmt: skip
def test_bad_questions_to_a_real_history(web: Web, query: str, status: int) -> None:
    answer = web.ask("GET", f"/api/history?{query}")
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["error"]
