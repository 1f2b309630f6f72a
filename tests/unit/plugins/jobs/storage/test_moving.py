"""Files go to another storage: none is lost, whatever ends it."""

import errno
import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.storage import moving
from WardenServer.plugins.common.jobs.storage.base import found_at
from WardenServer.plugins.common.jobs.storage.folder import FolderStorage
from WardenServer.plugins.common.jobs.storage.moving import delete, move
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage

PAIR = (".json", ".dump")
CONTENTS = (b'{"a": 1}', bytes(range(256)) * 100)


@pytest.fixture
def jobs(tmp_path):
    return configuration.read({"storage": tmp_path / "in", "folder": tmp_path / "state", "file_mode": 0o640})


@pytest.fixture(params=["same", "other"])
def target(request, tmp_path):
    """A folder on the same file system, and one on another."""
    if request.param == "same":
        yield tmp_path / "target"
        return
    if not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no other file system")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder) / "target"


def arrive(tmp_path, id="scan1/a", contents=CONTENTS):
    paths = [tmp_path / "in" / f"{id}{suffix}" for suffix in PAIR]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return found_at(id, paths)


def storage(target):
    return FolderStorage(target, "**", PAIR)


def files_in(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()) if root.exists() else []


def assert_moved(found, target, id="scan1/a"):
    assert not any(os.path.lexists(path) for path in found.paths)
    assert files_in(target) == sorted(f"{id}{suffix}" for suffix in PAIR)
    assert tuple(path.read_bytes() for path in storage(target).paths(id)) == CONTENTS


def assert_untouched(found, target, left=()):
    assert tuple(path.read_bytes() for path in found.paths) == CONTENTS
    assert files_in(target) == list(left)


def test_moved_with_rights_and_times(tmp_path, jobs, target):
    found = arrive(tmp_path)
    os.utime(found.paths[0], ns=(10**18, 10**18 + 1))
    move(found, storage(target), jobs)
    assert_moved(found, target)
    there = target / "scan1" / "a.json"
    assert stat.S_IMODE(there.stat().st_mode) == 0o640
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(there.parent.stat().st_mode) == 0o770
    assert there.stat().st_mtime_ns == 10**18 + 1
    move(found, storage(target), jobs)
    assert_moved(found, target)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files to any group")
def test_the_group(tmp_path, jobs, target):
    found = arrive(tmp_path)
    move(found, storage(target), configuration.read({"storage": "/x", "folder": "/y", "group": 4242}))
    assert {path.stat().st_gid for path in target.rglob("*")} == {4242}


@pytest.mark.parametrize("id", ["it's", "a\nb", "ä", "x" * 250])
def test_odd_ids(tmp_path, jobs, target, id):
    found = arrive(tmp_path, id)
    move(found, storage(target), jobs)
    assert_moved(found, target, id)


def test_into_the_day_of_the_id(tmp_path, jobs):
    id = "0bba929f-8721-460c-dead-a43c22090324"
    found, to = arrive(tmp_path, id), RadixStorage(tmp_path / "target", PAIR)
    move(found, to, jobs)
    assert files_in(to.root) == [f"20090324/name/0b/ba/{id}{suffix}" for suffix in sorted(PAIR)]


class Killed(BaseException):
    """As a kill -9: nothing is tidied up."""


SYSTEM = ("open", "mkdir", "link", "symlink", "rename", "unlink", "fsync", "fchmod", "utime", "fstat")


@contextmanager
def killed_at(monkeypatch, number, after):
    """Raise at, or right after, a call of the system, counted from 0."""
    left = [number]

    def counted(real):
        def call(*args, **kwargs):
            left[0] -= 1
            if left[0] == -1 and not after:
                raise Killed
            try:
                return real(*args, **kwargs)
            finally:
                if left[0] == -1:
                    left[0] -= 1
                    raise Killed

        return call

    with monkeypatch.context() as patch:
        for name in SYSTEM:
            patch.setattr(os, name, counted(getattr(os, name)))
        yield


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_moment_and_repeated(tmp_path, jobs, target, after, monkeypatch):
    for number in range(100):
        shutil.rmtree(target, ignore_errors=True)
        found = arrive(tmp_path)
        try:
            with killed_at(monkeypatch, number, after):
                move(found, storage(target), jobs)
            break
        except Killed:
            pass
        places = zip(found.paths, storage(target).paths(found.id), CONTENTS, strict=True)
        for source, there, content in places:
            whole = [path.read_bytes() == content for path in (source, there) if path.exists()]
            assert whole and all(whole), f"killed at call {number}"
        move(found, storage(target), jobs)
        assert_moved(found, target)
    assert 10 < number < 99, "it was killed often, and in the end was not"


@pytest.mark.parametrize("call", SYSTEM)
def test_an_error_of_any_call_leaves_the_files_where_they_were(tmp_path, jobs, target, call, monkeypatch):
    """Or has all of them at the new place, where another way was found."""
    found, real, calls = arrive(tmp_path), getattr(os, call), []

    def fail(path, *args, **kwargs):
        calls.append(path)
        if len(calls) in (2, 3):
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *args, **kwargs)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            move(found, storage(target), jobs)
    except OSError as error:
        assert error.errno == errno.EIO
    if not any(path.exists() for path in found.paths):
        assert_moved(found, target)
    else:
        assert [path.read_bytes() for path in found.paths if path.exists()]
    move(found, storage(target), jobs)
    assert_moved(found, target)


def test_a_full_target(tmp_path, jobs, target, monkeypatch):
    found = arrive(tmp_path)
    monkeypatch.setattr(moving, "_link", lambda *args: False)
    real = shutil.copyfileobj

    def copy(reading, writing, size):
        if reading.name.endswith(".dump"):
            writing.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        real(reading, writing, size)

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    with pytest.raises(OSError, match="No space left on device") as error:
        move(found, storage(target), jobs)
    assert error.value.filename == str(target / "scan1/a.dump")
    assert_untouched(found, target)


def test_a_disk_that_is_really_full(tmp_path, jobs):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        contents = (b"{}", bytes(200_000))
        found = arrive(tmp_path, contents=contents)
        with pytest.raises(OSError, match="No space left on device"):
            move(found, storage(disk), jobs)
        assert tuple(path.read_bytes() for path in found.paths) == contents
        assert files_in(disk) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_read_only_disk(tmp_path, jobs):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a disk")
    try:
        found = arrive(tmp_path)
        with pytest.raises(OSError, match="Read-only file system"):
            move(found, storage(disk), jobs)
        assert_untouched(found, disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_target_that_vanishes_and_one_that_is_a_file(tmp_path, jobs, target, monkeypatch):
    found = arrive(tmp_path)
    monkeypatch.setattr(moving, "_make_folder", lambda path, jobs: None)
    with pytest.raises(FileNotFoundError):
        move(found, storage(target), jobs)
    assert_untouched(found, target)
    monkeypatch.undo()
    target.write_bytes(b"")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        move(found, storage(target), jobs)
    assert tuple(path.read_bytes() for path in found.paths) == CONTENTS


def test_another_file_of_the_same_name(tmp_path, jobs, target):
    found = arrive(tmp_path)
    (target / "scan1").mkdir(parents=True)
    (target / "scan1/a.dump").write_bytes(b"of somebody else")
    with pytest.raises(FileExistsError, match="another file is there; move it away"):
        move(found, storage(target), jobs)
    assert_untouched(found, target, ["scan1/a.dump"])
    assert (target / "scan1/a.dump").read_bytes() == b"of somebody else"
    (target / "scan1/a.dump").unlink()
    (target / "scan1/a.dump").symlink_to("nowhere")
    with pytest.raises(OSError, match="No such file"):
        move(found, storage(target), jobs)
    assert_untouched(found, target, ["scan1/a.dump"])


def test_a_missing_file(tmp_path, jobs, target):
    found = arrive(tmp_path)
    found.paths[1].unlink()
    with pytest.raises(FileNotFoundError):
        move(found, storage(target), jobs)
    assert found.paths[0].exists()


def test_onto_itself(tmp_path, jobs):
    found = arrive(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "in")
    for root in (tmp_path / "in", tmp_path / "again"):
        with pytest.raises(OSError, match="its new place is the old one; correct successful or failed"):
            move(found, storage(root), jobs)
        assert tuple(path.read_bytes() for path in found.paths) == CONTENTS


def test_of_a_link_the_link_is_moved(tmp_path, jobs, target):
    found = arrive(tmp_path)
    real = tmp_path / "real"
    found.paths[0].rename(real)
    found.paths[0].symlink_to("../../real")
    move(found, storage(target), jobs)
    assert_moved(found, target)
    assert (target / "scan1/a.json").is_symlink()
    assert real.read_bytes() == CONTENTS[0]
    delete(found_at("scan1/a", storage(target).paths("scan1/a")))
    assert real.read_bytes() == CONTENTS[0]


def test_somebody_elses_file_that_may_have_no_second_name_is_copied(tmp_path, jobs, monkeypatch):
    found, target = arrive(tmp_path), tmp_path / "target"

    def link(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    before = found.paths[0].stat().st_ino
    move(found, storage(target), jobs)
    assert_moved(found, target)
    assert (target / "scan1/a.json").stat().st_ino != before


def test_a_file_that_changes_while_it_is_moved(tmp_path, jobs, target, monkeypatch):
    found, real = arrive(tmp_path), moving._bring

    def bring(source, *args):
        was = real(source, *args)
        if source.suffix == ".dump":
            new = found.paths[0].with_name("new")
            new.write_bytes(b"new content")
            new.replace(found.paths[0])
        return was

    monkeypatch.setattr(moving, "_bring", bring)
    with pytest.raises(OSError, match="changed while it was moved"):
        move(found, storage(target), jobs)
    assert found.paths[0].read_bytes() == b"new content"
    assert found.paths[1].read_bytes() == CONTENTS[1]
    assert files_in(target) == []


def test_half_a_file_of_one_that_was_killed_is_replaced(tmp_path, jobs, monkeypatch):
    found, target = arrive(tmp_path), tmp_path / "target"
    monkeypatch.setattr(moving, "_link", lambda *args: False)
    real = shutil.copyfileobj

    def copy(reading, writing, size):
        writing.write(b"half of it")
        writing.flush()
        raise Killed

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    with pytest.raises(Killed):
        move(found, storage(target), jobs)
    assert len(files_in(target)) == 1
    monkeypatch.setattr(shutil, "copyfileobj", real)
    move(found, storage(target), jobs)
    assert_moved(found, target)


def test_an_id_that_the_target_cannot_have(tmp_path, jobs):
    with pytest.raises(OSError, match="can be no id here"):
        move(arrive(tmp_path), RadixStorage(tmp_path / "target", PAIR), jobs)


def test_delete(tmp_path):
    found = arrive(tmp_path)
    found.paths[0].unlink()
    delete(found)
    assert files_in(tmp_path / "in") == []
    delete(found)
    found.paths[1].mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        delete(found)
