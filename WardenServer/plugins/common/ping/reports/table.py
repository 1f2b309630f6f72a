"""The text of a table: a header of the points, then a line for each pair, `src dst v0 v1 ... src dst`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """A table as it is in its file: values by pair in the order of `points`, None where there is none."""

    points: tuple[str, ...]
    rows: Mapping[tuple[str, str], Sequence[float | None]]


def read(path: Path) -> Table:
    """A table in a `.txt.gz`. Lines that mean nothing are left out.

    Raises:
        SettingError: there is no such file; the text says how it is made.
        Unreachable: it cannot be read, or is no table.
    """
    raise NotImplementedError


def write(path: Path, points: Sequence[str], text: bytes) -> None:
    """Pack the lines of a table behind its header: gzip of level 1 without time, so that the same values make the same
    bytes. The file is whole or as before."""
    raise NotImplementedError
