"""How far the search for differences has come: kept in the store, over restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from WardenServer.plugins.common.runs.store import Store


@dataclass(frozen=True)
class Told:
    """A value that was told last, or that was the first; and the run that it is of."""

    value: Any
    run: int


@dataclass(frozen=True)
class Progress:
    """`looked` is the newest run that was looked at, `bases` the last run with a change by partition. `told` are the
    values, by partition and parameter, of those that have drifted since, within their tolerance."""

    looked: int | None = None
    bases: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[tuple[str, str], Told] = field(default_factory=dict)


def read(store: Store, source: str) -> Progress:
    """Where it stands."""
    raise NotImplementedError


def write(connection: Connection, source: str, progress: Progress) -> None:
    """Where it stands now, in place of all before; in one transaction with the differences that were found."""
    raise NotImplementedError
