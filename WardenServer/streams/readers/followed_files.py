"""The files of lines that a reader follows: which are new, which have changed, and which are gone."""

import os
from collections.abc import Iterable
from typing import Any

from WardenServer.streams.readers.files import Files, problem
from WardenServer.streams.readers.followed_file import FollowedFile, Place

#: Seconds for which a file without a path is kept open, as long as no other with its path has content.
GONE = 10.0
#: Most files that are held open, and most places that are kept of files that are not there.
OPEN, REMEMBERED = 200, 20_000

Key = tuple[int, int]
Found = dict[Key, tuple[str, os.stat_result]]


class FollowedFiles:
    """Knows files by device and inode, so that a new name makes no new file.

    After a rotation by renaming, the new file comes behind the old one, which is let go of when the new one has
    content: the program that writes them is done with the old one then.
    """

    def __init__(self, largest: int, at_end: bool, places: Iterable[Place]) -> None:
        """Begin.

        Args:
            largest: most bytes of a line.
            at_end: files that are there at the first look are read from their end.
            places: how far files were read in an earlier life.
        """
        self._largest = largest
        #: Whether the first look is still to come, and is to pass over all that is there.
        self.at_end = at_end
        self._files: dict[Key, FollowedFile] = {}
        self._open: dict[FollowedFile, None] = {}  # in the order in which they were read
        self._remembered: dict[int, list[Place]] = {}
        #: The files that have more to be read, in order.
        self.round: dict[FollowedFile, None] = {}
        #: Sentences on what the last look has found.
        self.problems: list[str] = []
        for place in places:
            self._remember(place)

    def look(self, files: Files, now: float) -> bool:
        """See what is new, and put it behind what is still to be read; whether there was anything."""
        paths, is_listing = files.paths(now)
        if not is_listing:
            paths = sorted(files.named.union(file.path for file in self._open))
        statuses, self.problems = files.find(paths)
        found: Found = {}
        for path, status in statuses.items():
            found.setdefault((status.st_dev, status.st_ino), (path, status))
        changed = {file for key, (path, status) in found.items() if (file := self._at(key, path, status))}
        changed.update(file for file in self._nameless(found, is_listing) if self._leave(file, found, now))
        self.at_end = False
        if is_listing:
            files.took(now)
        self.round |= {file: None for file in self._files.values() if file in changed}
        return not all(file.has_failed for file in changed)

    def _at(self, key: Key, path: str, status: os.stat_result) -> FollowedFile | None:
        """The file that is found there, if it has changed."""
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = self._begin(path, status.st_ino)
        is_renamed = file.path != path
        file.path, file.gone_since = path, None
        if file in self.round and not is_renamed:  # its turn has an end: one that grows fast does not hold up others
            return None
        file.is_last = False
        return file if file.look(status) else None

    def _begin(self, path: str, inode: int) -> FollowedFile:
        place = self._recall(path, inode)
        file = FollowedFile(place or Place(path, inode), self._largest)
        file.is_at_end = self.at_end and place is None
        if len(self._open) < OPEN and file.hold():
            self._open[file] = None
        return file

    def _nameless(self, found: Found, is_listing: bool) -> list[FollowedFile]:
        """The files that are found nowhere; those that are not open are looked for only where patterns are."""
        gone = [(key, file) for key, file in self._files.items() if key not in found and (is_listing or file.is_open)]
        for key, file in gone:
            if not file.is_open and file not in self.round:
                del self._files[key]
                self._remember(file.place)
        return [file for _, file in gone if file.is_open]

    def _leave(self, file: FollowedFile, found: Found, now: float) -> bool:
        """Whether a file without a path has changed, or has had its time."""
        try:
            is_changed = file.look_at_nameless()
        except OSError as error:
            self.problems.append(problem(file.path, error))
            is_changed = False
        if is_changed or file.gone_since is None:
            file.gone_since = now
        has_heir = any(path == file.path and status.st_size for path, status in found.values())
        file.is_last = has_heir or now > file.gone_since + GONE
        return is_changed or file.is_last

    def next(self) -> FollowedFile | None:
        """The file that is to be read on."""
        return next(iter(self.round), None)

    def done(self, file: FollowedFile) -> None:
        """A file was read as far as it was seen."""
        del self.round[file]
        self._open.pop(file, None)
        if file.gone_since is not None and file.is_last:
            self._files = {key: each for key, each in self._files.items() if each is not file}
            if file.close():  # else it was removed
                self._remember(file.place)
            return
        self._open[file] = None
        if len(self._open) > OPEN:
            longest = next(iter(self._open))
            longest.close()
            del self._open[longest]

    def _remember(self, place: Place) -> None:
        if len(self._remembered) >= REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered.setdefault(place.inode, []).append(place)

    def _recall(self, path: str, inode: int) -> Place | None:
        """The place in a file of this inode that was followed before, rather under the same path; it is forgotten."""
        places = self._remembered.get(inode, [])
        if not places:
            return None
        place = min(places, key=lambda each: each.path != path)
        places.remove(place)
        if not places:
            del self._remembered[inode]
        return place

    def places(self) -> list[dict[str, Any]]:
        """How far each file was read, as JSON can hold it."""
        kept = [place for those in self._remembered.values() for place in those]
        return [place.plain() for place in (*kept, *(file.place for file in self._files.values()))]

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()
        self._open = {}
