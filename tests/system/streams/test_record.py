"""`warden stream record` as people start it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from tests.system.streams.conftest import Redis


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "WardenServer", "stream", "record", *words, "-c", str(folder / "warden.toml")]


def _run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(folder, *words), capture_output=True, text=True, check=False, timeout=60, cwd=folder,
        env=clean_environment(),
    )  # fmt: skip


def _events(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _files(folder: Path, follow: bool) -> None:
    (folder / "in.jsonl").write_text("".join(f'{{"x": {number}}}\n' for number in range(100)))
    text = f'[streams.daq]\nreader = "json_lines"\nfiles = "in.jsonl"\nfollow = {json.dumps(follow)}\n'
    (folder / "warden.toml").write_text(text)


def test_it_ends_at_the_end_of_the_input(tmp_path: Path) -> None:
    _files(tmp_path, follow=False)
    done = _run(tmp_path, "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert "out: 100 events" in done.stderr
    assert (tmp_path / "out").read_text() == (tmp_path / "in.jsonl").read_text()
    again = _run(tmp_path, "out")
    assert again.returncode == 1
    assert "out is there already" in again.stderr
    assert _run(tmp_path, "out", "--force", "--events", "3").returncode == 0
    assert _events(tmp_path / "out") == [{"x": 0}, {"x": 1}, {"x": 2}]


def test_it_ends_after_a_time(tmp_path: Path) -> None:
    _files(tmp_path, follow=True)
    done = _run(tmp_path, "out", "--for", "2s")
    assert done.returncode == 0
    assert len(_events(tmp_path / "out")) == 100
    assert "events per second" in done.stderr
    assert _run(tmp_path, "other", "--for", "soon").returncode == 2


def test_it_takes_nothing_away_from_a_hub_and_leaves_no_group(tmp_path: Path, redis_server: Redis) -> None:
    text = f'[streams.daq]\nreader = "redis"\nurl = "{redis_server.url}"\nkey = "daq"\ngroup = "hub"\nshare = true\n'
    (tmp_path / "warden.toml").write_text(text)
    with redis_server.client as client, (tmp_path / "log").open("w") as log:
        client.xgroup_create("daq", "hub", "$", mkstream=True)
        process = subprocess.Popen(_command(tmp_path, "out"), cwd=tmp_path, env=clean_environment(), stderr=log)
        wait_for(lambda: len(client.xinfo_groups("daq")) == 2, 20)
        for number in range(50):
            client.xadd("daq", {"event": json.dumps({"x": number})})
        wait_for(lambda: "50 events" in (tmp_path / "log").read_text(), 20)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert _events(tmp_path / "out") == [{"x": number} for number in range(50)]
        (group,) = client.xinfo_groups("daq")
        assert group["name"] == b"hub"
        assert len(client.xreadgroup("hub", "me", {"daq": ">"})[0][1]) == 50
