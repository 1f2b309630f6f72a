"""The hub without Tango, and the events that its agents tell, as the command line shows them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import clean_environment, new_name
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.machine.child import Child
from WardenServer.settings import config

Write = Callable[..., Path]

TELLS = """
INTERVAL = 0.1
ISOLATE = {apart}
def setup(agent):
    agent.tell("it begins", id="{name} begins")
def work(agent):
    if not agent.last:
        agent.tell("größer\\nals 3", severity="alarm")
    return {{"x": {value}}}
"""


class Daemon(Child):
    """`warden daemon` of one instance."""

    def __init__(self, settings: config.Settings, memcached: LocalMemcached) -> None:
        self.settings = settings
        self.file = settings.state_folder.parent / "warden.toml"
        said = {
            "instance": settings.instance, "prefix": settings.prefix, "shipped": False,
            "plugin_folders": [str(settings.plugin_folders[0])], "state_folder": str(settings.state_folder),
            "memcached": [memcached.address],
        }  # fmt: skip
        self.file.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items()))
        self.client = Client(memcached.address, timeout=2, connect_timeout=2)
        command = [sys.executable, "-m", "WardenServer", "daemon", "--config", str(self.file)]
        super().__init__("daemon", command, settings.state_folder / "daemon.out", clean_environment())

    def answers(self) -> bool:
        return bool(self.client.get(self.settings.prefix + self.settings.hub_key))

    def document(self, key: str) -> dict[str, object]:
        value = self.client.get(self.settings.prefix + key)
        return json.loads(value) if value else {}

    def events(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "WardenServer", "events", "--config", str(self.file), *words]
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=30, env=clean_environment()
        )


@pytest.fixture
def daemon(settings: Callable[..., config.Settings], write: Write, memcached: LocalMemcached) -> Iterator[Daemon]:
    name = new_name("daemon")
    write("near", TELLS.format(name="near", apart=False, value=1))
    write("far", TELLS.format(name="far", apart=True, value=2))
    made = Daemon(settings(instance=name, prefix=f"{name}."), memcached)
    with closing(made.client), made:
        yield made


def test_it_runs_agents_without_tango_and_ends_when_it_is_told_to(daemon: Daemon, write: Write) -> None:
    wait_for(lambda: (daemon.document("near").get("x"), daemon.document("far").get("x")) == (1, 2))
    about = daemon.document(daemon.settings.hub_key)
    assert (about["state"], about["device"], about["memcached_ok"]) == ("RUNNING", "", True)
    assert daemon.pid is not None
    assert "_tango" not in Path(f"/proc/{daemon.pid}/maps").read_text()
    write("near", TELLS.format(name="near", apart=False, value=7))
    os.kill(daemon.pid, signal.SIGUSR1)
    wait_for(lambda: daemon.document("near").get("x") == 7)
    os.kill(daemon.pid, signal.SIGTERM)
    wait_for(lambda: not daemon.alive, 5)
    assert daemon.code == 0


def test_events_are_listed_while_the_hub_runs_and_afterwards(daemon: Daemon) -> None:
    def listed() -> list[dict[str, Any]]:
        """What agents told, without what the hub says of itself."""
        found = [json.loads(line) for line in daemon.events("--json", "-n", "100").stdout.splitlines()]
        return [event for event in found if event["agent"] != "hub"]

    wait_for(lambda: len(listed()) == 4, 20)
    found = listed()
    told = {(event["agent"], event["severity"], event["text"]) for event in found}
    begins = {(name, "info", "it begins") for name in ("near", "far")}
    assert told == begins | {(name, "alarm", "größer\nals 3") for name in ("near", "far")}
    assert {"near begins", "far begins"} < {event["id"] for event in found}
    daemon.stop()
    daemon.start()  # setup tells the same again, with the id it has for good
    wait_for(lambda: len(listed()) == 6, 20)
    daemon.stop()
    lines = daemon.events("--severity", "info", "--agent", "near").stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("info     near: it begins")
    assert len(daemon.events("-n", "3", "--since", "1h").stdout.splitlines()) == 3


def test_where_there_are_no_events_it_says_where_they_would_be(daemon: Daemon) -> None:
    none = daemon.events("--agent", "nobody")
    assert (none.returncode, none.stdout) == (0, "")
    assert f"{daemon.settings.instance}-events.db" in none.stderr
    wrong = daemon.events("--since", "yesterday")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "write" in wrong.stderr
