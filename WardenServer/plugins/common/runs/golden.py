"""The run that others are measured by."""

from WardenServer.plugins.common.runs.store import Store


def golden(store: Store, source: str) -> int | None:
    """Its number; None where none was declared."""
    raise NotImplementedError


def declare(store: Store, source: str, run: int | None) -> None:
    """Make this one the golden run; None: none is."""
    raise NotImplementedError
