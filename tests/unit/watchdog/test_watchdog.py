"""What is known after a hang or a crash: marks that outlive the process, who is blamed, and for how long."""

import faulthandler
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.fake import FakeClock
from WardenServer.errors import SettingError
from WardenServer.settings import config
from WardenServer.watchdog import agents_at_work
from WardenServer.watchdog.agents_at_work import AgentsAtWork
from WardenServer.watchdog.watchdog import Watchdog

MakeSettings = Callable[..., config.Settings]

HANG = """Timeout (0:00:30)!
Thread 0x00007fb61e72a6c0 (most recent call first):
  File "/usr/lib/python3/waits.py", line 4 in wait
  File "{folder}/{name}.py", line 7 in work

"""


@pytest.fixture
def one(settings: MakeSettings) -> Iterator[config.Settings]:
    """The settings of one hub; what it leaves in memory is removed."""
    made = settings(instance=f"unit{os.getpid()}")
    yield made
    agents_at_work.place(made).unlink(missing_ok=True)


def leave(one: config.Settings, *names: str, text: str = HANG, ago: float = 30.0) -> None:
    """Leave behind what a process leaves that hung while these agents were at work."""
    table = AgentsAtWork(agents_at_work.place(one))
    for name in names:
        table.slot(name)[0] = 1
    table.beat(time.time() - ago)
    dump = one.state_folder / "logs" / f"{one.instance}-hang.txt"
    dump.parent.mkdir(parents=True, exist_ok=True)
    folder = str(one.plugin_folders[0]).encode("ascii", "backslashreplace").decode()
    dump.write_text(text.format(folder=folder, name=names[0] if names else "spin"))


def start(one: config.Settings) -> Watchdog:
    watchdog = Watchdog(one)
    watchdog.open()
    watchdog.close()
    return watchdog


class Waits(FakeClock):
    """Each wait takes its time, whatever was asked for; then the watch is over."""

    def __init__(self, *seconds: float) -> None:
        super().__init__()
        self._seconds = list(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.turn(self._seconds.pop(0))
        return not self._seconds


def test_a_timer_that_has_run_out_is_not_set_anew(one: config.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever thread gets on first when a process that was stopped goes on: it ends."""
    clock, beats = Waits(1.0, 1.0, one.hang_limit, 1.0, 1.0), list[float]()
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: beats.append(clock.now))
    watchdog = Watchdog(one, clock)
    watchdog.beat()
    watchdog._run()
    assert beats == [0.0, 1.0, 2.0]


def test_a_slot_is_the_same_for_the_same_name_and_outlives_the_process(tmp_path: Path) -> None:
    table = AgentsAtWork(tmp_path / "marks")
    assert table.slot("a") is table.slot("a")
    table.slot("a")[0] = 1
    table.slot("b")[0] = 0
    table.slot("x" * 61)[0] = 1
    assert table.at_work() == AgentsAtWork(tmp_path / "marks").at_work() == ["a", "x" * 61]
    table.slot("a")[0] = 0
    assert AgentsAtWork(tmp_path / "marks").at_work() == ["x" * 61]
    table.clear()
    assert table.at_work() == []


def test_the_table_is_bounded_and_agents_beyond_run_unmarked(tmp_path: Path) -> None:
    table = AgentsAtWork(tmp_path / "marks")
    for number in range(agents_at_work.SLOTS + 10):
        table.slot(f"a{number}")[0] = 1
    assert len(table.at_work()) == agents_at_work.SLOTS
    assert (tmp_path / "marks").stat().st_size == (agents_at_work.SLOTS + 1) * agents_at_work.SLOT


def test_a_table_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    (tmp_path / "marks").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="symbolic links"):
        AgentsAtWork(tmp_path / "marks")
    if os.geteuid() == 0:
        os.chown(tmp_path / "theirs", 12345, -1)
        with pytest.raises(PermissionError, match="belongs to somebody else"):
            AgentsAtWork(tmp_path / "theirs")


def test_the_only_one_at_work_is_held_back_over_all_starts_until_its_code_changes(one: config.Settings) -> None:
    leave(one, "spin")
    watchdog = start(one)
    [said] = watchdog.post_mortem()
    file = one.plugin_folders[0] / "spin.py"
    assert (
        f"the server hung for 30 s and has started again: C code held the interpreter's lock in spin at {file}:7"
        in said
    )
    assert f"set ISOLATE = True in {file} and Reload" in said
    for _ in range(2):
        assert "held back: the server hung" in watchdog.holds("spin", "digest 1")
        assert watchdog.holds("other", "digest 1") == ""
        watchdog = start(one)
        assert watchdog.post_mortem() == ()
    assert watchdog.holds("spin", "digest 2") == ""
    assert start(one).holds("spin", "digest 1") == ""


def test_one_that_somebody_wants_to_run_is_held_back_no_more(one: config.Settings) -> None:
    leave(one, "spin")
    watchdog = start(one)
    assert watchdog.holds("spin", "x")
    watchdog.release("spin")
    assert start(one).holds("spin", "x") == ""


@pytest.mark.parametrize(
    ("first", "second", "held"),
    [("ab", "bc", "b"), ("ab", "ab", "ab"), ("ab", "cd", "cd"), ("ab", "c", "c"), ("ab", "", ""), ("a", "bc", "abc")],
)
def test_of_several_those_at_work_in_two_hangs_in_a_row_are_held_back(
    one: config.Settings, first: str, second: str, held: str
) -> None:
    leave(one, *first)
    assert bool(start(one).holds("a", "1")) == (first == "a")
    leave(one, *second)
    watchdog = start(one)
    assert "".join(name for name in "abcd" if watchdog.holds(name, "1")) == held


def test_a_hang_long_ago_is_no_repetition(one: config.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(one, "a", "b")
    start(one)
    past = one.state_folder / f"{one.instance}-held.json"
    stored = json.loads(past.read_text())
    stored["content"]["since"] -= 7200
    past.write_text(json.dumps(stored))
    leave(one, "b", "c")
    assert start(one).holds("b", "1") == ""


def test_a_process_that_was_stopped_has_not_hung(one: config.Settings) -> None:
    leave(one, "spin", ago=50.0)
    watchdog = start(one)
    assert "the server was stopped for 50 s, longer than hang_limit" in watchdog.post_mortem()[0]
    assert watchdog.holds("spin", "1") == ""


def test_a_file_that_hangs_when_it_is_imported_is_named(settings: MakeSettings, tmp_path: Path) -> None:
    folder = tmp_path / "Größe 温"
    one = settings(instance=f"unit{os.getpid()}", plugin_folders=[str(folder)])
    leave(one)
    [said] = start(one).post_mortem()
    assert f"at {folder}/spin.py:7, in an import; move it into setup, with ISOLATE = True" in said


def test_a_crash_is_told_by_its_stack_alone(one: config.Settings) -> None:
    crash = HANG.replace("Timeout (0:00:30)!", "Fatal Python error: Segmentation fault\n")
    leave(one, "spin", "other", text=crash)
    watchdog = start(one)
    assert "the server crashed (Segmentation fault)" in watchdog.post_mortem()[0]
    assert watchdog.holds("spin", "1")
    assert watchdog.holds("other", "1") == ""


def test_without_a_limit_nothing_is_watched(settings: MakeSettings) -> None:
    one = settings(instance=f"unit{os.getpid()}", hang_limit="0")
    leave(one, "spin")
    watchdog = start(one)
    assert (watchdog.post_mortem(), watchdog.holds("spin", "1"), len(watchdog.slot("spin"))) == ((), "", 1)
    agents_at_work.place(one).unlink()
    with pytest.raises(SettingError, match="at least 2 seconds"):
        settings(hang_limit="1")


@pytest.mark.parametrize(
    "content", ["", "garbage", "[]", '{"held": 3}', '{"held": {"a": {}}, "suspects": [], "since": 0}']
)
def test_a_broken_file_holds_nobody_back(one: config.Settings, content: str, caplog: pytest.LogCaptureFixture) -> None:
    one.state_folder.mkdir(parents=True)
    (one.state_folder / f"{one.instance}-held.json").write_text(content)
    assert start(one).holds("a", "1") == ""
    assert "is not usable" in caplog.text


def test_a_state_folder_that_cannot_be_written_stops_nothing(
    settings: MakeSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").touch()
    one = settings(instance=f"unit{os.getpid()}")
    start(one)
    assert "cannot be written" in caplog.text
    assert not agents_at_work.place(one).exists()
