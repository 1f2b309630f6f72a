"""The run database of CMS as a source."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select

from WardenServer.errors import SettingError
from WardenServer.plugins.common.differ.change import Pair
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.runinfo import reading, rules
from WardenServer.plugins.common.runs.runinfo.connecting import place
from WardenServer.plugins.common.runs.runinfo.parameters_file import ParametersFile, name_of
from WardenServer.plugins.common.runs.runinfo.tables import Tables
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Point, Run, Side, Taken
from WardenServer.servers import sql


class RunInfo:
    """The global runs of a run database. See Source.

    Partitions and parameters are those of the parameters file. All values are text. A parameter without a value, or
    that a run does not have, is "", as in CMS HCAL's RunInfoDiffer: it is never missing. A run has one set of values:
    its end is as its start. When it was opened and closed is not known. All methods raise Unreachable, and those that
    need the parameters file also SettingError.
    """

    def __init__(self, runs: Runs) -> None:
        """Take on the places. Raises SettingError."""
        if runs.parameters is None:
            raise SettingError('[runs] has a `database`, and needs parameters = "/a/file" besides')
        self._place = place(runs.database)
        self._tables = Tables(runs.schema, self._place.engine.dialect.name)
        self._file = ParametersFile(runs.parameters)
        self._file.read()  # what is wrong with it is said now
        self.name = self._place.name

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        """Global runs. `search` is a part of the number: nothing else is said of a run."""
        digits = search.strip()
        upto = LARGEST if before is None else min(before - 1, LARGEST)
        if most < 1 or upto < 1 or (digits and not (digits.isascii() and digits.isdecimal())):
            return []
        return self._runs(self._tables.newest_with(rules.GLOBAL_NAME, rules.GLOBAL_PART, upto, most, digits))

    def after(self, number: int, most: int) -> list[Run]:
        """Global runs."""
        if most < 1 or number >= LARGEST:
            return []
        return self._runs(self._tables.next_with(rules.GLOBAL_NAME, rules.GLOBAL_PART, max(number, 0), most))

    def run(self, number: int) -> Run | None:
        """Any run, also one that is not global."""
        return next(iter(self._runs(self._tables.has(number))), None) if 0 < number <= LARGEST else None

    def partitions(self, runs: Iterable[int]) -> list[str]:
        """Those of the parameters file."""
        which, found = self._file.read().names, set[str]()
        with self._reading() as connection:
            for run in {each for each in runs if 0 < each <= LARGEST}:
                found |= reading.partitions(connection, self._tables, run, which)
        return sorted(found)

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        """What is the same is left out. The order is that of the parameters file."""
        which = self._file.read().of(partitions)
        with self._reading() as connection:
            before, after = (self._values(connection, side, which) for side in (old, new))
        return reading.differing(which, before, after)

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        """Those of the parameters file that the run has, in its order."""
        which = self._file.read().of(partitions)
        with self._reading() as connection:
            found = self._values(connection, side, which)
        return [Taken(*where, reading.text(found[name])) for name, where in which.items() if name in found]

    def parameters(self, match: str, most: int) -> list[tuple[str, str]]:
        """Those of the parameters file, in its order."""
        wanted, found = match.casefold(), self._file.read().names.values()
        return [each for each in found if wanted in ":".join(each).casefold()][: max(most, 0)]

    def past(self, partition: str, parameter: str, most: int) -> list[Point]:
        """Of all runs, also those that are not global; nothing of a parameter that is not in the parameters file. A
        value that cannot be read is `Unavailable`."""
        name = name_of(partition, parameter)
        if name not in self._file.read().names or most < 1:
            return []
        with self._reading() as connection:
            found = reading.past(connection, self._tables, name, most)
        return [Point(run, Phase.START, None, reading.text(found[run])) for run in sorted(found)]

    def close(self) -> None:
        """Let go of all connections."""
        self._place.engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with sql.sentences(self._place.what, self._place.cure), self._place.engine.connect() as connection:
            yield connection

    def _runs(self, numbers: Select[Any]) -> list[Run]:
        """The runs whose numbers a statement finds."""
        partitions = self._file.read().partitions
        with self._reading() as connection:
            found = [int(each) for each in reading.column(connection, numbers)]
            return reading.runs(connection, self._tables, found, partitions)

    def _values(self, connection: Connection, side: Side, which: Mapping[str, object]) -> dict[str, Any]:
        return reading.values(connection, self._tables, side.run, which) if 0 < side.run <= LARGEST else {}
