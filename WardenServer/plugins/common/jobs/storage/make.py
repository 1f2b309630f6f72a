"""The storages that the table [jobs] names, and where the files of a job are."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.storage.base import Found, Storage, all_there, found_at, is_there
from WardenServer.plugins.common.jobs.storage.folder import FolderStorage
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage


def standard(jobs: Jobs) -> Storage:
    """Where files arrive."""
    return _storage(jobs, jobs.storage, jobs.pattern)


def deferred(jobs: Jobs) -> Storage | None:
    """Where files are that are taken on request only."""
    return None if jobs.deferred is None else _storage(jobs, jobs.deferred, jobs.pattern)


def store(jobs: Jobs, success: bool) -> Storage | None:
    """Where files go whose job has ended, with after = "move"; None: they are deleted."""
    root = jobs.successful if success else jobs.failed
    return None if root is None else _storage(jobs, root, "**")


def locate(jobs: Jobs, id: str, pathname: str) -> Found | None:
    """The files of a job that is in the database; None where one of them is missing.

    Args:
        jobs: the table.
        id: of the job.
        pathname: what its row says of the place.

    Raises:
        OSError: it cannot be looked, or the whole storage is gone.
    """
    for root, paths in _places(jobs, id, pathname):
        if all_there(paths):
            return found_at(id, paths)
        root.stat()  # a root that is gone says nothing about its files
    return None


def cut_short(jobs: Jobs, id: str, pathname: str, success: bool) -> Found | None:
    """The files of an ended job that were being moved or deleted when the monitor was killed: `move` and `delete` make
    an end of it, though not all of the paths are there. None where that is not what happened. As `locate` else."""
    to = store(jobs, success) if jobs.after == "move" else None
    for _, paths in _places(jobs, id, pathname):
        there = [is_there(path) for path in paths]
        if any(there) if to is None else all_there(_missing(to.paths(id), there)):
            return found_at(id, paths)
    return None


def _missing(paths: Sequence[Path], there: Sequence[bool]) -> Iterator[Path]:
    return (path for path, found in zip(paths, there, strict=True) if not found)


def _places(jobs: Jobs, id: str, pathname: str) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Where the files of a job may be, each with the root of that storage."""
    storages = [each for each in (standard(jobs), deferred(jobs)) if each is not None]
    if pathname:
        roots = [each.root for each in storages if Path(pathname).is_relative_to(each.root)]
        root = roots[0] if roots else Path("/")  # a storage of before is gone for good
        yield root, tuple(Path(pathname + suffix) for suffix in jobs.suffixes)
        return
    for storage in storages:
        with suppress(ValueError):  # it was queued with another layout: it cannot be here
            yield storage.root, storage.paths(id)


def _storage(jobs: Jobs, root: Path, pattern: str) -> Storage:
    if jobs.layout == "radix":
        return RadixStorage(root, jobs.suffixes, jobs.minutes_per_slot)
    others = [jobs.storage, jobs.deferred, jobs.successful, jobs.failed, jobs.folder]
    apart = [each for each in others if each is not None and each != root]
    return FolderStorage(root, pattern, jobs.suffixes, apart)
