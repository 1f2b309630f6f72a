"""`warden stream run` as people start it: a process with signals, a daemon, and its samples."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import uproot
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from tests.system.pouchdb import PouchDB
from tests.system.relay import Relay
from WardenServer.local.local_servers import LocalMemcached

CONFIG = """
sample_period = {period}
processor_paths = [("procs", ["procs"])]
processor_kwargs = {{"check": {{"scale": 1}}}}

import json, os, time
from snoop.core.writer import Writer

class Lines(Writer):
    def write(self, docs, timestamp):
        if os.path.exists({folder!r} + "/full"):
            raise OSError(28, "no room")
        with open({folder!r} + "/samples", "a") as file:
            for name, doc in docs:
                file.write(json.dumps([name, timestamp, doc]) + "\\n")

class Numbers:
    def read(self):
        number = 0
        while not os.path.exists({folder!r} + "/stop"):
            yield {{"number": number}}
            number += 1
            if number % 100 == 0:
                time.sleep(0.001)

reader, writer = Numbers(), Lines()
"""
CHECK = """
from snoop.processor import Processor

class Check(Processor):
    name = "check"
    version = {version}

    def __init__(self, scale):
        super().__init__()
        self.scale, self.count, self.wrong = scale, 0, 0

    def event(self, event):
        self.wrong += event["number"] != self.count
        self.count += 1

    def sample(self):
        return {{"version": self.version, "count": self.count, "wrong": self.wrong}}

    def load(self, old):
        self.count, self.wrong = old.count, old.wrong
"""


class Place:
    """A folder with a configuration module, and the program in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "procs").mkdir()
        self.config(period=0.1)
        self.check(version=1)
        self.process: subprocess.Popen[str] | None = None

    def config(self, period: float) -> None:
        (self.folder / "config.py").write_text(CONFIG.format(period=period, folder=str(self.folder)))

    def check(self, version: int) -> None:
        (self.folder / "procs" / "check.py").write_text(CHECK.format(version=version))

    def command(self, *words: str) -> list[str]:
        state = f"state_folder={self.folder / 'state'}"
        return [sys.executable, "-P", "-m", "WardenServer", "stream", *words, "--set", state]

    def start(self, *words: str) -> "subprocess.Popen[str]":
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                self.command("run", *words), stdout=log, stderr=log, text=True, cwd=self.folder, env=clean_environment()
            )
        return self.process

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, timeout=60, cwd=self.folder,
            env=clean_environment(),
        )  # fmt: skip

    @property
    def log(self) -> str:
        return "".join(each.read_text() for each in self.folder.glob("*log"))

    def samples(self) -> list[dict[str, Any]]:
        """The documents of `check`, as far as they are written whole."""
        file = self.folder / "samples"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [json.loads(line)[2] for line in lines if line.endswith("\n")]

    def versions(self) -> set[int]:
        return {each["version"] for each in self.samples()}

    def ends(self) -> int:
        assert self.process is not None
        return self.process.wait(30)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order_with_the_last_samples_written(place: Place, number: signal.Signals) -> None:
    place.config(period=3600)
    process = place.start()
    wait_for(place.samples, 20)
    process.send_signal(number)
    assert place.ends() == 0
    first, last = place.samples()
    assert last["count"] == last["seen"] >= first["count"]
    assert last["wrong"] == 0


def test_new_code_takes_over_while_events_flow_and_none_is_lost_or_seen_twice(place: Place) -> None:
    process = place.start("--once")
    wait_for(place.samples, 20)
    for version in (2, 3, 4):
        place.check(version)
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda version=version: version in place.versions(), 20)
    (place.folder / "procs" / "check.py").write_text("def broken(:")
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "nothing was reloaded" in place.log, 20)
    before = len(place.samples())
    wait_for(lambda: len(place.samples()) > before, 20)
    (place.folder / "stop").touch()
    assert place.ends() == 0
    last = place.samples()[-1]
    assert last["version"] == 4
    assert last["wrong"] == 0, "an event was lost, or seen twice"
    assert last["count"] == last["seen"] > 0
    assert f"{place.folder}/procs/check.py:1: not valid Python" in place.log


def test_other_settings_are_taken_over_and_only_then_a_new_reader(place: Place) -> None:
    process = place.start("--once")
    wait_for(place.samples, 20)
    place.config(period=0.05)
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "reloaded" in place.log, 20)
    assert "with other settings" not in place.log
    assert place.samples()[-1]["wrong"] == 0
    file = place.folder / "config.py"
    file.write_text(file.read_text().replace("number = 0", "number = 1_000_000"))
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: place.samples()[-1]["wrong"] > 0, 20)
    assert place.log.count("events are read with other settings") == 1
    assert "samples are written" not in place.log
    (place.folder / "stop").touch()
    assert place.ends() == 0


def test_what_a_writer_cannot_write_comes_later_in_order(place: Place) -> None:
    process = place.start()
    wait_for(place.samples, 20)
    (place.folder / "full").touch()
    wait_for(lambda: "no room" in place.log, 20)
    before = len(place.samples())
    (place.folder / "full").unlink()
    wait_for(lambda: len(place.samples()) > before + 5, 20)
    process.terminate()
    assert place.ends() == 0
    counts = [each["count"] for each in place.samples()]
    assert counts == sorted(counts)
    assert sum(each["seen_new"] for each in place.samples()) == counts[-1]  # each document once


def test_a_daemon_says_who_it_is_and_ends_and_reloads_by_its_pid(place: Place) -> None:
    begun = place.run("run", "-d")
    assert begun.returncode == 0, begun.stderr
    pid = int((place.folder / "config.pid").read_text())
    try:
        assert f"pid {pid}" in begun.stdout
        assert f"kill -USR1 {pid}" in begun.stdout
        wait_for(place.samples, 20)
        about = psutil.Process(pid)
        assert about.cwd() == str(place.folder)
        assert os.getsid(pid) != os.getsid(0)
        assert about.terminal() is None
        again = place.run("run", "-d")
        assert (again.returncode, again.stdout) == (1, "")
        assert again.stderr.startswith(f"warden: it runs already with pid {pid}")
        place.check(2)
        os.kill(pid, signal.SIGUSR1)
        wait_for(lambda: 2 in place.versions(), 20)
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not psutil.pid_exists(pid), 20)
    assert not (place.folder / "config.pid").exists()
    assert "ended by SIGTERM" in place.log


def test_the_pid_file_of_a_dead_process_is_taken_over(place: Place) -> None:
    (place.folder / "mine.pid").write_text("1\n")
    (place.folder / "stop").touch()
    process = place.start("--once", "--pid-file", "mine.pid")
    assert place.ends() == 0
    assert process.pid != 1
    assert not (place.folder / "mine.pid").exists()


def test_a_daemon_that_cannot_start_says_why_on_the_terminal(place: Place) -> None:
    (place.folder / "config.py").write_text("import ROOT\n")
    failed = place.run("run", "-d")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert re.search(r"config.py: imports ROOT, .*ROOTFileReader", failed.stderr)
    assert not (place.folder / "config.pid").exists()


def test_a_reader_without_end_is_refused_with_once(place: Place) -> None:
    file = place.folder / "config.py"
    reader = 'from snoop.reader import DispatchReader\nreader = DispatchReader("tcp://127.0.0.1:5024")\n'
    file.write_text(file.read_text() + reader)
    failed = place.run("run", "--once")
    assert failed.returncode == 2
    assert "its reader has no end; leave out --once" in failed.stderr


@pytest.mark.alone
def test_without_events_it_costs_next_to_nothing(place: Place) -> None:
    file = place.folder / "config.py"
    quiet = "class Quiet:\n    def read(self):\n        while True:\n            yield None\nreader = Quiet()\n"
    file.write_text(file.read_text() + quiet)
    process = place.start()
    wait_for(lambda: len(place.samples()) > 2, 20)
    about = psutil.Process(process.pid)
    begun, count = about.cpu_times(), len(place.samples())
    wait_for(lambda: len(place.samples()) > count + 20, 20)  # two seconds
    used = about.cpu_times()
    assert used.user + used.system - begun.user - begun.system < 0.3
    process.terminate()
    assert place.ends() == 0


SERVERS = """
sample_period = 0.1
processor_paths = [("snoop.processors", ["snoop"])]
processor_kwargs = {{"count": {{"interval": 7}}}}
from snoop.reader import {reader}
from snoop.writer import {writer}
reader = {reader}{read}
writer = {writer}{write}
"""


def test_the_last_entry_of_root_files_is_the_end_of_the_input(place: Place) -> None:
    for number in (1, 2):
        with uproot.recreate(place.folder / f"run{number}.root") as file:
            file["T"] = {"nhit": np.arange(15_000), "energy": np.ones(15_000)}
    files = [str(place.folder / f"run{number}.root") for number in (1, 2)]
    text = SERVERS.format(reader="ROOTFileReader", read=(files, "T", "nhit", None), writer="PrintWriter", write="()")
    (place.folder / "config.py").write_text(text)
    done = place.run("run", "--once")
    assert done.returncode == 0, done.stderr
    key, _, document = done.stdout.splitlines()[-1].partition(" ")
    assert re.fullmatch(r"count_\d{8}", key)
    found = json.loads(document)
    assert (found["count"], found["seen"], found["dropped"], found["interval"]) == (30_000, 30_000, 0, 7)


def test_samples_come_to_couchdb_once_though_it_goes_away(place: Place, pouchdb: PouchDB) -> None:
    relay = Relay(int(pouchdb.url.rpartition(":")[2]))
    database = f"samples{os.getpid()}"
    write = (f"http://127.0.0.1:{relay.port}", database)
    read = "('*.none', 'T')"
    text = SERVERS.format(reader="ROOTFileReader", read=read, writer="CouchDBWriter", write=write)
    (place.folder / "config.py").write_text(text)

    def documents() -> list[dict[str, Any]]:
        answer = httpx.get(f"{pouchdb.url}/{database}/_all_docs?include_docs=true", trust_env=False)
        rows = answer.json().get("rows", [])
        return [row["doc"] for row in rows]

    try:
        process = place.start()
        wait_for(lambda: len(documents()) > 3, 30)
        relay.close()
        wait_for(lambda: "cannot be reached" in place.log or "does not answer" in place.log, 30)
        before = len(documents())
        relay.open()
        wait_for(lambda: len(documents()) > before + 5, 30)
        process.terminate()
        assert place.ends() == 0
    finally:
        relay.close()
    ids = [document["_id"] for document in documents()]
    assert all(re.fullmatch(r"count_\d{8}(_\d+)?", each) for each in ids)
    assert all(document["timestamp"] == int(document["_id"].split("_")[1]) for document in documents())


def test_samples_come_to_memcached_where_the_settings_name_it(place: Place, memcached: LocalMemcached) -> None:
    prefix = f"run{os.getpid()}."
    place.start("--set", f"memcached={memcached.address}", "--set", f"prefix={prefix}")
    with closing(Client(memcached.address, timeout=2, connect_timeout=2)) as client:
        wait_for(lambda: client.get(f"{prefix}check"), 20)
        document = json.loads(client.get(f"{prefix}check"))
    assert document["wrong"] == 0
    assert document["timestamp"] > 1e9
    assert place.process is not None
    place.process.terminate()
    assert place.ends() == 0


def test_a_config_in_python_2_is_named_with_the_cure(place: Place) -> None:
    (place.folder / "config.py").write_text("print 'snoop'\n")
    failed = place.run("run")
    assert failed.returncode == 1
    assert f"warden port {place.folder}/config.py" in failed.stderr
