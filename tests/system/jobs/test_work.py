"""`warden jobs work` as a process of its own."""

import json
import os
import secrets
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.conftest import wait_for
from tests.system.jobs.work_place import Place
from WardenServer.plugins.common.jobs.sweeping import Sweeper
from WardenServer.plugins.common.jobs.tables import late_results

MakePlace = Callable[..., Place]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakePlace]:
    with ExitStack() as stack:
        yield lambda **said: Place(tmp_path, stack, **said)


@pytest.fixture
def place(make: MakePlace) -> Place:
    return make()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """The URL of a PostgreSQL, or nothing."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def any_place(server: str, make: MakePlace) -> Place:
    """On SQLite, and on PostgreSQL in a database of its own."""
    if not server:
        return make()
    name = f"jobs_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return make(url=server.removesuffix("postgres") + name)


@pytest.fixture
def nap() -> Iterator[list[str]]:
    """A command that sleeps, and that nobody else runs."""
    command = ["sleep", f"1000.{secrets.randbelow(10**12):012}"]
    yield command
    for process in sleepers(command):  # of a test that failed
        process.kill()


def sleepers(nap: list[str]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline() == nap and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


def test_two_workers_share(any_place: Place, tmp_path: Path) -> None:
    done = tmp_path / "done"
    command = f"""sh -c 'echo "$1" >> {done}; echo "did $1"' - {{id}}"""
    one, two = any_place.work("--command", command, "-n", "2"), any_place.work("--command", command, "-n", "1")
    ids = [f"scan_{number}" for number in range(12)]
    any_place.queue(*ids)
    any_place.wait_all(ids)
    assert sorted(done.read_text().split()) == sorted(ids)
    assert [any_place.row(id).message for id in ids] == [f"did {id}" for id in ids]
    assert all(any_place.steps(id) == ["queued", "started", "succeeded"] for id in ids)
    assert "is done" in one.log()
    assert "is done" in two.log()
    assert (one.end(), two.end()) == (0, 0)
    assert not list((any_place.state / "work").iterdir())
    assert all(row.lastseendatetime < 1e9 for row in any_place.processors())


def test_once_ends_when_nothing_is_left(place: Place) -> None:
    first = place.work("--command", "sleep 1000", "-n", "1")
    place.queue("a", "b")
    place.wait_started("a")
    second = place.work("--command", "echo {json}", "--once")
    assert first.end(signal.SIGTERM, signal.SIGINT) == 0
    place.take_away(*[row.id for row in place.processors()])
    wait_for(lambda: not second.alive, 20, second.log())
    assert second.code == 0
    assert [row.message for row in place.rows()] == [f"{place.root}/a.json", f"{place.root}/b.json"]


def test_outcomes_of_a_command(place: Place, nap: list[str]) -> None:
    words = {"good": "echo one; echo two", "bad": "echo why; exit 3", "shot": "echo last; kill -9 $$", "mute": "true"}
    cases = " ".join(f"{name}) {what};;" for name, what in words.items())
    place.work("--command", f"""sh -c 'case "$1" in {cases} esac' - {{id}}""")
    place.queue(*words, "gone")
    (place.root / "gone.dump").unlink(missing_ok=True)
    place.wait_all(words)
    assert {id: (place.row(id).success, place.row(id).message) for id in words} == {
        "good": (True, "one\ntwo"), "bad": (False, "exit code 3: why"), "shot": (False, "ended by signal 9: last"),
        "mute": (True, ""),
    }  # fmt: skip


def test_files_that_are_gone_or_have_changed(place: Place) -> None:
    os.mkfifo(place.root / "go")
    place.work("--command", f"""sh -c 'test "$1" != first || cat {place.root}/go' - {{id}}""", "-n", "1")
    place.queue("first", "gone", "changed")
    (place.root / "gone.dump").unlink()
    (place.root / "changed.dump").write_text("more than before")
    (place.root / "go").write_text("on")
    assert place.wait("gone").message == f"{place.root}/gone.dump is gone"
    assert place.wait("changed").success
    assert place.steps("changed") == ["queued", "started", "changed", "started", "succeeded"]


def test_files_that_change_while_they_are_processed(make: MakePlace) -> None:
    place = make(attempts=2)
    place.work("--command", "sh -c 'echo x >> $1' - {dump}", "-n", "1")
    place.queue("a")
    row = place.wait("a")
    assert not row.success
    assert row.attempts == 2
    assert row.message.startswith("its files changed while they were processed")


def test_time_limit(place: Place, nap: list[str]) -> None:
    place.work("--command", f"sh -c 'echo begun; {' '.join(nap)}; true'", "--limit", "3")
    place.queue("a")
    row = place.wait("a")
    assert (row.success, row.message) == (False, "took longer than 3 s and was ended: begun")
    assert not sleepers(nap)


def test_told_to_end_it_hands_back(place: Place, nap: list[str]) -> None:
    worker = place.work("--command", " ".join(nap), "-n", "2", "--grace", "0.1")
    place.queue("a", "b", "c")
    wait_for(lambda: len(sleepers(nap)) == 2, 20)
    assert worker.end() == 0
    assert not sleepers(nap)
    assert [(row.starteddatetime, row.token, row.attempts, row.success) for row in place.rows()] == [
        (None, None, 0, None)
    ] * 3
    assert place.steps("a") == ["queued", "started", "returned"]
    assert place.processors()[0].lastseendatetime < 1e9


def test_told_to_end_it_waits_a_while(place: Place, tmp_path: Path) -> None:
    go = tmp_path / "go"
    os.mkfifo(go)
    worker = place.work("--command", f"cat {go}", "-n", "1")
    place.queue("a", "b")
    place.wait_started("a")
    worker.tell(signal.SIGHUP)
    worker.wait_log("SIGHUP")
    go.write_text("on")
    wait_for(lambda: not worker.alive, 20, worker.log())
    assert worker.code == 0
    assert (place.row("a").success, place.row("a").message) == (True, "on")
    assert place.row("b").starteddatetime is None


def test_a_second_signal_ends_it_at_once(place: Place, nap: list[str]) -> None:
    """Though the job does not end when it is asked to."""
    worker = place.work("--command", f"sh -c 'trap : TERM; {' '.join(nap)}; {' '.join(nap)}'", "--grace", "1h")
    place.queue("a")
    wait_for(lambda: sleepers(nap), 20)
    worker.tell(signal.SIGTERM)
    worker.wait_log("SIGTERM")
    assert worker.end(signal.SIGTERM) == 0
    assert place.row("a").starteddatetime is None
    assert not sleepers(nap)


@pytest.mark.parametrize("how", ["command", "python"])
def test_kill_leaves_nothing(place: Place, tmp_path: Path, nap: list[str], how: str) -> None:
    words = " ".join(nap)
    (tmp_path / "naps.py").write_text(f"""
import subprocess
def process(*paths):
    subprocess.Popen({nap!r}, start_new_session=True)
    subprocess.Popen({nap!r})
    subprocess.run({nap!r})
""")
    line = f"sh -c '{words} & setsid {words} & {words}; true'"
    worker = place.work(*{"command": ["--command", line], "python": ["--python", "naps:process"]}[how])
    place.queue("a")
    wait_for(lambda: len(sleepers(nap)) == 3, 20, worker.log())
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.tell(signal.SIGKILL)
    wait_for(lambda: not any(child.is_running() for child in children), 15, f"for the end of {children}")
    assert not sleepers(nap)


def test_a_result_that_is_late_is_kept_apart(make: MakePlace, tmp_path: Path) -> None:
    place, go = make(check_in=1.0), tmp_path / "go"
    os.mkfifo(go)
    worker = place.work("--command", f"sh -c 'touch {tmp_path}/begun; cat {go}'", "-n", "1", "--name", "slow")
    place.queue("a")
    wait_for((tmp_path / "begun").exists, 20)
    worker.tell(signal.SIGSTOP)
    other = place.work("--command", "echo other", "--name", "other")
    place.take_away(*[row.id for row in place.processors()])
    assert place.wait("a").message == "other"
    go.write_text("slow")
    worker.tell(signal.SIGCONT)
    wait_for(lambda: place.rows(late_results), 20, worker.log())
    assert [(row.uuid, row.success, row.message) for row in place.rows(late_results)] == [("a", True, "slow")]
    assert place.row("a").message == "other"
    worker.wait_log("taken for dead")
    assert {row.name.rpartition("-")[0] for row in place.processors()} == {"slow", "other"}
    assert other.alive


DEADLY = "sh -c 'echo boom; kill -9 $PPID; sleep 100'"


def test_what_killed_its_worker_is_known(make: MakePlace) -> None:
    """Another worker of the machine finds what the job printed last."""
    place = make(check_in=1.0)
    deadly = place.work("--command", DEADLY)
    place.queue("a")
    wait_for(lambda: not deadly.alive, 20, deadly.log())
    assert deadly.code == -signal.SIGKILL
    other = place.work("--command", "true", "--name", "other")
    wait_for(lambda: place.row("a").message == "boom", 20, other.log())
    assert "had died" in other.log()
    assert [each.name[:5] for each in (place.state / "work").iterdir()] == ["other"]


def test_what_kills_its_workers_fails_with_what_it_printed(make: MakePlace) -> None:
    place = make(check_in=1.0)
    sweeper = Sweeper(place.database, place.jobs)
    for attempt in (1, 2, 3):
        deadly = place.work("--command", DEADLY)
        if attempt == 1:
            place.queue("a")
        wait_for(lambda worker=deadly: sweeper.sweep() and not worker.alive, 20, deadly.log())
        assert place.row("a").attempts == attempt
    place.work("--command", "true")
    wait_for(lambda: sweeper.sweep() and place.row("a").success is not None, 20)
    assert (place.row("a").success, place.row("a").message) == (False, "its processor vanished 3 times: boom")


HOSTILE = [
    "it's \"quoted\"", "new\nline", "  spaces  ", "; touch x; $(touch x) `touch x` && touch x", "-rf", "{id} {nope}",
    "deep/er/\u00e9\u4e2d\U0001f600", "%s %d", "*", "\\", "x" * 240,
]  # fmt: skip


def test_ids_and_paths_reach_the_command_as_they_are(place: Place, tmp_path: Path) -> None:
    got = tmp_path / "got"
    say = tmp_path / "say.py"
    say.write_text(f"import json, sys; open({str(got)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')")
    place.work("--command", f"{sys.executable} {say} {{id}} {{{{}}}} {{files}} x={{pathname}}", "-n", "1")
    place.queue(*HOSTILE)
    place.wait_all(HOSTILE)
    assert all(row.success for row in place.rows()), [row.message for row in place.rows()]
    base = {id: f"{place.root}/{id}" for id in HOSTILE}
    expected = [[id, "{}", f"{base[id]}.json", f"{base[id]}.dump", f"x={base[id]}"] for id in HOSTILE]
    assert [json.loads(line) for line in got.read_text().splitlines()] == expected
    assert not [path for path in (*tmp_path.rglob("x"), Path("x")) if path.exists()]


def test_huge_output_costs_little(place: Place) -> None:
    worker = place.work("--command", "sh -c 'head -c 100000000 /dev/zero | tr \\\\0 x; echo; echo end'", "-n", "1")
    memory = psutil.Process(worker.pid).memory_info().rss
    place.queue("a")
    highest = [memory]

    def ended() -> bool:
        highest.append(psutil.Process(worker.pid).memory_info().rss)
        return place.row("a").success is not None

    wait_for(ended, 60)
    assert place.row("a").success
    assert place.row("a").message.endswith("end")
    assert max(highest) - memory < 20_000_000
    wait_for(lambda: not list((place.state / "work").glob("*/*.out")), 10)


def test_output_stays_small_while_a_job_prints(place: Place) -> None:
    """A job that prints until its file was trimmed: its blocks are of 512 bytes."""
    look = (
        "f=$(readlink /proc/$$/fd/1); n=0; while [ $n -lt 6000000 ]; do head -c 1000000 /dev/zero; n=$(stat -c %s $f)"
    )
    wait = "; done; while [ $(stat -c %b $f) -gt 9766 ]; do sleep 0.05; done; echo trimmed"
    place.work("--command", f"sh -c '{look}{wait}'", "-n", "1", "--limit", "30")
    place.queue("a")
    assert place.wait("a", 40).message.endswith("trimmed")


FUNCTION = """
import os, pathlib, signal, sys, time
print("imported")

def process(one, two):
    assert type(one) is type(two) is pathlib.PosixPath
    print("printed by", one.stem)
    case = one.stem
    if case == "good":
        return f"{one.name} and {two.name}"
    if case == "wrong":
        raise KeyError("no such thing")
    if case == "leaves":
        sys.exit("enough")
    if case == "dies":
        os._exit(7)
    if case == "shot":
        os.kill(os.getpid(), signal.SIGSEGV)
    if case == "hungry":
        raise MemoryError
    if case == "slow":
        time.sleep(1000)
    if case == "number":
        return os.getpid()
"""


def test_outcomes_of_a_function(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "beam.py"
    file.write_text(FUNCTION)
    worker = place.work("--python", "beam:process", "-n", "2", "--limit", "3")
    cases = ["good", "wrong", "leaves", "dies", "shot", "hungry", "slow", "number"]
    place.queue(*cases)
    place.wait_all(cases)

    def line(text: str) -> int:
        return 1 + FUNCTION[: FUNCTION.index(text)].count("\n")

    assert {id: (place.row(id).success, place.row(id).message) for id in cases} == {
        "good": (True, "good.json and good.dump"),
        "wrong": (False, f"KeyError: 'no such thing' ({file}, line {line('raise KeyError')})"),
        "leaves": (False, f"SystemExit: enough ({file}, line {line('sys.exit')})"),
        "dies": (False, "ended with exit code 7: printed by dies"),
        "shot": (False, "ended with SIGSEGV: printed by shot"),
        "hungry": (False, f"MemoryError ({file}, line {line('raise MemoryError')})"),
        "slow": (False, "took longer than 3 s and was ended: printed by slow"),
        "number": (True, ""),
    }
    assert worker.end() == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("import sys; sys.exit(3)", "SystemExit: 3"),
     ("import os; os._exit(4)", "its process ended with exit code 4"), ("", "beam has no process"),
     ("process = 3", "process in beam is no function")],
)  # fmt: skip
def test_a_function_that_cannot_be_imported(place: Place, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "beam.py").write_text(text)
    worker = place.launch("--python", "beam:process")
    wait_for(lambda: not worker.alive, 20, worker.log())
    assert worker.code == 2
    assert said in worker.log()
    assert len(worker.log().splitlines()) == 1
    assert not place.processors()


def test_a_database_that_is_locked_for_a_while(place: Place, tmp_path: Path) -> None:
    """What has ended waits, nothing is begun, and all of it is written in the end."""
    go = tmp_path / "go"
    os.mkfifo(go)
    worker = place.work("--command", f"cat {go}", "-n", "1")
    place.queue("a", "b")
    place.wait_started("a")
    with closing(sqlite3.connect(place.database.path or "", isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        go.write_text("one")
        worker.wait_log("results wait, and nothing is begun")
        somebody.execute("ROLLBACK")
    assert place.wait("a").message == "one"
    worker.wait_log("answers again")
    go.write_text("two")
    assert place.wait("b").message == "two"
    assert worker.log().count("results wait") == worker.log().count("answers again, after") == 1
    assert place.steps("a") == ["queued", "started", "succeeded"]


def test_told_to_end_while_the_database_is_locked(place: Place, nap: list[str]) -> None:
    worker = place.work("--command", " ".join(nap), "-n", "1", "--grace", "0")
    place.queue("a")
    wait_for(lambda: sleepers(nap), 20)
    with closing(sqlite3.connect(place.database.path or "", isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        assert worker.end() == 1
    assert "1 results are lost" in worker.log()
    assert not sleepers(nap)


def test_a_postgresql_whose_connections_are_cut(server: str, any_place: Place) -> None:
    """The next transaction gets a new one."""
    worker = any_place.work("--command", "echo {id}", "-n", "1")
    any_place.queue("a")
    any_place.wait("a")
    if server:
        with psycopg.connect(server, autocommit=True) as connection:
            name = any_place.jobs.url.rpartition("/")[2]
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    any_place.queue("b")
    assert any_place.wait("b").message == "b"
    assert worker.end() == 0


def test_told_to_end_while_postgresql_hangs(server: str, any_place: Place, nap: list[str]) -> None:
    if not server:
        pytest.skip("SQLite is no server")
    worker = any_place.work("--command", " ".join(nap), "-n", "1", "--grace", "0")
    any_place.queue("a")
    wait_for(lambda: sleepers(nap), 20)
    query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as connection:
        pids = [pid for (pid,) in connection.execute(query, [any_place.jobs.url.rpartition("/")[2]])]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        assert worker.end() == 1
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert not sleepers(nap)


@pytest.mark.parametrize("given", [[], ["--command", "cat {nope}"], ["--command", "x", "--python", "y:z"]])
def test_wrong_usage(place: Place, given: list[str]) -> None:
    worker: Any = place.launch(*given)
    wait_for(lambda: not worker.alive, 20, worker.log())
    assert worker.code == 2
    assert worker.log().startswith("warden: ")
    assert not place.state.exists()
