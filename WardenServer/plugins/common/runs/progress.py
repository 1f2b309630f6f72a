"""How far the search for differences has come: kept in the store, over restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from WardenServer.plugins.common.runs import canonical
from WardenServer.plugins.common.runs.store import Store, replace
from WardenServer.plugins.common.runs.tables import run_progress


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
    statement = select(run_progress.c.looked, run_progress.c.bases, run_progress.c.told)
    with store.reading() as connection:
        found = connection.execute(statement.where(run_progress.c.source == source)).first()
    if found is None:
        return Progress()
    told = canonical.value_of(found.told)
    values = {(partition, parameter): Told(value, run) for partition, parameter, value, run in told}
    return Progress(found.looked, canonical.value_of(found.bases), values)


def write(connection: Connection, source: str, progress: Progress) -> None:
    """Where it stands now, in place of all before; in one transaction with the differences that were found."""
    told = [[*name, each.value, each.run] for name, each in progress.told.items()]
    replace(connection, run_progress, {
        "source": source, "looked": progress.looked, "bases": canonical.text_of(dict(progress.bases)),
        "told": canonical.text_of(told),
    })  # fmt: skip
