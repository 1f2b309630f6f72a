"""The storages that the table names, and where the files of a job are."""

import pytest

from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.storage import make, moving
from WardenServer.plugins.common.jobs.storage.collecting import put
from WardenServer.plugins.common.jobs.storage.folder import FolderStorage
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage

RADIX = "0bba929f-8721-460c-dead-a43c22090324"


@pytest.fixture
def read(tmp_path):
    def read_table(**said):
        return configuration.read({"storage": tmp_path / "in", "folder": tmp_path / "state", **said})

    for name in ("in", "later"):
        (tmp_path / name).mkdir()
    return read_table


def arrive(root, id):
    for suffix in (".json", ".dump"):
        path = root / f"{id}{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(id)


def test_the_storages_of_a_folder(read, tmp_path):
    jobs = read(deferred=tmp_path / "later", pattern="scan*/*", failed="")
    standard, deferred, successful = make.standard(jobs), make.deferred(jobs), make.store(jobs, True)
    assert [type(each) for each in (standard, deferred, successful)] == [FolderStorage] * 3
    assert [each.root.name for each in (standard, deferred, successful)] == ["in", "later", "successful"]
    assert make.store(jobs, False) is None
    assert successful.paths("any/where/x")
    with pytest.raises(ValueError, match="does not match"):
        deferred.paths("any/where/x")
    assert make.deferred(read()) is None


def test_the_storages_of_socorro(read):
    jobs = read(layout="radix", minutes_per_slot=5)
    assert isinstance(make.standard(jobs), RadixStorage)
    assert make.standard(jobs).minutes_per_slot == 5
    assert isinstance(make.store(jobs, False), RadixStorage)


def test_folders_that_lie_in_each_other(tmp_path):
    jobs = configuration.read(
        {"storage": tmp_path, "folder": tmp_path / "state", "deferred": tmp_path / "later", "pattern": "**"}
    )
    for id in ("new", "later/x", "state/x", "sub/x"):
        arrive(tmp_path, id)
    arrive(tmp_path / "state", "successful/x")
    assert [found.id for found in make.standard(jobs).arrived(())] == ["new", "sub/x"]
    assert [found.id for found in make.deferred(jobs).arrived(())] == ["x"]
    assert [found.id for found in make.store(jobs, True).arrived(())] == ["x"]


def test_locate_by_the_path(read, tmp_path):
    jobs = read(deferred=tmp_path / "later", pattern="other*")
    for root in ("in", "later", "of_before"):
        arrive(tmp_path / root, "a")
        found = make.locate(jobs, "a", str(tmp_path / root / "a"))
        assert found.id == "a"
        assert found.paths == (tmp_path / root / "a.json", tmp_path / root / "a.dump")
        found.paths[1].unlink()
        assert make.locate(jobs, "a", str(tmp_path / root / "a")) is None


def test_a_storage_that_is_gone_says_nothing_of_its_files(read, tmp_path):
    (tmp_path / "in").rmdir()
    for layout, pathname in (("folder", str(tmp_path / "in" / "a")), ("radix", "")):
        with pytest.raises(FileNotFoundError):
            make.locate(read(layout=layout), RADIX, pathname)
    assert make.locate(read(), "a", "/nowhere/at/all/a") is None


def test_locate_by_the_id(read, tmp_path):
    jobs = read(layout="radix", deferred=tmp_path / "later")
    assert make.locate(jobs, RADIX, "") is None
    late = put(make.deferred(jobs), RADIX, [b"1", b"2"], 1e9)
    assert make.locate(jobs, RADIX, "") == late
    soon = put(make.standard(jobs), RADIX, [b"1", b"2"], 1e9)
    assert make.locate(jobs, RADIX, "") == soon
    assert make.locate(jobs, "scan/of/another/layout", "") is None


@pytest.mark.parametrize("stage", range(3))
def test_a_move_that_was_cut_short(read, tmp_path, stage):
    jobs = read(after="move")
    arrive(tmp_path / "in", "a")
    pathname = str(tmp_path / "in" / "a")
    found, to = make.locate(jobs, "a", pathname), make.store(jobs, True)
    moving.move(found, to, jobs)
    for source, target in list(zip(found.paths, to.paths("a"), strict=True))[stage:]:
        source.hardlink_to(target)
    assert (make.locate(jobs, "a", pathname) is None) == (stage > 0)
    left = make.cut_short(jobs, "a", pathname, True)
    assert left == found
    moving.move(left, to, jobs)
    assert sorted(path.name for path in to.root.iterdir()) == ["a.dump", "a.json"]
    assert list((tmp_path / "in").iterdir()) == []


def test_what_is_missing_and_nowhere_else_was_not_cut_short(read, tmp_path):
    jobs = read(after="move")
    arrive(tmp_path / "in", "a")
    (tmp_path / "in" / "a.dump").unlink()
    pathname = str(tmp_path / "in" / "a")
    assert make.cut_short(jobs, "a", pathname, True) is None
    (tmp_path / "state").mkdir()
    arrive(tmp_path / "state" / "failed", "a")
    assert make.cut_short(jobs, "a", pathname, True) is None, "that is another place"
    assert make.cut_short(jobs, "a", pathname, False).id == "a"
    assert make.cut_short(jobs, "b", str(tmp_path / "in" / "b"), False) is None


def test_a_deletion_that_was_cut_short(read, tmp_path):
    arrive(tmp_path / "in", "a")
    (tmp_path / "in" / "a.json").unlink()
    pathname = str(tmp_path / "in" / "a")
    for jobs, success in ((read(after="delete"), True), (read(after="move", failed=""), False)):
        assert make.cut_short(jobs, "a", pathname, success).id == "a"
        assert make.cut_short(jobs, "b", str(tmp_path / "in" / "b"), success) is None
