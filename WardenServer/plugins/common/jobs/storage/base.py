"""What all storages can do: one root folder in which files of jobs are found by id, or put."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Found:
    """The files of one job, all there, in the order of the suffixes."""

    id: str
    paths: tuple[Path, ...]


class Storage:
    """One root. For one thread at a time. `problems` are sentences on what the last walk could not use."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []

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
        """
        raise NotImplementedError

    def pathname(self, id: str) -> str:
        """What a job's row says of the place: the path without suffix, or "" where the id says it."""
        raise NotImplementedError

    def taken(self, id: str) -> None:
        """The job is in the database: it is not to be found as new any more."""

    def gone(self, id: str) -> None:
        """The files have been moved away, or deleted: tidy up what is left of the id."""
