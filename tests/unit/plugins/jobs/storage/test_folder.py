"""Any folder as a storage."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs.storage import base
from WardenServer.plugins.common.jobs.storage.folder import FolderStorage

PAIR = (".json", ".cbf")


def pair(root, id, suffixes=PAIR):
    for suffix in suffixes:
        path = root / f"{id}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def ids(storage, known=()):
    return [found.id for found in storage.arrived(set(known))]


def test_pairs_are_found_by_folder_and_name(tmp_path):
    for id in ("b", "a", "s2/x", "s1/b", "s1/a", "s1/deep/er/x"):
        pair(tmp_path, id)
    storage = FolderStorage(tmp_path, "**", PAIR)
    assert ids(storage) == ["a", "b", "s1/a", "s1/b", "s1/deep/er/x", "s2/x"]
    found = next(storage.arrived({"a"}))
    assert found.paths == (tmp_path / "b.json", tmp_path / "b.cbf")
    assert storage.pathname("s1/a") == str(tmp_path / "s1" / "a")
    assert storage.paths("s1/a") == (tmp_path / "s1/a.json", tmp_path / "s1/a.cbf")
    assert [found.id for found in storage.all({"a", "b", "s1/a"})] == ["s1/b", "s1/deep/er/x", "s2/x"]
    assert storage.problems == []


def test_only_what_is_complete_and_taken(tmp_path):
    (tmp_path / "alone.json").touch()
    (tmp_path / "other.cbf").touch()
    pair(tmp_path, "scan1/x")
    pair(tmp_path, "scan1/deeper/x")
    pair(tmp_path, "top")
    assert ids(FolderStorage(tmp_path, "scan*/*", PAIR)) == ["scan1/x"]
    assert ids(FolderStorage(tmp_path, "*", PAIR)) == ["top"]


def test_what_is_hidden_is_left_out(tmp_path):
    for id in (".part", "a/.part", ".trash/x", "shown"):
        pair(tmp_path, id)
    pair(tmp_path, "", ("_1", "_2"))
    assert ids(FolderStorage(tmp_path, "**", PAIR)) == ["shown"]
    assert ids(FolderStorage(tmp_path, "**", ("_1", "_2"))) == []


def test_one_suffix_may_be_the_end_of_another(tmp_path):
    suffixes = (".json", ".meta.json")
    pair(tmp_path, "a", suffixes)
    pair(tmp_path, "only", (".meta.json",))
    for order in (suffixes, suffixes[::-1]):
        storage = FolderStorage(tmp_path, "*", order)
        assert ids(storage) == ["a"]
        assert ids(storage, {"a"}) == []
        with pytest.raises(ValueError, match="belong to an id with a longer suffix"):
            storage.paths("a.meta")
    assert ids(FolderStorage(tmp_path, "*", (".json",))) == ["a", "a.meta", "only.meta"]


def test_folders_and_links(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    pair(root, "real.json/x")
    pair(elsewhere, "y")
    (root / "loop").symlink_to(root)
    (root / "linked").symlink_to(elsewhere)
    (root / "z.json").symlink_to(elsewhere / "y.json")
    (root / "z.cbf").symlink_to(elsewhere / "y.cbf")
    (root / "broken.json").symlink_to(elsewhere / "none")
    (root / "broken.cbf").touch()
    (root / "folder.json").touch()
    (root / "folder.cbf").mkdir()
    assert ids(FolderStorage(root, "**", PAIR)) == ["z", "real.json/x"]


def test_folders_of_what_was_moved_are_no_arrivals(tmp_path):
    pair(tmp_path, "done/x")
    pair(tmp_path, "new/x")
    assert ids(FolderStorage(tmp_path, "**", PAIR, [tmp_path / "done"])) == ["new/x"]


ODD = ["it's", 'a"b', "a\nb", "a b", "ä€😀", "x" * 250, "a;b,c%s{id}", "-rf", "a.json", "a\\b"]


@pytest.mark.parametrize("id", ODD)
def test_odd_ids(tmp_path, id):
    pair(tmp_path, id)
    storage = FolderStorage(tmp_path, "*", PAIR)
    assert ids(storage) == [id]
    assert storage.find(id).paths == storage.paths(id) == next(storage.arrived(())).paths
    assert ids(storage, {id}) == []


def test_what_no_table_can_hold_is_a_problem(tmp_path):
    deep = "/".join(["d" * 100] * 3)
    pair(tmp_path, f"{deep}/long")
    pair(tmp_path, "good")
    pair(tmp_path, os.fsdecode(b"\xff"))
    (tmp_path / os.fsdecode(b"\xfefolder")).mkdir()
    storage = FolderStorage(tmp_path, "**", PAIR)
    assert ids(storage) == ["good"]
    first, second, third = storage.problems
    assert r"\udcff' is left out: it is no UTF-8; rename it" in first
    assert r"\udcfefolder' is left out: its name is no UTF-8; rename it" in second
    assert "/long' is left out: it has more than 255 characters" in third
    assert all(text.encode() for text in storage.problems)
    assert len(list(storage.arrived(()))) == 1
    assert len(storage.problems) == 3, "of the last walk only"


def test_many_problems_are_counted(tmp_path):
    deep = "/".join(["d" * 100] * 3)
    for number in range(9):
        pair(tmp_path, f"{deep}/{number}")
    storage = FolderStorage(tmp_path, "**", PAIR)
    assert ids(storage) == []
    assert len(storage.problems) == base.MOST_PROBLEMS + 1
    assert storage.problems[-1] == "4 more like these"


def test_a_folder_that_cannot_be_read_is_a_problem_and_no_end(tmp_path, monkeypatch):
    for id in ("a/x", "b/x", "c/x"):
        pair(tmp_path, id)
    real = os.scandir

    def scandir(path):
        if path.endswith("b/"):
            raise PermissionError(13, "Permission denied")
        if path.endswith("c/"):
            raise FileNotFoundError(2, "No such file or directory")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    storage = FolderStorage(tmp_path, "**", PAIR)
    assert ids(storage) == ["a/x"]
    assert storage.problems == [f"'{tmp_path}/b/' cannot be read (Permission denied); see to its rights"]


def test_a_root_that_is_gone(tmp_path):
    storage = FolderStorage(tmp_path / "none", "**", PAIR)
    with pytest.raises(FileNotFoundError):
        ids(storage)
    with pytest.raises(FileNotFoundError):
        storage.find("a")


ELSEWHERE = ["", "/etc/passwd", "..", "../x", "a/../b", "a/./b", "a//b", "a/", "/", "a\0b", ".a", "a/.b", "x" * 256]


@pytest.mark.parametrize("id", [*ELSEWHERE, "\ud800"])
def test_ids_of_strangers_that_lead_elsewhere(tmp_path, id):
    with pytest.raises(ValueError, match="can be no id here: it") as error:
        FolderStorage(tmp_path, "**", PAIR).paths(id)
    assert str(error.value).encode()


def test_an_id_that_the_pattern_leaves_out(tmp_path):
    with pytest.raises(ValueError, match=r'does not match the pattern "scan\*/\*"'):
        FolderStorage(tmp_path, "scan*/*", PAIR).paths("x")


def test_a_wrong_pattern(tmp_path):
    with pytest.raises(SettingError):
        FolderStorage(tmp_path, "/x", PAIR)


@given(st.text())
def test_no_id_leaves_the_root(id):
    try:
        paths = FolderStorage(Path("/a/b"), "**", PAIR).paths(id)
    except ValueError:
        return
    for path in paths:
        assert os.path.normpath(path) == str(path)
        assert str(path).startswith("/a/b/")


def test_find_needs_all_files(tmp_path):
    storage = FolderStorage(tmp_path, "**", PAIR)
    (tmp_path / "a.json").touch()
    assert storage.find("a") is None
    assert storage.find("a/b") is None
    (tmp_path / "a.cbf").mkdir()
    assert storage.find("a") is None
