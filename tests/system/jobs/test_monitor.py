"""`warden jobs monitor` as people start it: a process that queues, serves requests and tidies up until a signal."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from tests.conftest import wait_for
from tests.system.conftest import clean_environment, new_name
from tests.system.postgresql import PostgreSQL
from tests.system.relay import Relay
from WardenServer.plugins.common.jobs import claiming, processors, requests, tables
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.storage import collecting, radix_ids
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.servers import sql

SUFFIXES = (".json", ".dump")
CONFIG = """
import stat
import socorro.lib.ConfigurationManager as cm

try:
  from commonconfig import *
except ImportError:
  from config.commonconfig import *

standardLoopDelay = cm.Option()
standardLoopDelay.doc = 'pause of the loop for new files'
standardLoopDelay.default = '0:01'
standardLoopDelay.fromStringConverter = cm.timeDeltaConverter

cleanupJobsLoopDelay = cm.Option()
cleanupJobsLoopDelay.default = '0:01'
cleanupJobsLoopDelay.fromStringConverter = cm.timeDeltaConverter

priorityLoopDelay = cm.Option()
priorityLoopDelay.default = '0:01'
priorityLoopDelay.fromStringConverter = cm.timeDeltaConverter

saveSuccessfulMinidumpsTo = cm.Option()
saveSuccessfulMinidumpsTo.default = './good'

saveFailedMinidumpsTo = cm.Option()

dumpPermissions = cm.Option()
dumpPermissions.default = '%d' % (stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP)
"""
COMMON = """
import socorro.lib.ConfigurationManager as cm

storageRoot = cm.Option()
storageRoot.default = './new'

deferredStorageRoot = cm.Option()
deferredStorageRoot.default = './later'

databasePassword = cm.Option()
databasePassword.default = 'sesame-1'
"""


class Place:
    """A folder with configuration files, storages and a database, and the program there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").mkdir()
        (folder / "config" / "commonconfig.py").write_text(COMMON)
        (folder / "monitorconfig.py").write_text(CONFIG)
        self.new, self.later = self.storage("new"), self.storage("later")
        self.use(f"sqlite:///{folder}/state/jobs-local/jobs.db")
        self.process: subprocess.Popen[str] | None = None

    def use(self, url: str) -> None:
        self.database, self.words = Database(url), [] if url.startswith("sqlite") else _options(url)

    def storage(self, name: str) -> RadixStorage:
        (self.folder / name).mkdir(exist_ok=True)
        return RadixStorage(self.folder / name, SUFFIXES)

    def command(self, *words: str) -> dict[str, Any]:
        state = {"WARDEN_STATE_FOLDER": str(self.folder / "state")}
        command = [sys.executable, "-P", "-m", "WardenServer", "jobs", "monitor", *words]
        return {"args": command, "text": True, "cwd": self.folder, "env": clean_environment(**state)}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        with (self.folder / "stderr").open("w") as output:
            command = self.command(*(words or ["monitorconfig.py"]), *self.words)
            self.process = subprocess.Popen(stdout=output, stderr=output, **command)
        return self.process

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(capture_output=True, check=False, timeout=60, **self.command(*words))

    def ends(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    @property
    def errors(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def log(self) -> str:
        file = self.folder / "monitor.log"
        return file.read_text() if file.exists() else ""

    def register(self, *names: str) -> list[processors.Processor]:
        return [processors.register(self.database, name) for name in names]

    def rows(self) -> dict[str, Any]:
        with self.database.reading() as connection:
            return {row.uuid: row for row in connection.execute(select(tables.jobs))}

    def close(self) -> None:
        self.database.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _options(url: str) -> list[str]:
    """The database as Socorro names it."""
    parsed = make_url(url)
    said = {"Host": parsed.host, "Port": parsed.port, "Name": parsed.database, "UserName": parsed.username}
    return [f"--database{name}={value}" for name, value in said.items()]


def put(storage: RadixStorage, count: int) -> list[str]:
    """New pairs, of some minutes ago: the folder of this minute is not looked at."""
    ids = [radix_ids.make(time.time()) for _ in range(count)]
    for id in ids:
        collecting.put(storage, id, (b"{}", id.encode()), at=time.time() - 300)
    return ids


def all_files(*roots: Path) -> set[str]:
    return {path.name for root in roots for path in root.rglob("*") if path.is_file()}


def named(ids: list[str]) -> set[str]:
    return {f"{id}{suffix}" for id in ids for suffix in SUFFIXES}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with closing(Place(tmp_path)) as made:
        yield made


@pytest.fixture
def new_database(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a database in PostgreSQL for one test."""
    name = new_name("monitor")
    with psycopg.connect(postgresql.url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield make_url(postgresql.url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgresql.url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_pairs_are_queued_requested_and_tidied_away_until_a_signal(place: Place) -> None:
    check_all(place)


def test_so_they_are_with_postgresql(place: Place, new_database: str) -> None:
    place.use(new_database)
    check_all(place)


def check_all(place: Place) -> None:
    one, two = place.register("one", "two")
    arrived, later = put(place.new, 6), put(place.later, 3)
    process = place.start()
    wait_for(lambda: place.rows().keys() == set(arrived), 30, f"for jobs; {place.errors}")
    owners = [row.owner for row in place.rows().values()]
    assert sorted(owners) == [one.id] * 3 + [two.id] * 3
    requests.ask(place.database, [later[0], "0" * 36, arrived[0]])
    wait_for(lambda: place.rows().get(later[0]) and place.rows()[arrived[0]].priority == 1, 30)
    assert place.rows()[later[0]].priority == 1
    wait_for(lambda: f"priorityLoopingThread - priority uuid {'0' * 36} was never found" in place.log)

    done, failed = list[str](), list[str]()
    for processor in (one, two):
        claims = claiming.claim(place.database, processor, 10)
        outcomes = [Outcome(each, success=bool(number % 2)) for number, each in enumerate(claims)]
        assert claiming.finish(place.database, processor, outcomes) == []
        done += [each.claim.id for each in outcomes if each.success]
        failed += [each.claim.id for each in outcomes if not each.success]
    assert set(done + failed) == {*arrived, later[0]}
    wait_for(lambda: not place.rows(), 30, f"for the cleanup; {place.errors}")
    good, bad = place.folder / "good", place.folder / "state" / "jobs-local" / "failed"
    assert all_files(good) == named(done)
    assert all_files(bad) == named(failed)
    assert all_files(place.folder / "new", place.folder / "later") == named(later[1:])
    assert {path.stat().st_mode & 0o777 for path in good.rglob("*.json")} == {0o640}

    assert process.poll() is None
    assert place.ends(signal.SIGHUP) == 0
    assert "INFO - MainThread - SIGHUP detected\n" in place.log
    for name in ("MainThread", "priorityLoopingThread", "jobCleanupThread"):
        assert f"INFO - {name} - loop done\n" in place.log
    assert "Traceback" not in place.log + place.errors
    assert "sesame" not in place.log + place.errors
    said = [line for line in place.errors.splitlines() if "was never found" not in line]
    assert said == [], "only errors come to standard error"


def test_the_log_begins_with_the_configuration_without_its_secrets(place: Place) -> None:
    place.register("one")
    place.start("monitorconfig.py", "--standardLoopDelay=90", "--databaseURL=sqlite:///state/jobs-local/jobs.db")
    wait_for(lambda: "jobCleanupThread - loop starting" in place.log, 30, f"for the loops; {place.errors}")
    assert place.ends() == 0
    assert "INFO - MainThread - current configuration\n" in place.log
    assert "\tdatabasePassword=**********\n" in place.log
    assert "\tstandardLoopDelay=0:01:30\n" in place.log
    assert f"gives saveFailedMinidumpsTo no default; it is '{place.folder}/state/jobs-local/failed'" in place.log
    assert "sesame" not in place.log + place.errors
    assert "MainThread - SIGTERM detected" in place.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_by_the_table_of_the_settings(place: Place, number: signal.Signals) -> None:
    settings = place.folder / "warden.toml"
    scans = place.folder / "scans"
    scans.mkdir()
    settings.write_text(f'[jobs]\nstorage = "{scans}"\nsuffixes = [".json", ".cbf"]\n')
    for name in ("a.json", "a.cbf", "b.json"):
        (scans / name).touch()
    place.register("one")
    place.start("--config", str(settings), "--standardLoopDelay=0:01", "--logFilePathname=here.log")
    wait_for(lambda: place.rows().keys() == {"a"}, 30, f"for jobs; {place.errors}")
    assert place.ends(number) == 0
    log = (place.folder / "here.log").read_text()
    assert f"MainThread - {number.name} detected" in log
    assert f"jobs.db; Jobs(storage={scans!r}, deferred=None, layout='folder'" in log
    assert place.errors == ""


def test_without_processors_it_says_so_once_and_goes_on_when_there_is_one(place: Place) -> None:
    ids = put(place.new, 2)
    place.start()
    wait_for(lambda: place.log.count("MainThread - end of a round") > 2, 30, f"for rounds; {place.errors}")
    said = [line for line in place.errors.splitlines() if "CRITICAL - MainThread - no processor is alive" in line]
    assert len(said) == 1
    assert place.rows() == {}
    place.register("late")
    wait_for(lambda: place.rows().keys() == set(ids), 30)
    assert place.ends() == 0


def test_a_database_that_is_away_for_a_while_is_one_line_for_each_loop(place: Place, new_database: str) -> None:
    url = make_url(new_database)
    assert url.port is not None
    relay = Relay(url.port)
    try:
        place.use(url.render_as_string(hide_password=False))
        place.register("one")
        place.words = _options(url.set(port=relay.port).render_as_string(hide_password=False))
        place.start()
        wait_for(lambda: "MainThread - end of a round" in place.log, 30, f"for a round; {place.errors}")
        relay.close()
        ids = put(place.new, 2)
        wait_for(lambda: place.errors.count("; the next round tries again") == 3, 30, f"for trouble; {place.errors}")
        relay.open()
        wait_for(lambda: place.log.count("well again") == 3, 30, f"for the end of it; {place.log}")
        wait_for(lambda: place.rows().keys() == set(ids), 30)
        assert place.ends() == 0
    finally:
        relay.end()
    for name in ("MainThread", "priorityLoopingThread", "jobCleanupThread"):
        assert place.errors.count(f"ERROR - {name} - the jobs' database in PostgreSQL at 127.0.0.1 cannot be used") == 1
    assert "Traceback" not in place.errors


def test_a_signal_ends_it_while_the_database_is_held_by_another(place: Place) -> None:
    place.register("one")
    place.start()
    wait_for(lambda: "MainThread - end of a round" in place.log, 30, f"for a round; {place.errors}")
    assert place.database.path is not None
    engine = sql.sqlite(place.database.path, 5.0)
    with engine.execution_options(begin=sql.WRITING).begin():
        wait_for(lambda: "the next round tries again" in place.errors, 30)
        assert place.ends() == 0
    engine.dispose()
    assert "is left behind" not in place.errors


def test_a_storage_that_is_away_ends_nothing(place: Place) -> None:
    place.register("one")
    (place.folder / "new").rmdir()
    place.start()
    wait_for(lambda: place.log.count("MainThread - end of a round") > 2, 30, f"for rounds; {place.errors}")
    place.storage("new")
    ids = put(place.new, 1)
    wait_for(lambda: place.rows().keys() == set(ids), 30)
    assert place.ends() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("broken.py", "{folder}/broken.py:1: not valid Python: .*; if it is Python 2: warden port {folder}/broken.py"),
        (
            "open.py",
            "{folder}/open.py: others may write to {folder}/open.py .*; run: chmod go-w {folder}/open.py.*",
        ),
        ("missing.py", "{folder}/missing.py is no file; name a configuration file such as monitorconfig.py"),
        ("monitorconfig.py --standardLoopDelay=1:x", 'standardLoopDelay is "1:x" by the command line, .*'),
        ("monitorconfig.py --standardLoopDelay=0", 'standardLoopDelay is "0:00:00" by the command line; write a .*'),
        ("monitorconfig.py --storageRoot=", 'storageRoot is "" by the command line; write a path'),
        ("monitorconfig.py --config=lines", 'lines:1: unknown option "storageRoof"; did you mean "storageRoot"?'),
        ("monitorconfig.py --no", "option --no not recognized; see --help"),
        ("monitorconfig.py --logFilePathname=/", "/ cannot be written .*; correct logFilePathname.*"),
        ("monitorconfig.py --databaseURL=x", 'databaseURL is "x" by the command line; write sqlite:.*'),
        ("--standardLoopDelay=1", r"the settings have no table \[jobs\]; add one with .*"),
        ("--zzz=1", "option --zzz not recognized; see --help"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_code_2(place: Place, words: str, said: str) -> None:
    (place.folder / "broken.py").write_text("print 'hello'\n")
    (place.folder / "open.py").write_text(CONFIG)
    (place.folder / "open.py").chmod(0o666)
    (place.folder / "lines").write_text("storageRoof = /x\n")
    ended = place.run(*words.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    wanted = said.replace("{folder}", re.escape(str(place.folder))).replace("?", r"\?")
    assert re.fullmatch(f"warden: {wanted}\n", ended.stderr), ended.stderr
    assert place.rows() == {}


def test_help_lists_the_options(place: Place) -> None:
    with_file, without = place.run("monitorconfig.py", "--help"), place.run("-?")
    assert (with_file.returncode, without.returncode) == (0, 0)
    assert "--standardLoopDelay\n\tpause of the loop for new files (default: 0:01)\n" in with_file.stdout
    assert "--databasePassword" in with_file.stdout and "sesame" not in with_file.stdout
    assert "--standardLoopDelay" in without.stdout and "--databasePassword" not in without.stdout
    assert not (place.folder / "monitor.log").exists()


def test_a_monitor_that_is_killed_loses_nothing(place: Place) -> None:
    place.register("one")
    ids = put(place.new, 20)
    process = place.start()
    wait_for(lambda: "loop starting" in place.log, 30, f"for the loops; {place.errors}")
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    place.start()
    wait_for(lambda: place.rows().keys() == set(ids), 30, f"for jobs; {place.errors}")
    assert place.ends() == 0
