"""Changes that people know of: who says so, and why."""

from dataclasses import dataclass

from WardenServer.plugins.common.runs.store import Store


@dataclass(frozen=True)
class Acknowledgement:
    """A parameter changed in a run, and somebody says why. `at` in Unix seconds."""

    partition: str
    parameter: str
    run: int
    reason: str
    by: str
    at: float


def acknowledge(store: Store, source: str, said: Acknowledgement) -> None:
    """Keep it; a later one for the same change takes its place."""
    raise NotImplementedError


def between(store: Store, source: str, old: int, new: int) -> list[Acknowledgement]:
    """Those of runs after the smaller of the two, up to the larger one."""
    raise NotImplementedError


def of(store: Store, source: str, partition: str, parameter: str) -> list[Acknowledgement]:
    """All of a parameter."""
    raise NotImplementedError
