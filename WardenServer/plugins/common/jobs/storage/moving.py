"""Files of ended jobs go to another storage, or are deleted.

First all files of a job are at their new place, then those at the old one are removed. Whatever ends that in between,
to do it again makes an end of it.
"""

import errno
import filecmp
import hashlib
import itertools
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.storage.base import Found, Storage, is_there

_CHUNK = 1 << 20


def move(found: Found, to: Storage, jobs: Jobs) -> None:
    """Move the files of a job, with the rights and group that the table says. A file that is at its new place only was
    moved already. Of a link the link is moved, not what it leads to.

    Raises:
        OSError: it cannot be done; the files stay where they were.
    """
    pairs = list(zip(found.paths, _targets(found, to), strict=True))
    made: list[Path] = []
    try:
        before = [_bring(source, target, jobs, made) for source, target in pairs]
        for (_, target), was in zip(pairs, before, strict=True):
            if was is not None and was.st_dev != target.parent.stat().st_dev:
                _sync(target.parent, to.root)
        for (source, _), was in zip(pairs, before, strict=True):
            _remove(source, was)
    except OSError:
        if all(os.path.lexists(source) for source, _ in pairs):
            for target in made:
                target.unlink(missing_ok=True)
        raise


def delete(found: Found) -> None:
    """Delete the files of a job, as far as they are there.

    Raises:
        OSError: one of them cannot be deleted.
    """
    for path in found.paths:
        path.unlink(missing_ok=True)


def _targets(found: Found, to: Storage) -> tuple[Path, ...]:
    try:
        return to.paths(found.id)
    except ValueError as error:  # of a job from before the layout was another
        raise OSError(errno.EINVAL, str(error), str(to.root)) from None


def _bring(source: Path, target: Path, jobs: Jobs, made: list[Path]) -> os.stat_result | None:
    """Have a file at its new place, too. How the old one was then; None where it is there no more."""
    try:
        was = source.lstat()
    except FileNotFoundError:
        if is_there(target):
            return None
        raise
    _make_folder(target.parent, jobs)
    if source.parent.samefile(target.parent):
        raise OSError(errno.EINVAL, "its new place is the old one; correct successful or failed in [jobs]", str(source))
    if os.path.lexists(target):
        if not filecmp.cmp(source, target, shallow=False):
            raise FileExistsError(errno.EEXIST, "another file is there; move it away", str(target))
        return was
    if stat.S_ISLNK(was.st_mode):
        target.symlink_to(source.parent / source.readlink())
    elif not _link(source, target, jobs):
        _copy(source, target, jobs)
    made.append(target)
    return was


def _link(source: Path, target: Path, jobs: Jobs) -> bool:
    """Give a file a second name, which costs nothing; False where that cannot be: on another file system, on one that
    has no such links, or because the file is somebody else's. Unlike a rename it cannot replace a file."""
    if source.stat().st_dev != target.parent.stat().st_dev:
        return False
    try:
        with open(source, "rb", opener=_no_link) as file:
            _set_rights(file.fileno(), jobs, jobs.file_mode)
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path, jobs: Jobs) -> None:
    """Copy a file so that the new one is there as a whole or not at all."""
    name = hashlib.blake2b(os.fsencode(target.name), digest_size=12).hexdigest()  # the name itself may be too long
    part = target.with_name(f".{name}.part")
    part.unlink(missing_ok=True)  # of one that was killed
    try:
        with open(source, "rb", opener=_no_link) as reading, open(part, "xb", opener=_for_me) as writing:
            shutil.copyfileobj(reading, writing, _CHUNK)
            writing.flush()
            _set_rights(writing.fileno(), jobs, jobs.file_mode)
            read = os.fstat(reading.fileno())
            os.utime(writing.fileno(), ns=(read.st_atime_ns, read.st_mtime_ns))
            os.fsync(writing.fileno())
            if not os.path.samestat(os.fstat(writing.fileno()), part.stat()):
                raise OSError(errno.EBUSY, "another monitor moves the same file", str(target))
            part.rename(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # half a file on a full disk only takes the room
        error.filename = error.filename or str(target)
        raise


def _remove(source: Path, was: os.stat_result | None) -> None:
    """Remove the old one, unless it is another by now."""
    with suppress(FileNotFoundError):  # a move that was cut short has done it, or another monitor
        now = source.lstat()
        if was is None or (now.st_ino, now.st_size, now.st_mtime_ns) != (was.st_ino, was.st_size, was.st_mtime_ns):
            raise OSError(errno.EBUSY, "the file was changed while it was moved", str(source))
        source.unlink()


def _make_folder(path: Path, jobs: Jobs) -> None:
    for missing in reversed(list(itertools.takewhile(lambda each: not each.exists(), (path, *path.parents)))):
        with suppress(FileExistsError):  # another monitor makes it
            missing.mkdir(jobs.folder_mode)
            handle = os.open(missing, os.O_RDONLY | os.O_DIRECTORY)
            try:
                _set_rights(handle, jobs, jobs.folder_mode)
            finally:
                os.close(handle)


def _set_rights(handle: int, jobs: Jobs, mode: int) -> None:
    if jobs.group is not None:
        os.fchown(handle, -1, jobs.group)
    os.fchmod(handle, mode)


def _sync(folder: Path, root: Path) -> None:
    """Have the disk know what is in a folder, and in those above it, which may be new. Only another file system needs
    that: one alone brings its own changes to the disk in their order."""
    for each in (folder, *folder.parents):
        handle = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if each == root.parent:
            return


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _for_me(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
