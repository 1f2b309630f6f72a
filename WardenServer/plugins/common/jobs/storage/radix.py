"""The storage of Socorro (Mozilla, 2009): files by day and name, with links by day and time for those that are new.

    ROOT/YYYYMMDD/name/ab/cd/ID.json, ID.dump      the first characters of the id, in pairs
    ROOT/YYYYMMDD/name/ab/cd/ID                    a link to the folder of the other link
    ROOT/YYYYMMDD/date/HH/MM_0/ID                  a link to the folder of the files
    ROOT/YYYYMMDD/date/HH/MM/WEBHEAD_0/ID          as well

Files are new as long as there are both links. Times are local, as the collectors of Socorro write them. How ids are
made, and how files are put, is in `radix_ids` and `collecting`.
"""

import os
import re
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from WardenServer.plugins.common.jobs.storage import radix_ids
from WardenServer.plugins.common.jobs.storage.base import Found, Storage, found_at
from WardenServer.plugins.common.jobs.storage.listing import Names, names_in

_DAY = re.compile(r"[0-9]{8}")
_TWO = re.compile(r"[0-9]{2}")
_MINUTE = re.compile(r"([0-9]{2})(_[0-9]+)?")


class RadixStorage(Storage):
    """One root of Socorro's storage."""

    def __init__(
        self, root: Path, suffixes: Sequence[str], minutes_per_slot: int = 1, clock: Callable[[], float] = time.time
    ) -> None:
        """Look at nothing yet.

        Args:
            root: the folder.
            suffixes: of the files of one job.
            minutes_per_slot: how many minutes share a folder in the date branch.
            clock: gives the time in Unix seconds.
        """
        super().__init__(root)
        self.suffixes, self.minutes_per_slot, self.clock = tuple(suffixes), minutes_per_slot, clock

    def arrived(self, known: Container[str]) -> Iterator[Found]:
        """Walk the date branches, the oldest first, up to the slot of now: a collector may still write there. Links
        of pairs that are not complete stay."""
        self._forget_problems()
        now = self.slot(self.clock())
        for day in self._days():
            for hour in self._folders(day / "date", _TWO):
                for minute in self._folders(hour, _MINUTE):
                    if (day.name, hour.name, minute.name[:2]) < now:
                        for id in self._links(minute):
                            yield from self._new(day, id, known)

    def all(self, known: Container[str]) -> Iterator[Found]:
        """Walk the name branches: also files without links, and those of this minute."""
        self._forget_problems()
        for day in self._days():
            left = [day / "name"]
            while left:
                folder = left.pop()
                here = self._list(folder)
                left += [folder / name for name in sorted(here.folders, reverse=True)]
                for id in self._ids(set(here.files)):
                    if id not in known and radix_ids.is_one(id) and self._name_folder(day, id) == folder:
                        yield found_at(id, self._paths(folder, id))

    def paths(self, id: str) -> tuple[Path, ...]:
        """In the name branch: of the day of the id, or of any day where some of it is, or else of its day or today."""
        return self._paths(self.folder(id), id)

    def pathname(self, id: str) -> str:
        """Nothing: the id says it."""
        return ""

    def taken(self, id: str) -> None:
        """Remove both links, and the folders of the date branch that are empty then."""
        if radix_ids.is_one(id):
            self._unlink(self.folder(id), id)

    def gone(self, id: str) -> None:
        """Remove both links, and all folders that are empty then."""
        if radix_ids.is_one(id):
            folder = self.folder(id)
            self._unlink(folder, id)
            self.tidy(folder)

    def folder(self, id: str) -> Path:
        """The folder in the name branch where files of an id are, or would be put.

        Raises:
            ValueError: it can be no id of this storage; the text says why.
            OSError: the root cannot be read.
        """
        if not radix_ids.is_one(id):
            raise ValueError(f"{id[:80]!r} can be no id here: it needs 8 to 200 letters, digits, - and _")
        encoded = radix_ids.day(id)
        likely = self.root / (encoded or datetime.fromtimestamp(self.clock()).strftime("%Y%m%d"))
        if self._has(likely, id):
            return self._name_folder(likely, id)
        with suppress(FileNotFoundError):  # nothing was put there yet
            likely = next((day for day in reversed(self._days()) if self._has(day, id)), likely)
        return self._name_folder(likely, id)

    def slot(self, at: float) -> tuple[str, str, str]:
        """Day, hour and minute of the folder for links of a time in Unix seconds."""
        moment = datetime.fromtimestamp(at)
        minute = moment.minute - moment.minute % self.minutes_per_slot
        return moment.strftime("%Y%m%d"), moment.strftime("%H"), f"{minute:02}"

    def tidy(self, folder: Path) -> None:
        """Remove a folder, and those above it, as far as they are empty; never the root. Others may do the same."""
        while folder != self.root and folder.is_relative_to(self.root):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # it is not empty, or not ours
                return
            folder = folder.parent

    def _new(self, day: Path, id: str, known: Container[str]) -> Iterator[Found]:
        if id in known or not radix_ids.is_one(id):
            return
        folder = self._name_folder(day, id)
        paths = self._paths(folder, id)
        if (folder / id).is_symlink() and all(path.is_file() for path in paths):
            yield found_at(id, paths)

    def _unlink(self, folder: Path, id: str) -> None:
        """The link in the date branch goes first: without the other one nobody would find it any more."""
        link = folder / id
        if not link.is_symlink():
            return
        with suppress(FileNotFoundError):  # another does the same
            target = Path(os.path.normpath(folder / link.readlink()))
            if target.is_relative_to(self._day(folder) / "date"):  # else somebody has made a link of his own
                if (target / id).is_symlink():
                    (target / id).unlink(missing_ok=True)
                self.tidy(target)
            link.unlink(missing_ok=True)

    def _day(self, folder: Path) -> Path:
        return self.root / folder.relative_to(self.root).parts[0]

    def _ids(self, files: set[str]) -> list[str]:
        """The ids of which a folder has all files."""
        first = self.suffixes[0]
        ids = (name.removesuffix(first) for name in files if name.endswith(first))
        return sorted(id for id in ids if all(id + suffix in files for suffix in self.suffixes))

    def _has(self, day: Path, id: str) -> bool:
        """Whether a day has some of an id."""
        folder = self._name_folder(day, id)
        return any(os.path.lexists(folder / f"{id}{suffix}") for suffix in (*self.suffixes, ""))

    def _name_folder(self, day: Path, id: str) -> Path:
        return day.joinpath("name", *radix_ids.parts(id))

    def _paths(self, folder: Path, id: str) -> tuple[Path, ...]:
        return tuple(folder / f"{id}{suffix}" for suffix in self.suffixes)

    def _days(self) -> list[Path]:
        return [self.root / name for name in sorted(names_in(self.root).folders) if _DAY.fullmatch(name)]

    def _folders(self, folder: Path, form: re.Pattern[str]) -> list[Path]:
        return [folder / name for name in sorted(self._list(folder).folders) if form.fullmatch(name)]

    def _links(self, minute: Path) -> list[str]:
        """The ids that are linked in a folder of the date branch, or in those of its web heads."""
        here = self._list(minute)
        return sorted(here.links) + [
            id for name in sorted(here.folders) for id in sorted(self._list(minute / name).links)
        ]

    def _list(self, folder: Path) -> Names:
        """What is in a folder; nothing where it cannot be read."""
        try:
            return names_in(folder)
        except FileNotFoundError:  # there is none, or it was removed meanwhile
            return Names()
        except OSError as error:
            self._problem(folder, f"cannot be read ({error.strerror}); see to its rights")
            return Names()
