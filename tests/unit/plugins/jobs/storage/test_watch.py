"""Notifications of the file system wake the walk."""

import itertools
import logging
import shutil
import sys
import threading
import time

import pytest

from tests.conftest import wait_for
from WardenServer.plugins.common.jobs.storage import watch
from WardenServer.plugins.common.jobs.storage.watch import Watch


class Woken:
    """Counts how often, and when."""

    def __init__(self):
        self.times = []

    def __call__(self):
        self.times.append(time.monotonic())

    def again(self, limit=10):
        before = len(self.times)
        wait_for(lambda: len(self.times) > before, limit, "for a call")


@pytest.fixture
def start():
    """Watch folders; what is opened is ended."""
    opened = []

    def start_watch(*roots):
        woken = Woken()
        watching = Watch(roots, woken, logging.getLogger("watch"))
        watching.open()
        opened.append(watching)
        return watching, woken

    yield start_watch
    for each in opened:
        each.close()
        assert each.join(5)


def test_new_files_wake_at_any_depth(tmp_path, start):
    (tmp_path / "a/b").mkdir(parents=True)
    watching, woken = start(tmp_path)
    wait_for(lambda: woken.times)  # it watches, and what has come before may be new
    for path in (tmp_path / "x.json", tmp_path / "a/b/y.json"):
        before = len(woken.times)
        path.write_text("x")
        wait_for(lambda before=before: len(woken.times) > before)
    assert watching.note == ""
    before = len(woken.times)
    shutil.copytree(tmp_path / "a", tmp_path / "copied")
    wait_for(lambda: len(woken.times) > before)


def test_hidden_and_deleted_ones_do_not_wake():
    assert watch._may_be_new(1, "/a/new.json")
    assert watch._may_be_new(2, "/a/changed.json")
    assert not watch._may_be_new(3, "/a/deleted.json")
    assert not watch._may_be_new(1, "/a/.unfinished.json")


def test_many_files_wake_now_and_then(tmp_path, start):
    roots = [tmp_path / "a", tmp_path / "b"]
    for root in roots:
        root.mkdir()
    _, woken = start(*roots)
    wait_for(lambda: len(woken.times) >= 2)
    numbers = itertools.count()

    def enough():
        (roots[0] / f"{next(numbers)}").touch()
        (roots[1] / f"{next(numbers)}").touch()
        return len(woken.times) >= 5

    wait_for(enough)
    pauses = [b - a for a, b in zip(woken.times, woken.times[1:], strict=False)]
    assert min(pauses) >= watch.PAUSE * 0.99


def test_a_folder_that_is_made_later(tmp_path, start, monkeypatch, caplog):
    monkeypatch.setattr(watch, "RETRY", 0.05)
    late, there = tmp_path / "late", tmp_path / "there"
    there.mkdir()
    with caplog.at_level(logging.INFO, "watch"):
        watching, woken = start(late, there)
        wait_for(lambda: watching.note and woken.times)
        assert watching.note == (
            f"{late} cannot be watched (No such file or directory); new files are found by the periodic walk only"
        )
        before = len(woken.times)
        (there / "x").touch()  # the other one is watched
        wait_for(lambda: len(woken.times) > before)
        late.mkdir()
        wait_for(lambda: not watching.note)
        wait_for(lambda: "late is watched again" in caplog.text)
    before = len(woken.times)
    (late / "x").touch()
    wait_for(lambda: len(woken.times) > before)
    assert caplog.text.count("cannot be watched") == 1, "said once"


def test_a_folder_that_is_made_anew(tmp_path, start, monkeypatch):
    monkeypatch.setattr(watch, "RETRY", 0.05)
    monkeypatch.setattr(watch, "_LOOK", 100)
    root = tmp_path / "root"
    root.mkdir()
    watching, woken = start(root)
    wait_for(lambda: woken.times)
    root.rmdir()
    wait_for(lambda: watching.note)
    root.mkdir()
    wait_for(lambda: not watching.note)
    before = len(woken.times)
    (root / "x").touch()
    wait_for(lambda: len(woken.times) > before)
    root.rename(tmp_path / "old")
    root.mkdir()
    before = len(woken.times)
    wait_for(lambda: len(woken.times) > before)  # the new one is watched, and was looked at
    (root / "y").touch()
    wait_for(lambda: len(woken.times) > before + 1)


def test_too_many_folders(tmp_path, start, monkeypatch):
    monkeypatch.setattr(watch, "MOST_FOLDERS", 3)
    for name in "abc":
        (tmp_path / name).mkdir()
    watching, woken = start(tmp_path)
    wait_for(lambda: watching.note)
    assert "(it has more than 3 folders)" in watching.note
    assert not woken.times


def test_without_the_library(tmp_path, start, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    watching, _ = start(tmp_path)
    wait_for(lambda: watching.note)
    assert "(watchfiles is missing; pip install 'wardenserver[jobs]')" in watching.note


@pytest.mark.parametrize("error", [OSError("OS file watch limit reached."), RuntimeError("_rust_notify")])
def test_no_more_watches(tmp_path, start, monkeypatch, error):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr("watchfiles.watch", fail)
    watching, _ = start(tmp_path)
    wait_for(lambda: watching.note)
    assert f"({error})" in watching.note


def test_it_ends_soon(tmp_path, start):
    watching, woken = start(tmp_path, tmp_path / "none")
    wait_for(lambda: watching.note and woken.times)
    assert not watching.join(0)
    watching.close()
    assert watching.join(5)
    before = len(woken.times)
    (tmp_path / "x").touch()
    assert len(woken.times) == before


def test_one_that_was_never_opened(tmp_path):
    watching = Watch([tmp_path], lambda: None, logging.getLogger("watch"))
    watching.close()
    assert watching.join(0)


def test_a_wake_that_takes_long_is_not_called_twice_at_once(tmp_path):
    roots, inside, most = [tmp_path / "a", tmp_path / "b"], [0], [0]
    done = threading.Event()

    def wake():
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        done.wait(0.3)
        inside[0] -= 1
        calls.append(1)

    calls = []
    for root in roots:
        root.mkdir()
    watching = Watch(roots, wake, logging.getLogger("watch"))
    watching.open()
    try:
        wait_for(lambda: len(calls) >= 2)
        assert most == [1]
    finally:
        watching.close()
        assert watching.join(5)
