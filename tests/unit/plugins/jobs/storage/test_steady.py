"""Files settle over two looks."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.storage import steady
from WardenServer.plugins.common.jobs.storage.base import Found
from WardenServer.plugins.common.jobs.storage.steady import SETTLE, Steady, signature


def found(tmp_path, id="a"):
    paths = [tmp_path / f"{id}.json", tmp_path / f"{id}.dump"]
    for path in paths:
        path.touch()
    return Found(id, tuple(map(str, paths)))


def test_unchanged_over_two_looks(tmp_path):
    looks, files = Steady(), found(tmp_path)
    assert looks.settled(files, "p", 10.0) is None
    assert looks.waiting == 1
    assert looks.settled(files, "p", 10.0 + SETTLE / 2) is None
    assert looks.settled(files, "p", 12.0) == Pair("a", "p", signature(files.paths), 2.0, files.files[0])
    assert looks.waiting == 0
    assert looks.settled(files, "p", 13.0).age == 3.0, "it comes again as long as it is no job"


@pytest.mark.parametrize("change", ["size", "time", "second"])
def test_a_change_begins_anew(tmp_path, change):
    looks, files = Steady(), found(tmp_path)
    looks.settled(files, "", 0.0)
    path = files.paths[change == "second"]
    if change == "time":
        os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    else:
        path.write_text("more")
    assert looks.settled(files, "", 5.0) is None
    assert looks.settled(files, "", 5.5) is None
    assert looks.settled(files, "", 6.0) == Pair("a", "", signature(files.paths), 6.0, files.files[0])


def test_files_that_vanish_or_are_none(tmp_path):
    looks, files = Steady(), found(tmp_path)
    looks.settled(files, "", 0.0)
    files.paths[1].unlink()
    assert looks.settled(files, "", 2.0) is None
    assert looks.settled(files, "", 4.0) is None
    files.paths[1].mkdir()
    assert looks.settled(files, "", 6.0) is None
    assert looks.settled(files, "", 8.0) is None
    assert looks.waiting == 1
    with pytest.raises(OSError, match="no regular file"):
        signature(files.paths)
    with pytest.raises(FileNotFoundError):
        signature([tmp_path / "none"])


def test_what_a_whole_walk_has_not_seen_is_forgotten(tmp_path):
    looks, one, two = Steady(), found(tmp_path, "1"), found(tmp_path, "2")
    looks.begin_walk()
    looks.settled(one, "", 0.0)
    looks.settled(two, "", 0.0)
    looks.end_walk()
    looks.begin_walk()
    looks.settled(one, "", 2.0)
    assert looks.waiting == 1, "the other waits; this one has settled"
    looks.end_walk()
    assert looks.waiting == 0
    assert looks.settled(two, "", 4.0) is None
    looks.begin_walk()  # cut short
    looks.begin_walk()
    assert looks.settled(two, "", 6.0)


def test_memory_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(steady, "MOST", 1)
    looks, one, two = Steady(), found(tmp_path, "1"), found(tmp_path, "2")
    for now in (0.0, 2.0):
        looks.begin_walk()
        assert bool(looks.settled(one, "", now)) == bool(now)
        assert looks.settled(two, "", now) is None
        looks.end_walk()
    for now in (4.0, 6.0, 8.0):  # the first is known now
        looks.begin_walk()
        assert bool(looks.settled(two, "", now)) == (now == 8.0)
        looks.end_walk()


@given(st.lists(st.tuples(st.floats(0.01, 3), st.booleans()), max_size=20))
def test_settled_if_and_only_if_unchanged_since_an_earlier_look(tmp_path_factory, looks):
    """Each look says how long after the one before it is, and whether the files changed in between."""
    files = found(tmp_path_factory.mktemp("steady"))
    rule, now, since = Steady(), 0.0, 0.0
    rule.settled(files, "", now)
    for pause, changed in looks:
        now += pause
        if changed:
            since = now
            with files.paths[0].open("a") as file:
                file.write("x")
        pair = rule.settled(files, "", now)
        assert (pair is not None) == (now - since >= SETTLE)
        if pair is not None:
            assert pair.age == now
            assert pair.signature == signature(files.paths)


@pytest.mark.parametrize(("kind", "seconds"), [("ext4", 1.0), ("nfs4", 4.0), ("", 1.0)])
def test_a_file_server_may_show_for_some_seconds_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, seconds: float
) -> None:
    monkeypatch.setattr(steady.sql, "file_system", lambda path: kind)
    assert steady.settling(tmp_path) == seconds
