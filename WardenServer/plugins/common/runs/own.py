"""The hub's own runs as a source: the database compares."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select

from WardenServer.plugins.common.differ.change import Pair
from WardenServer.plugins.common.runs import sides
from WardenServer.plugins.common.runs.kept import value_of, whole_text
from WardenServer.plugins.common.runs.names import clean
from WardenServer.plugins.common.runs.source import Phase, Point, Run, Side, Taken, bounded, is_number
from WardenServer.plugins.common.runs.store import Store
from WardenServer.plugins.common.runs.tables import run_parameters, run_snapshots, run_values, runs

#: The partitions of a run's first snapshot at its start; NULL before there is one.
_PARTITIONS = (
    select(run_snapshots.c.partitions)
    .where(run_snapshots.c.hub == runs.c.hub, run_snapshots.c.run == runs.c.number)
    .where(run_snapshots.c.phase == Phase.START.value)
    .order_by(run_snapshots.c.at)
    .limit(1)
    .scalar_subquery()
)
_RUN = select(
    runs.c.number, runs.c.opened, runs.c.closed, _PARTITIONS, runs.c.opened_by, runs.c.note, runs.c.end_note
)


class Own:
    """The runs that this hub has opened and closed. See Source."""

    def __init__(self, store: Store, hub: str) -> None:
        self.name = hub
        self._store = store

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        """See Source. Of letters, only those of ASCII may be small or large."""
        where = [] if before is None else [runs.c.number < bounded(before)]
        if search:
            where.append(_says(search))
        return self._runs(where, runs.c.number.desc(), most)

    def after(self, number: int, most: int) -> list[Run]:
        """See Source."""
        return self._runs([runs.c.number > bounded(number)], runs.c.number, most)

    def run(self, number: int) -> Run | None:
        """See Source."""
        found = self._runs([runs.c.number == number], runs.c.number, 1) if is_number(number) else []
        return found[0] if found else None

    def partitions(self, runs: Iterable[int]) -> list[str]:
        """See Source."""
        numbers = [number for number in runs if is_number(number)]
        statement = select(run_snapshots.c.partitions).where(run_snapshots.c.hub == self.name)
        with self._store.reading() as connection:
            found = connection.scalars(statement.where(run_snapshots.c.run.in_(numbers)).distinct()).all()
        return sorted({partition for each in found for partition in json.loads(each)})

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        """See Source. Whole before the first one comes: no transaction stays open."""
        with self._store.reading() as connection:
            stored = sides.find(connection, self.name, old), sides.find(connection, self.name, new)
            return iter(sides.differing(connection, self.name, *stored, partitions))

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        """See Source. By parameter, then partition."""
        statement = (
            select(run_parameters.c.partition, run_parameters.c.parameter, whole_text(run_values),
                   run_values.c.reason, run_values.c.at, run_values.c.quality)
            .join_from(run_values, run_parameters, run_parameters.c.id == run_values.c.parameter)
        )  # fmt: skip
        with self._store.reading() as connection:
            sides.in_one_go(connection)
            number = sides.find(connection, self.name, side).number
            mine = run_values.c.snapshot == number, sides.within(self.name, run_values, partitions)
            found = [_taken(*row) for row in connection.execute(statement.where(*mine))]
        return sorted(found, key=lambda taken: (taken.parameter, taken.partition))

    def parameters(self, match: str, most: int) -> list[tuple[str, str]]:
        """See Source. Of letters, only those of ASCII may be small or large."""
        both = run_parameters.c.partition.concat(":").concat(run_parameters.c.parameter)
        statement = (
            select(run_parameters.c.partition, run_parameters.c.parameter)
            .where(run_parameters.c.hub == self.name, both.icontains(match, autoescape=True))
            .order_by(run_parameters.c.partition, run_parameters.c.parameter)
            .limit(most)
        )
        with self._store.reading() as connection:
            return [(partition, parameter) for partition, parameter in connection.execute(statement)]

    def past(self, partition: str, parameter: str, most: int) -> list[Point]:
        """See Source."""
        wanted = (
            select(run_parameters.c.id)
            .where(run_parameters.c.hub == self.name, run_parameters.c.partition == partition)
            .where(run_parameters.c.parameter == parameter)
        )
        with self._store.reading() as connection:
            number = connection.scalar(wanted)
            statement = (
                select(run_snapshots.c.run, run_snapshots.c.phase, func.coalesce(run_values.c.at, run_snapshots.c.at),
                       whole_text(run_values), run_values.c.reason)
                .join_from(run_snapshots, run_values, run_values.c.snapshot == run_snapshots.c.id)
                .where(run_snapshots.c.hub == self.name, run_values.c.parameter == number)
                .order_by(run_snapshots.c.run.desc(), run_snapshots.c.at.desc())
                .limit(most)
            )  # fmt: skip
            found = connection.execute(statement).all()
        return [Point(run, Phase(phase), at, value_of(*value)) for run, phase, at, *value in reversed(found)]

    def close(self) -> None:
        """See Source. The store belongs to others, who close it."""

    def _runs(self, where: Iterable[ColumnElement[bool]], order: ColumnElement[Any], most: int) -> list[Run]:
        statement = _RUN.where(runs.c.hub == self.name, *where).order_by(order).limit(most)
        with self._store.reading() as connection:
            return [_run(*row) for row in connection.execute(statement)]


def _run(
    number: int, opened: float | None, closed: float | None, partitions: str | None, by: str | None, *notes: str | None
) -> Run:
    said = "; ".join(note for note in notes if note)
    return Run(
        number, opened, closed, partitions is not None, tuple(json.loads(partitions or "[]")), by or "", said
    )


def _taken(
    partition: str, parameter: str, text: str | None, reason: str | None, at: float | None, quality: str | None
) -> Taken:
    return Taken(partition, parameter, value_of(text, reason), at, "VALID" if quality is None else quality)


def _says(search: str) -> ColumnElement[bool]:
    """Whether the number or what is said of a run has this in it."""
    search = clean(search)
    number = cast(runs.c.number, Text).contains(search, autoescape=True)
    return or_(number, *(each.icontains(search, autoescape=True) for each in (
        runs.c.opened_by, runs.c.note, runs.c.end_note,
    )))  # fmt: skip
