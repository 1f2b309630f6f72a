"""The old server and ours side by side: what differs is found, and the old one's Memcached is only read."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import memcache
import pytest

from tests.system.conftest import Hub, MakeHub, clean_environment
from WardenServer.local.local_servers import LocalMemcached


class Proxy:
    """Passes everything on to a Memcached, and keeps the commands that were sent."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition(":")
        self._target = host, int(port)
        self.sent = b""
        self._closing = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._begin(self._accept)

    def _begin(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self._closing:
                near.close()
                return
            far = socket.create_connection(self._target)
            self._sockets += [near, far]
            self._begin(self._pass, near, far, True)
            self._begin(self._pass, far, near, False)

    def _pass(self, source: socket.socket, sink: socket.socket, keeps: bool) -> None:
        try:
            while data := source.recv(65536):
                if keeps:
                    self.sent += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._closing = True
        socket.create_connection(self._server.getsockname()).close()
        self._server.close()
        for each in self._sockets:
            each.close()
        for thread in self._threads:
            thread.join(5)


class OldServer:
    """Writes as the first BeamlineWarden did, with python-memcached, until it is ended."""

    def __init__(self, address: str, prefix: str, interval: float) -> None:
        self._client = memcache.Client([address])
        self._prefix, self._interval = prefix, interval
        self.values: dict[str, Any] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(self._interval):
            for key, value in list(self.values.items()):
                text = json.dumps({**value, "timestamp": time.time()}) if isinstance(value, dict) else value
                self._client.set(self._prefix + key, text.encode() if isinstance(text, str) else text)
        self._client.disconnect_all()  # the connection belongs to this thread

    def close(self) -> None:
        self._ending.set()
        self._thread.join()


@pytest.fixture
def proxy(memcached: LocalMemcached) -> Iterator[Proxy]:
    made = Proxy(memcached.address)
    yield made
    made.close()


def compare(server: Hub, proxy: Proxy, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = clean_environment(
        WARDEN_STATE_FOLDER=str(server.settings.state_folder), WARDEN_MEMCACHED=server.servers,
        WARDEN_PREFIX=server.settings.prefix, WARDEN_CONFIG=str(server.file),
    )  # fmt: skip
    command = [sys.executable, "-m", "WardenServer", "compare", "--against", proxy.address, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_a_comparison_from_the_first_look_to_the_page(
    hub: MakeHub, memcached: LocalMemcached, proxy: Proxy, write: Callable[..., Path], tmp_path: Path
) -> None:
    write("petra", "INTERVAL = 0.2\nKEY = 'Petra'\ndef work(agent):\n    return {'I': 100.2, 'Text': 'on', 'new': 1}\n")
    fields = "{'works': {'key': 'state', 'form': 'bool'}}"
    write("works", f"INTERVAL = 0.2\nFIELDS = {fields}\ndef work(agent):\n    return {{'works': True}}\n")
    server = hub()
    with ExitStack() as stack:
        old = OldServer(memcached.address, f"old.{server.settings.prefix}", 0.3)
        stack.callback(old.close)
        old.values = {"Petra": {"I": 100.1, "Text": "on"}, "state": 1, "Gone": {"x": 1}}
        server.wait_document("Petra", "I")
        words = ["--keys", "Petra,state,Gone", "--their-prefix", f"old.{server.settings.prefix}", "--json"]
        done = compare(server, proxy, *words, "--for", "4")
        assert done.returncode == 1, done.stderr
        report = json.loads(done.stdout)
        assert report["keys"]["Gone"]["state"] == "missing"
        assert report["keys"]["state"]["state"] == "open"
        old.values.pop("Gone")
        page = tmp_path / "report.html"
        done = compare(server, proxy, *words[:1], "Petra,state", *words[2:], "--for", "26", "--html", str(page))
        report = json.loads(done.stdout)
        assert {key: each["state"] for key, each in report["keys"].items()} == {"Petra": "same", "state": "same"}
        assert (done.returncode, report["good"]) == (0, True)
        assert report["seconds"] >= 26 and report["keys"]["Petra"]["notes"] == ["ours adds new"]
        assert "<td>Petra</td><td>same</td>" in page.read_text()
    commands = {line.split(b" ")[0] for line in proxy.sent.split(b"\r\n") if line}
    assert commands == {b"get"}, "the other server is only read"


def test_the_keys_of_the_example_and_a_server_that_is_away(hub: MakeHub, proxy: Proxy) -> None:
    server = hub()
    done = compare(server, proxy, "--for", "1", "--json")
    keys = json.loads(done.stdout)["keys"]
    wanted = {
        "Petra", "P022.dcm", "P022.dcm.bragg", "P022.undulator", "P022.vacuum.interlock", "P022.sps",
        "P022.tango.starter.check", "P022.tango.individuals.check", "P022.tango.starter.oh1.RunningServers",
        "P022.tango.starter.perk01.StoppedServers.timestamp", "P022.EH2.Tango.MercuryITC.state",
        "P022.vacuum.dcm.timestamp",
    }  # fmt: skip
    assert wanted <= keys.keys()
    assert done.returncode == 1, "there is nothing to compare"
