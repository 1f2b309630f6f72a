"""Files that are there already become jobs: `warden jobs import`."""

import filecmp
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.plugins.common.jobs import looking
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import loads
from WardenServer.plugins.common.jobs.queueing import Pair, ProcessorGone, balanced, queue
from WardenServer.plugins.common.jobs.storage import collecting, make, radix_ids
from WardenServer.plugins.common.jobs.storage.base import Found, Storage
from WardenServer.plugins.common.jobs.storage.folder import FolderStorage
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.plugins.common.jobs.storage.steady import signature

#: How often processors are chosen anew that go meanwhile.
_TRIES = 5
_REASON = "somebody has imported it: warden jobs import"


@dataclass
class Imported:
    """What came of it. `queued` jobs are new (or would be), `copied` of them were copied into the storage, `known` ones
    were in the queue already; `skipped` says by path, without suffix, why others were left out."""

    queued: int = 0
    copied: int = 0
    known: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _One:
    """Files that may become a job: their path without suffix, the job's id, and where they are looked for by `name`."""

    path: str
    id: str
    source: Storage
    name: str


class Importer:
    """Imports folders, one after the other. What was queued before an interruption is known at the next time."""

    def __init__(self, database: Database, jobs: Jobs, dry_run: bool, tell: Callable[[int, int], None]) -> None:
        """Do nothing yet. `tell` is told how many files were looked at, of how many; with `dry_run` nothing is
        changed."""
        self._database, self._jobs, self._dry_run, self._tell = database, replace(jobs, pattern="**"), dry_run, tell
        self._storages = [each for each in (make.standard(self._jobs), make.deferred(self._jobs)) if each is not None]
        self._owners: Iterator[int] | None = None
        self.done = Imported()

    def add(self, folders: Sequence[Path]) -> Imported:
        """Make jobs of all pairs below these folders, also of those that the pattern leaves out.

        Raises:
            WardenError: a folder cannot be imported, or no processor is alive.
            Unreachable: the database cannot be used.
        """
        found = [one for folder in folders for one in self._ones(folder.absolute())]
        for place in range(0, len(found), looking.PORTION):
            self._tell(place, len(found))
            self._portion(found[place : place + looking.PORTION])
        self._tell(len(found), len(found))
        return self.done

    def _ones(self, folder: Path) -> Iterator[_One]:
        """What may become a job, by path. With Socorro's layout, files from elsewhere are copied."""
        if not folder.is_dir():
            raise WardenError(f"{folder} is no folder; correct it")
        storage = next((each for each in self._storages if folder.is_relative_to(each.root)), None)
        if storage is None and self._jobs.layout == "folder":
            cure = "move it there, or correct storage in [jobs]"
            raise WardenError(f"{folder} is not below {self._jobs.storage}; {cure}")
        source = storage if storage is not None else FolderStorage(folder, "**", self._jobs.suffixes)
        for path in _stems(folder, self._jobs, self._unreadable):
            name = path.name if isinstance(source, RadixStorage) else str(path.relative_to(source.root))
            yield _One(str(path), name if storage is not None else path.name, source, name)

    def _unreadable(self, error: OSError) -> None:
        self.done.skipped[str(error.filename)] = f"the folder cannot be read ({error.strerror})"

    def _portion(self, some: list[_One]) -> None:
        known = looking.states(self._database, (one.id for one in some))
        new: dict[str, _One] = {}
        for one in some:
            if one.id not in known and new.setdefault(one.id, one) is not one:
                self.done.skipped[one.path] = "another folder has files of the same id"
        self.done.known += sum(one.id in known for one in some)
        pairs = [pair for one in new.values() if (pair := self._pair(one)) is not None]
        queued = [pair.id for pair in pairs] if self._dry_run else self._queue(pairs)
        self.done.queued += len(queued)
        self.done.known += len(pairs) - len(queued)

    def _pair(self, one: _One) -> Pair | None:
        """What is to be queued; None where it cannot be, and why is kept."""
        try:
            found = one.source.find(one.name)
            if found is None:
                self.done.skipped[one.path] = _missing(one.path, self._jobs.suffixes)
                return None
            if isinstance(one.source, FolderStorage) and self._jobs.layout == "radix":
                found = self._copy(one, found)
                return Pair(one.id, "", signature(found.paths))
            return Pair(one.id, one.source.pathname(one.name), signature(found.paths))
        except ValueError as error:
            self.done.skipped[one.path] = str(error)
        except OSError as error:
            self.done.skipped[one.path] = f"its files cannot be used ({error.strerror})"
        return None

    def _copy(self, one: _One, found: Found) -> Found:
        """The files in Socorro's storage. Those that an interrupted import has put are put again."""
        storage = self._storages[0]
        assert isinstance(storage, RadixStorage)
        targets = storage.paths(one.id)
        if self._dry_run or (there := storage.find(one.id)) is not None:
            return found if self._dry_run else there or found
        for target, source in zip(targets, found.paths, strict=True):
            if target.is_file() and filecmp.cmp(source, target, shallow=False):
                target.unlink()
        day = radix_ids.day(one.id)
        at = datetime.strptime(day, "%Y%m%d").timestamp() if day is not None else None
        put = collecting.put(storage, one.id, found.paths, at)
        self.done.copied += 1
        return put

    def _queue(self, pairs: list[Pair]) -> list[str]:
        for left in reversed(range(_TRIES)):
            try:
                queued = queue(self._database, pairs, self._choose(), reason=_REASON)
                break
            except ProcessorGone:
                self._owners = None
                if not left:
                    raise
        for pair in pairs:
            for storage in self._storages:
                with suppress(OSError):  # it stays new there; the monitor knows the id
                    storage.taken(pair.id)
        return queued

    def _choose(self) -> Iterator[int]:
        """Who gets the next jobs. Counting what each has takes the longer the more there is: it is done once."""
        if self._owners is None:
            with self._database.reading() as connection:
                live = loads(connection, self._jobs.check_in)
            if not live:
                raise WardenError("no processor is alive, so nobody can get the jobs; start one with: warden jobs work")
            self._owners = balanced(live)
        return self._owners


def _stems(folder: Path, jobs: Jobs, unreadable: Callable[[OSError], None]) -> list[Path]:
    """The paths without suffix of all files below a folder that have one of the suffixes, but for hidden ones, and for
    what lies in other folders of [jobs]."""
    apart = {jobs.deferred, jobs.successful, jobs.failed, jobs.folder} - {folder}
    longest = sorted(jobs.suffixes, key=len, reverse=True)
    found = set()
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [each for each in folders if each[0] != "." and Path(place, each) not in apart]
        for name in names:
            suffix = next((each for each in longest if name.endswith(each)), None)
            if suffix is not None and name[0] != ".":
                found.add(Path(place, name.removesuffix(suffix)))
    return sorted(found)


def _missing(path: str, suffixes: Sequence[str]) -> str:
    lacking = next((each for each in suffixes if not Path(path + each).is_file()), suffixes[0])
    return f"it has no file {lacking}"
