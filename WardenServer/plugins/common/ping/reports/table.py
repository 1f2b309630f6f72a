"""The text of a table: a header of the points, then a line for each pair, `src dst v0 v1 ... src dst`.

Values have three decimals, formatted from the unrounded number as C's "%.3f" does it (see rounding.py); what would be
-0.000 is 0.000. A dot stands for no value.
"""

import gzip
import io
import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import rounding
from WardenServer.plugins.common.ping.reports.placing import place

if TYPE_CHECKING:
    import numpy as np
    import polars
    from numpy.typing import NDArray

#: A point of a header: an hour, a year, a day or a month.
_POINT = re.compile(r"\d{1,4}|(\d\d)?[A-Za-z]{3}(\d\d|\d{4})", re.ASCII)
_AGAIN = "make it again with: warden ping analyze"


@dataclass(frozen=True)
class Table:
    """A table as it is in its file: values by pair in the order of `points`, None where there is none."""

    points: tuple[str, ...]
    rows: Mapping[tuple[str, str], Sequence[float | None]]


def read(path: Path) -> Table:
    """A table in a `.txt.gz`. Lines that mean nothing are left out.

    Raises:
        SettingError: there is no such file; the text says how it is made.
        Unreachable: it cannot be read, or is no table.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
            header, *lines = file.read().split("\n")
    except FileNotFoundError:
        raise SettingError(f"there is no table {path}; make it with: warden ping analyze") from None
    except (OSError, EOFError, zlib.error) as error:
        raise Unreachable(f"the table {path} cannot be read ({error}); {_AGAIN}") from None
    points = tuple(header.split())
    rows = dict(_rows(lines, len(points)))
    if not points or not all(map(_POINT.fullmatch, points)) or (not rows and any(lines)):
        raise Unreachable(f"{path} is no table of pings; {_AGAIN}")
    return Table(points, rows)


def lines(pairs: "polars.DataFrame", grid: "NDArray[np.float64]") -> bytes:
    """The lines of a table, in the order of the pairs.

    Args:
        pairs: the columns src and dst, names without blanks.
        grid: a line for each point, with a value for each pair; what is no finite number becomes a dot.
    """
    with libraries():
        import numpy as np
        import polars
    values = rounding.rounded(np.where(np.isfinite(grid), grid, np.nan))
    shown = polars.Series(values.ravel(), nan_to_null=True)
    if not (np.abs(values) > rounding.LARGEST).any():
        shown = shown.cast(polars.Decimal(38, 3))  # of these the text is made much faster
    columns = [shown.slice(n * pairs.height, pairs.height).alias(str(n)) for n in range(len(grid))]
    text = pairs.hstack([*columns, pairs["src"].alias(" src"), pairs["dst"].alias(" dst")]).write_csv(
        include_header=False, separator=" ", float_precision=3, float_scientific=False, null_value=".",
        quote_style="never",
    )  # fmt: skip
    return text.encode()


def write(path: Path, points: Sequence[str], text: bytes) -> bool:
    """Pack the lines of a table behind its header: gzip of level 1 without time, so that the same values make the same
    bytes. The file is whole or as before. Whether it is another than before.

    Raises:
        Unreachable: it cannot be written.
    """
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=1, fileobj=packed, mtime=0) as file:
        file.write(" ".join(points).encode() + b"\n" + text)
    return place(path, packed.getvalue())


def _rows(lines: Iterable[str], points: int) -> Iterable[tuple[tuple[str, str], list[float | None]]]:
    for line in lines:
        source, target, *values = line.split() if line.count(" ") >= points + 3 else ("", "")
        if len(values) == points + 2 and values[-2:] == [source, target]:
            with_dots = _values(values[:-2])
            if with_dots is not None:
                yield (source, target), with_dots


def _values(texts: Sequence[str]) -> list[float | None] | None:
    """None where one of them is neither a number nor a dot."""
    try:
        values = [None if text == "." else float(text) for text in texts]
    except ValueError:
        return None
    return values if all(value is None or math.isfinite(value) for value in values) else None
