"""Changes that people know of: who says so, and why."""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, select

from WardenServer.plugins.common.runs.source import bounded
from WardenServer.plugins.common.runs.store import Store, replace
from WardenServer.plugins.common.runs.tables import run_acknowledgements


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
    with store.writing() as connection:
        replace(connection, run_acknowledgements, {"source": source, **asdict(said)})


def between(store: Store, source: str, old: int, new: int) -> list[Acknowledgement]:
    """Those of runs after the smaller of the two, up to the larger one."""
    run = run_acknowledgements.c.run
    return _read(store, source, run > bounded(min(old, new)), run <= bounded(max(old, new)))


def of(store: Store, source: str, partition: str, parameter: str) -> list[Acknowledgement]:
    """All of a parameter."""
    columns = run_acknowledgements.c
    return _read(store, source, columns.partition == partition, columns.parameter == parameter)


def _read(store: Store, source: str, *where: ColumnElement[bool]) -> list[Acknowledgement]:
    """By run, partition and parameter."""
    columns = run_acknowledgements.c
    statement = (
        select(columns.partition, columns.parameter, columns.run, columns.reason, columns.by, columns.at)
        .where(columns.source == source, *where)
        .order_by(columns.run, columns.partition, columns.parameter)
    )
    with store.reading() as connection:
        return [Acknowledgement(*row) for row in connection.execute(statement)]
