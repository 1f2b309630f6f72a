"""The two tables of the run database, and what is asked of them.

A parameter of a run has a row in `runsession_parameter`, whose name is CMS.PARTITION:PARAMETER, and its value in
`runsession_string`. It may have several rows: the one with the smallest id counts. The statements keep to what
Oracle can do with a CLOB: it has no order, cannot be grouped by, and is not distinct.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Select, String, Subquery, Table, Text, cast, func, select

#: Most names, and most runs, in one statement: Oracle takes 1000 in a list, an older SQLite 999 in a statement.
MOST = 450


class Tables:
    """The tables in a schema; "" for the usual one of the user. `dialect` is SQLAlchemy's name of the database."""

    def __init__(self, schema: str, dialect: str) -> None:
        self.metadata = MetaData(schema=schema or None)
        self.parameters = Table(
            "runsession_parameter", self.metadata,
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("runnumber", BigInteger),
            Column("name", String(512)),
        )  # fmt: skip
        self.strings = Table(
            "runsession_string", self.metadata,
            Column("runsession_parameter_id", BigInteger),
            Column("value", Text),
        )  # fmt: skip
        self._at = func.strpos if dialect == "postgresql" else func.instr

    def values(self, runs: Sequence[int], names: Sequence[str]) -> Select[Any]:
        """Name, value, id and run of all rows of these names in these runs, in no order."""
        table = self.parameters.c
        return self._joined(table.id, table.runnumber).where(table.runnumber.in_(runs), table.name.in_(names))

    def texts(self, run: int, names: Sequence[str] | None) -> Select[Any]:
        """Name and value of all rows of a run, in no order; of all names where none are given."""
        return self._of(self._joined(), run, names)

    def names(self, run: int, names: Sequence[str] | None) -> Select[Any]:
        """The names of all rows of a run; of all names where none are given."""
        return self._of(select(self.parameters.c.name), run, names)

    def has(self, run: int) -> Select[Any]:
        """The number, where there is such a run."""
        return select(self.parameters.c.runnumber).where(self.parameters.c.runnumber == run).limit(1)

    def newest_with(self, name: str, part: str, upto: int, most: int, digits: str = "") -> Select[Any]:
        """Runs in which the value of `name` contains `part`, the newest first; `digits` is a part of the number."""
        found = self._with(first := self._first(name).subquery(), part).where(first.c.runnumber.between(1, upto))
        if digits:
            found = found.where(cast(first.c.runnumber, String(40)).contains(digits))
        return found.order_by(first.c.runnumber.desc()).limit(most)

    def next_with(self, name: str, part: str, after: int, most: int) -> Select[Any]:
        """Runs after this one in which the value of `name` contains `part`, the oldest first."""
        found = self._with(first := self._first(name).subquery(), part)
        return found.where(first.c.runnumber > after).order_by(first.c.runnumber).limit(most)

    def past(self, name: str, most: int) -> Select[Any]:
        """Name, value, id and run of a parameter, of the newest runs that have it."""
        first, texts = self.newest_of(name, most).subquery(), self.strings.c
        joined = first.outerjoin(self.strings, texts.runsession_parameter_id == first.c.id)
        return select(first.c.name, texts.value, first.c.id, first.c.runnumber).select_from(joined)

    def newest_of(self, name: str, most: int) -> Select[Any]:
        """The newest runs that have a parameter, the number first."""
        return self._first(name).order_by(self.parameters.c.runnumber.desc()).limit(most)

    def _joined(self, *more: Any) -> Select[Any]:
        table, texts = self.parameters.c, self.strings.c
        joined = self.parameters.outerjoin(self.strings, texts.runsession_parameter_id == table.id)
        return select(table.name, texts.value, *more).select_from(joined)

    def _of(self, found: Select[Any], run: int, names: Sequence[str] | None) -> Select[Any]:
        found = found.where(self.parameters.c.runnumber == run)
        return found if names is None else found.where(self.parameters.c.name.in_(names))

    def _first(self, name: str) -> Select[Any]:
        """The row that counts, of each run that has this name."""
        table = self.parameters.c
        counts = select(table.runnumber, table.name, func.min(table.id).label("id")).where(table.name == name)
        return counts.group_by(table.runnumber, table.name)

    def _with(self, first: Subquery, part: str) -> Select[Any]:
        joined = first.join(self.strings, self.strings.c.runsession_parameter_id == first.c.id)
        return select(first.c.runnumber).distinct().select_from(joined).where(self._at(self.strings.c.value, part) > 0)
