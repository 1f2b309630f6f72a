"""`warden soak`, short: it runs, says what it does, gives its verdict, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import wait_for
from tests.system.conftest import clean_environment

pytestmark = pytest.mark.alone

#: What depends on how busy the machine is; the benchmark judges it.
TIMING = ("late starts", "answered, longest", "growth", "again after a fault", "ticks missed", "runs left out")
ENDING = 15.0


@contextmanager
def soak(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A soak of a user with an empty home, whose environment names another hub."""
    environment = clean_environment(
        HOME=str(folder), TMPDIR=str(folder), WARDEN_TICK="0.7", TANGO_HOST="nowhere:1", COLUMNS="200"
    )
    command = [sys.executable, "-m", "WardenServer", "soak", *options]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def processes(folder: Path) -> list[psutil.Process]:
    """Those that the soak has started."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(folder) and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_short_soak_gives_its_verdict_and_leaves_nothing(tmp_path: Path) -> None:
    with soak(tmp_path, "--minutes", "0.25", "--seed", "21", "--json") as process:
        code = process.wait(90)
    said = (tmp_path / "err").read_text()
    found = json.loads((tmp_path / "out").read_text())
    wrong = [line for line in found["lines"] if not line["ok"] and not any(part in line["figure"] for part in TIMING)]
    assert wrong == [], (found["examples"], said)
    assert code == (0 if found["clean"] else 1)
    figures = {line["figure"]: line["value"] for line in found["lines"]}
    assert figures["faults thrown"] >= 2
    assert figures["runs seen"] > 1000
    assert figures["State answered, longest"] > 0
    assert all(fault["recovered"].get("documents whole", 0.0) is not None for fault in found["faults"])
    assert re.search(r"with seed 21", said)
    assert len(re.findall(r"^\d\d:\d\d ", said, re.M)) == figures["faults thrown"]
    assert processes(tmp_path) == []
    left = {path.name for path in tmp_path.iterdir()} - {"out", "err"}
    assert left == (set() if found["clean"] else {Path(found["kept"]).name})


def test_ctrl_c_ends_it_with_a_verdict_and_a_bad_one_keeps_the_logs(tmp_path: Path) -> None:
    with soak(tmp_path, "--minutes", "10", "--seed", "21") as process:
        out = tmp_path / "out"
        wait_for(lambda: "00:0" in out.read_text(), 60, "for the first fault")
        [hub] = [each for each in processes(tmp_path) if "serve" in each.cmdline()]
        os.kill(hub.pid, signal.SIGKILL)  # which is none of its faults
        wait_for(lambda: out.read_text().count("documents whole after") > 1, 60, "for the next fault")
        process.send_signal(signal.SIGINT)
        assert process.wait(ENDING) == 1
    said = out.read_text()
    assert "Ended early; the verdict is over what was run." in said
    assert re.search(r"hub ended by itself .* 1 .* NO", said), said
    kept = Path(re.findall(r"^The verdict is bad; logs and files are in (.*)$", said, re.M)[0])
    assert kept.parent == tmp_path
    assert (kept / "state" / "logs" / "soak.log").exists()
    assert processes(tmp_path) == []
    assert (tmp_path / "err").read_text() == ""


def test_a_fault_that_is_none_is_a_wrong_usage(tmp_path: Path) -> None:
    with soak(tmp_path, "--fault", "moon") as process:
        assert process.wait(20) == 2
    said = (tmp_path / "err").read_text()
    assert 'warden: no fault has "moon" in its name; there are: memcached killed, empty again at once; ' in said
    assert {path.name for path in tmp_path.iterdir()} == {"out", "err"}


def test_its_help_teaches(tmp_path: Path) -> None:
    with soak(tmp_path, "--help") as process:
        assert process.wait(20) == 0
    said = (tmp_path / "out").read_text()
    assert "Ctrl-C ends it early" in said
    assert "warden soak --seed 7" in said
