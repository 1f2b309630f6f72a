"""Any folder as a storage: the files of a job lie beside each other, and its id is their path without suffix."""

import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from WardenServer.plugins.common.jobs import tables
from WardenServer.plugins.common.jobs.storage.base import Found, Storage
from WardenServer.plugins.common.jobs.storage.pattern import Pattern, State

#: Most characters of a path that the jobs' table takes.
_LONGEST_PATH = 1024


class FolderStorage(Storage):
    """A tree of folders. The id of "ROOT/scan1/image7.json" is "scan1/image7".

    Hidden files and folders are left out, since writers have their unfinished files there. A link to a file counts as
    that file; links to folders are not followed, since they may lead in a circle. A file belongs to the longest suffix
    that it ends with. Folders stay, also when they are empty: they belong to those who write.
    """

    def __init__(self, root: Path, pattern: str, suffixes: Sequence[str], apart: Sequence[Path] = ()) -> None:
        """Look at nothing yet.

        Args:
            root: the folder.
            pattern: which ids are taken.
            suffixes: of the files of one job.
            apart: folders that are left out, should they be below: what was moved there is not new.

        Raises:
            SettingError: the pattern means nothing.
        """
        super().__init__(root)
        self._pattern, self._suffixes = Pattern(pattern), tuple(suffixes)
        self._apart = {str(path) for path in apart}
        self._stem = f"{str(root).rstrip('/')}/"
        self._longest = max(self._suffixes, key=len)  # by it files are found: no other suffix ends with it
        self._longer = [(each, longer) for each in self._suffixes if (longer := _longer(each, self._suffixes))]

    def arrived(self, known: Container[str]) -> Iterator[Found]:
        """Walk; by folder, and there by name."""
        self._forget_problems()
        left: list[tuple[str, State]] = [("", self._pattern.start)]
        while left:
            prefix, state = left.pop()
            folders, ids = self._look(prefix, state, known)
            yield from map(self._found, ids)
            for name in sorted(folders, reverse=True):
                below = self._pattern.enter(state, name)
                if below and self._enters(prefix + name):
                    left.append((f"{prefix}{name}/", below))

    def all(self, known: Container[str]) -> Iterator[Found]:
        """As `arrived`: here nothing is missed."""
        return self.arrived(known)

    def paths(self, id: str) -> tuple[Path, ...]:
        """Beside each other."""
        if wrong := self._wrong(id):
            raise ValueError(f"{id[:80]!r} can be no id here: {wrong}")
        if not self._pattern.takes(id):
            raise ValueError(f'{id[:80]!r} can be no id here: it does not match the pattern "{self._pattern.text}"')
        return self._found(id).paths

    def pathname(self, id: str) -> str:
        """The path without suffix."""
        return self._stem + id

    def _found(self, id: str) -> Found:
        stem = f"{self._stem}{id}"
        return Found(id, tuple([stem + suffix for suffix in self._suffixes]))

    def _look(self, prefix: str, state: State, known: Container[str]) -> tuple[list[str], list[str]]:
        """The folders below a folder that may be of use, and the ids in it that are complete and not known."""
        try:
            return self._list(prefix, state, known)
        except OSError as error:
            if not prefix:
                raise
            if not isinstance(error, FileNotFoundError):  # else it was removed meanwhile
                self._problem(self._stem + prefix, f"cannot be read ({error.strerror}); see to its rights")
            return [], []

    def _list(self, prefix: str, state: State, known: Container[str]) -> tuple[list[str], list[str]]:
        """As `_look`. Most entries are of files that are known: they must cost little, and are not looked at again."""
        folders, new, others, longest = [], [], [], self._longest
        cut, deeper = -len(longest), self._pattern.deepens(state)
        with os.scandir(self._stem + prefix) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(longest):
                    if prefix + name[:cut] not in known:
                        new.append(entry)
                elif deeper and entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                else:
                    others.append(entry)
        if new:
            folders += [entry.name for entry in new if deeper and entry.is_dir(follow_symlinks=False)]
            return folders, list(self._complete(prefix, state, new, others))
        return folders, []

    def _complete(
        self, prefix: str, state: State, new: list[os.DirEntry[str]], others: list[os.DirEntry[str]]
    ) -> Iterator[str]:
        """The ids in a folder, by name, that the pattern takes and of which all files are there."""
        taken, suffixes, cut = self._pattern.taking(state), self._suffixes, -len(self._longest)
        files = {entry.name for entry in (*new, *others) if entry.is_file()}
        for name in sorted(entry.name[:cut] for entry in new):
            if files.issuperset([name + suffix for suffix in suffixes]) and name[:1] not in ("", ".") and taken(name):
                if wrong := self._wrong(prefix + name):
                    self._problem(self._stem + prefix + name, f"is left out: {wrong}; rename it")
                else:
                    yield prefix + name

    def _enters(self, path: str) -> bool:
        """Whether a folder is walked into."""
        if path.rpartition("/")[2].startswith(".") or self._stem + path in self._apart:
            return False
        if not _is_text(path):
            self._problem(self._stem + path, "is left out: its name is no UTF-8; rename it")
            return False
        return True

    def _wrong(self, id: str) -> str:
        """Why an id can be none; "" where it can. Ids come from strangers, too."""
        if not _is_text(id):
            return "it is no UTF-8"
        if len(id) > tables.LONGEST or len(self.pathname(id)) > _LONGEST_PATH:
            return f"it has more than {tables.LONGEST} characters, or its path more than {_LONGEST_PATH}"
        if "\0" in id or "//" in f"/{id}/" or "/." in f"/{id}":
            return "it is empty, hidden, or leads elsewhere"
        if any((id + suffix).endswith(longer) for suffix, longer in self._longer):
            return "its files belong to an id with a longer suffix"
        return ""


def _longer(suffix: str, suffixes: Sequence[str]) -> tuple[str, ...]:
    """The suffixes that end with another."""
    return tuple(each for each in suffixes if each != suffix and each.endswith(suffix))


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in name)
