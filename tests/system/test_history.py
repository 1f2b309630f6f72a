"""The history of a real hub: what is left after kill -9, while its database is away, and what the commands say."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, clean_environment, free_port
from tests.system.postgresql import PostgreSQL, is_there
from WardenServer.errors import WardenError
from WardenServer.settings import config
from WardenServer.sinks.history import ask

COUNTER = """
import time
INTERVAL = 0.1
OFFSET = 0
n = 0
def work(agent):
    global n
    n += 1
    return {"n": n, "mode": "even" if n % 2 == 0 else "odd", "at": time.time()}
"""
MOODY = """
from pathlib import Path
from WardenServer import NoData
INTERVAL = 0.2
OFFSET = 0
MOOD = Path(__file__).with_suffix(".mood")
def work(agent):
    mood = MOOD.read_text() if MOOD.exists() else "good"
    if mood == "failing":
        raise ValueError("the magnet is off")
    if mood == "no data":
        raise NoData("no beam")
    return {"x": None if mood == "null" else 1.5}
"""


def history_of(server: Hub, **more: Any) -> ask.History:
    said = {"instance": server.settings.instance, "state_folder": str(server.settings.state_folder), **more}
    return ask.History(config.load(environment={}, options=said))


def read(server: Hub, key: str, field: str, **more: Any) -> Any:
    """What there is of a field; None where there is nothing yet."""
    with closing(history_of(server, **more)) as reader:
        try:
            return reader.range(key, field, 0, time.time() + 50)
        except WardenError:
            return None


def warden(server: Hub, *arguments: str, code: int = 0) -> str:
    """Run a command of ours beside a hub; what it says."""
    state, prefix = server.settings.state_folder, server.settings.prefix
    given = {"state_folder": state, "memcached": server.servers, "prefix": prefix}
    options = [f"--set={name}={value}" for name, value in given.items()]
    command = [sys.executable, "-m", "WardenServer", *arguments, "-i", server.settings.instance, *options]
    environment = clean_environment(TANGO_HOST=server.database, WARDEN_CONFIG=str(server.file))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_kill_9_costs_at_most_five_seconds_and_the_gap_is_noted(hub: MakeHub, write: Callable[..., Path]) -> None:
    write("counter", COUNTER)
    server = hub(history="yes")
    wait_for(lambda: (found := read(server, "counter", "n")) is not None and len(found.time) > 20)
    killed = float(server.document("counter")["at"])
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.alive)
    found = read(server, "counter", "n")
    assert killed - found.time[-1] < 5.0
    assert found.columns["value"].tolist() == list(range(1, len(found.time) + 1)), "none is missing before"

    wait_for(lambda: time.time() - found.time[-1] > 12, 15)  # a shorter one is no gap
    server.start()
    wait_for(lambda: bool(read(server, "counter", "n").gaps))
    (gap,) = read(server, "counter", "n").gaps
    assert gap.reason == "the hub did not run"
    assert gap.begin == pytest.approx(found.time[-1], abs=0.01)
    assert "the hub did not run" in warden(server, "events")
    said = warden(server, "why", "counter.n", "--at", time.strftime("%F %T", time.localtime(gap.begin + 5)))
    assert "had no value: the hub did not run" in said


def test_a_postgresql_that_goes_away_costs_nothing_but_time(
    hub: MakeHub, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    with PostgreSQL(free_port(), tmp_path / "postgresql") as postgresql:
        _check_absence(hub, write, postgresql, monkeypatch)


def _check_absence(
    hub: MakeHub, write: Callable[..., Path], postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("counter", COUNTER)
    monkeypatch.setenv("WARDEN_HISTORY_URL", postgresql.url)
    server = hub(history="yes")
    more = {"history_url": postgresql.url}
    wait_for(lambda: (found := read(server, "counter", "n", **more)) is not None and len(found.time) > 10)
    postgresql.stop()
    status = server.wait_state("ALARM", 15)
    assert "the history in PostgreSQL at 127.0.0.1 cannot be used" in status
    before = server.document("counter")["n"]
    wait_for(lambda: server.document("counter")["n"] > before + 10)
    postgresql.start()
    server.wait_state("RUNNING", 20)
    wait_for(lambda: len(read(server, "counter", "n", **more).time) > before + 10)
    found = read(server, "counter", "n", **more)
    assert found.columns["value"].tolist() == list(range(1, len(found.time) + 1))
    assert found.gaps == []
    assert warden(server, "config").count(postgresql.url) == 0


def test_the_command_why_knows_every_reason(hub: MakeHub, write: Callable[..., Path], folder: Path) -> None:
    write("moody", MOODY)
    write("broken", "INTERVAL = 1\nKEY = 'broken'\nwork = 3\n")
    server = hub(history="yes")
    mood = folder / "moody.mood"
    server.wait_document("moody", "x", 1.5)
    wait_for(lambda: server.document(f"{server.settings.fields_key}").get("moody.x"))
    assert "moody.x has a value: 1.5" in warden(server, "why", "moody.x")
    for state, said in (
        ("failing", "agent moody fails: "), ("no data", "agent moody has no data: no beam"),
        ("null", "moody.x is null: its agent returned None"), ("good", "moody.x has a value"),
    ):  # fmt: skip
        mood.write_text(state)
        wait_for(lambda said=said: said in warden(server, "why", "moody.x"), 20, f"for {said}")
    server.proxy.StopAgent("moody")
    wait_for(lambda: "agent moody is stopped" in warden(server, "why", "moody.x"))
    server.proxy.StartAgent("moody")
    server.proxy.Stop()
    wait_for(lambda: "the hub is stopped" in warden(server, "why", "moody.x"))
    server.proxy.Start()
    server.wait_document("moody", "x", 1.5)
    assert "no history of moody.y" in warden(server, "why", "moody.y", code=1)
    (folder / "moody.py").unlink()
    server.proxy.Reload()
    wait_for(lambda: "no agent fills moody.x any more" in warden(server, "why", "moody.x"))
    server.stop()
    server.memcached.delete(server.settings.prefix + server.settings.hub_key)
    assert "the hub does not run" in warden(server, "why", "moody.x")


def test_the_commands_on_the_history(hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> None:
    write("counter", COUNTER)
    server = hub(history="yes")
    server.file.write_text('[notify.rules.high]\nfield = "counter.n"\nabove = 5\ncycles = 3\n')
    wait_for(lambda: (found := read(server, "counter", "n")) is not None and len(found.time) > 10)
    assert "counter.mode  from counter" in warden(server, "history", "list")
    lines = warden(server, "history", "show", "counter.mode", "--csv").splitlines()
    assert lines[0] == "time,value"
    assert lines[1].endswith(",odd")
    assert lines[2].endswith(",even")
    shown = json.loads(warden(server, "history", "show", "counter.n", "--points", "2", "--since", "1m", "--json"))
    assert shown["n"] and max(shown["max"]) >= 10
    assert "good" in warden(server, "history", "check")
    assert "parts were copied" in warden(server, "history", "backup", str(tmp_path / "copy"))
    assert "values are in" in warden(server, "history", "export", "counter.n", "--parquet", str(tmp_path / "n.parquet"))
    assert "high: 1 alarms in" in warden(server, "notify", "rehearse", "high", "--since", "1h")
    assert "there is no rule" in warden(server, "notify", "rehearse", "low", code=1)
    server.stop()
    damaged = next((server.settings.state_folder / f"history-{server.settings.instance}").glob("raw-*.db"))
    damaged.write_bytes(damaged.read_bytes()[:5000])
    assert "are damaged" in warden(server, "history", "check", code=1)


def test_without_a_history_events_are_kept(hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> None:
    write("counter", COUNTER)
    (tmp_path / "warden.toml").write_text("history = false\n")
    server = hub()
    server.wait_document("counter", "n")
    server.proxy.Stop()
    wait_for(lambda: "The hub was stopped" in warden(server, "events"))
    assert "1 agents loaded" in warden(server, "events")
    assert "the setting history is off" in warden(server, "history", "list", code=1)
    assert not list(server.settings.state_folder.glob("history-*"))
