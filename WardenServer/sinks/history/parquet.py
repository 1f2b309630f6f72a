"""Writes fields of the history for other programs, as Parquet."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from WardenServer.errors import Unreachable, WardenError
from WardenServer.sinks.history.ask import History
from WardenServer.sinks.history.store import CURE


def export(history: History, names: Sequence[tuple[str, str]], begin: float, end: float, target: Path) -> int:
    """Write every value of these fields, as (key, field), into a Parquet file: columns time (UTC), key, field, number,
    text. How many values there are.

    Raises:
        WardenError: a library is missing, a field has no history or only points, or the file cannot be written.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise WardenError(f"Parquet needs the library {error.name}; {CURE.format('parquet')}") from None
    schema = pyarrow.schema([
        ("time", pyarrow.timestamp("us", tz="UTC")), ("key", pyarrow.string()), ("field", pyarrow.string()),
        ("number", pyarrow.float64()), ("text", pyarrow.string()),
    ])  # fmt: skip
    count, part = 0, target.with_suffix(".part")
    try:
        with ParquetWriter(part, schema) as writer:
            for key, field in names:
                columns = _columns(history, key, field, begin, end)
                count += len(columns["time"])
                writer.write_table(pyarrow.table(columns, schema=schema))
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        if isinstance(error, Unreachable):
            raise
        raise WardenError(f"{target} cannot be written ({error.strerror or error}); choose another place") from None
    except WardenError:
        part.unlink(missing_ok=True)
        raise
    return count


def _columns(history: History, key: str, field: str, begin: float, end: float) -> dict[str, Any]:
    found = history.range(key, field, begin, end)
    if found.seconds:
        kept = time.strftime("%F", time.localtime(found.begin))
        raise WardenError(f"{key}.{field} has no single values back to {kept} any more; choose a later --since")
    values = found.columns["value"]
    numbers, texts = [None] * len(values), [None] * len(values)
    split: dict[bool, list[Any]] = {True: numbers, False: texts}
    for place, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        is_number = isinstance(value, bool | int | float)
        split[is_number][place] = float(value) if is_number else str(value)
    stamps = np.round(np.asarray(found.time) * 1e6).astype("datetime64[us]")
    names = {"key": [key] * len(values), "field": [field] * len(values)}
    return {"time": stamps, **names, "number": numbers, "text": texts}
