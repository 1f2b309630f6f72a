"""Writes runs of a hub to the store. Each call may be repeated, also after a restart: what is there already stays."""

from WardenServer.plugins.common.runs.source import Run, Snapshot
from WardenServer.plugins.common.runs.store import Store


def begin(store: Store, hub: str, number: int, at: float, by: str, note: str = "") -> None:
    """A run was opened, at this time in Unix seconds. Raises Unreachable, as all here."""
    raise NotImplementedError


def add(store: Store, hub: str, snapshot: Snapshot) -> None:
    """A snapshot of a run that has begun. With the one of its start, the run is ready."""
    raise NotImplementedError


def end(store: Store, hub: str, number: int, at: float, note: str = "") -> None:
    """A run was closed."""
    raise NotImplementedError


def newest(store: Store, hub: str) -> Run | None:
    """The run with the largest number."""
    raise NotImplementedError
