"""Times in the jobs' database: its own where it has a clock (PostgreSQL), else those of this machine (SQLite)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[float]):
    """A time: Unix seconds in Python, a timestamp in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        moment = datetime.fromtimestamp(value, UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> float | None:
        """From the database. One without a zone is in UTC."""
        if value is None:
            return None
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()


class ago(FunctionElement[float]):
    """The time so many seconds before now, as the database says it; now is that of the transaction's beginning."""

    type = Moment()
    inherit_cache = True
    name = "ago"

    def __init__(self, seconds: Any = 0.0) -> None:
        super().__init__(bindparam(None, seconds, Float()) if isinstance(seconds, int | float) else seconds)


@compiles(ago, "sqlite")
def _in_sqlite(element: ago, compiler: Any, **options: Any) -> str:
    return f"ago({compiler.process(element.clauses, **options)})"


@compiles(ago, "postgresql")
def _in_postgresql(element: ago, compiler: Any, **options: Any) -> str:
    return f"(now() - {compiler.process(element.clauses, **options)} * interval '1 second')"


def text_of(unix: float) -> str:
    """A time as SQLite keeps it: as text, which sorts."""
    return datetime.fromtimestamp(unix, UTC).isoformat(" ", "microseconds")[:-6]  # strftime takes 10 times as long
