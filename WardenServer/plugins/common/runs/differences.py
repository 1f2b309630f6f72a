"""Differences that were found between two runs, and which of them people were told."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from WardenServer.plugins.common.runs.store import Store


@dataclass(frozen=True)
class Difference:
    """What changed in these partitions between two runs. `text` is the short form, `at` in Unix seconds; `number` is
    the store's own, 0 before it has one."""

    partitions: tuple[str, ...]
    old: int
    new: int
    at: float
    changes: int
    text: str
    number: int = 0


def record(connection: Connection, source: str, difference: Difference) -> None:
    """Keep a difference that is to be told. One of the same partitions and runs that is there already stays."""
    raise NotImplementedError


def untold(store: Store, source: str) -> list[Difference]:
    """Those that nobody was told yet, the oldest first."""
    raise NotImplementedError


def mark_told(store: Store, source: str, numbers: Iterable[int]) -> None:
    """They were told."""
    raise NotImplementedError


def newest(store: Store, source: str, most: int, before: int | None = None) -> list[Difference]:
    """The newest first; with smaller numbers than `before`."""
    raise NotImplementedError
