"""What all storages can do: one root folder in which files of jobs are found by id, or put."""

import stat
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Most problems of a walk that are told one by one; others are counted.
MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """The files of one job, all there, in the order of the suffixes: their paths, as texts since there may be 100,000
    in a walk, and objects would take longer than a look at the files."""

    id: str
    files: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """As objects."""
        return tuple(map(Path, self.files))


class Storage:
    """One root. For one thread at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._problems: list[str] = []
        self._more = 0

    @property
    def problems(self) -> list[str]:
        """Sentences on what the last walk could not use."""
        return [*self._problems, f"{self._more} more like these"] if self._more else list(self._problems)

    def arrived(self, known: Container[str]) -> Iterator[Found]:
        """The new ones that are complete, but for those that are known; nothing is changed.

        Raises:
            OSError: the root cannot be read.
        """
        raise NotImplementedError

    def all(self, known: Container[str]) -> Iterator[Found]:
        """As `arrived`, with those whose arrival was missed."""
        raise NotImplementedError

    def paths(self, id: str) -> tuple[Path, ...]:
        """Where the files of an id are, or would be put, in the order of the suffixes.

        Raises:
            ValueError: it can be no id of this storage; the text says why.
            OSError: it cannot be looked.
        """
        raise NotImplementedError

    def pathname(self, id: str) -> str:
        """What a job's row says of the place: the path without suffix, or "" where the id says it."""
        raise NotImplementedError

    def taken(self, id: str) -> None:
        """The job is in the database: it is not to be found as new any more."""

    def gone(self, id: str) -> None:
        """The files have been moved away, or deleted: tidy up what is left of the id."""

    def find(self, id: str) -> Found | None:
        """The files of an id; None where one of them is missing.

        Raises:
            ValueError: it can be no id of this storage; the text says why.
            OSError: it cannot be looked.
        """
        paths = self.paths(id)
        if all_there(paths):
            return found_at(id, paths)
        self.root.stat()  # a root that is gone says nothing about its files
        return None

    def _forget_problems(self) -> None:
        self._problems, self._more = [], 0

    def _problem(self, path: Path | str, said: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(f"{repr(str(path))[-200:]} {said}")  # so that logs can hold any name
        else:
            self._more += 1


def found_at(id: str, paths: Iterable[Path]) -> Found:
    """The files of one job at these paths."""
    return Found(id, tuple(map(str, paths)))


def is_there(path: Path) -> bool:
    """Whether a path is a regular file, or a link to one.

    Raises:
        OSError: it cannot be looked.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def all_there(paths: Iterable[Path]) -> bool:
    """Whether all paths are regular files; raises OSError where it cannot be looked."""
    return all(map(is_there, paths))
