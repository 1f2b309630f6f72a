"""Values over time as programs take them: chosen, in order, as JSON or CSV. Pure."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

#: A column of values: numbers or text, None where there is none.
Column = Sequence[Any]


@dataclass(frozen=True)
class Series:
    """Times in Unix seconds, oldest first, and for each a value, or n, min, mean and max. `before` is the last value
    before the first of them."""

    time: Any
    columns: Mapping[str, Column]
    before: tuple[float, Any] | None = None

    def where(self, other: "Series", wanted: str) -> Self:
        """Only times at which the last value of another series equals this text."""
        values = [None if other.before is None else other.before[1], *other.columns["value"]]
        good = np.array([_equals(value, wanted) for value in values])
        kept = good[np.searchsorted(other.time, self.time, side="right")]
        columns = {name: [each for each, keep in zip(column, kept, strict=True) if keep]
                   for name, column in self.columns.items()}  # fmt: skip
        return replace(self, time=np.asarray(self.time)[kept], columns=columns)

    def newest_first(self) -> Self:
        """The other way round."""
        columns = {name: column[::-1] for name, column in self.columns.items()}
        return replace(self, time=self.time[::-1], columns=columns)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        before = None if self.before is None else [float(self.before[0]), plain(self.before[1])]
        columns = {name: [plain(value) for value in _list(column)] for name, column in self.columns.items()}
        return {"time": _list(self.time), **columns, "before": before}

    def as_csv(self) -> Iterator[str]:
        """A header line and a line for each time, in pieces: ISO 8601 in UTC, Unix seconds, values."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", "unix_seconds", *self.columns])
        rows = zip(_list(self.time), *map(_list, self.columns.values()), strict=True)
        for number, (time, *values) in enumerate(rows):
            writer.writerow([_iso(time), time, *(_cell(value) for value in values)])
            if number % 1000 == 999:
                yield file.getvalue()
                file.seek(0)
                file.truncate()
        yield file.getvalue()


def plain(value: Any) -> Any:
    """A value as JSON can hold it: what is no number is null."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_text(value: Any) -> str:
    """A value as people write it in a URL: true, false and null as in JSON."""
    value = plain(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "null" if value is None else str(value)


def _equals(value: Any, wanted: str) -> bool:
    """Whether a value is what was written; 3 and 3.0 are the same."""
    if as_text(value) == wanted:
        return True
    try:
        return not isinstance(value, bool | str) and float(value) == float(wanted)
    except (TypeError, ValueError):
        return False


def _cell(value: Any) -> Any:
    return "" if plain(value) is None else as_text(value)


def _list(column: Any) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
