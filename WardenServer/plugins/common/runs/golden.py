"""The run that others are measured by."""

from sqlalchemy import delete, select

from WardenServer.plugins.common.runs.store import Store, replace
from WardenServer.plugins.common.runs.tables import run_golden


def golden(store: Store, source: str) -> int | None:
    """Its number; None where none was declared."""
    with store.reading() as connection:
        return connection.scalar(select(run_golden.c.run).where(run_golden.c.source == source))


def declare(store: Store, source: str, run: int | None) -> None:
    """Make this one the golden run; None: none is."""
    with store.writing() as connection:
        if run is None:
            connection.execute(delete(run_golden).where(run_golden.c.source == source))
        else:
            replace(connection, run_golden, {"source": source, "run": run})
