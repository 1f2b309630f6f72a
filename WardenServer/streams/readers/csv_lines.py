"""Files of comma-separated values (RFC 4180): an event in each row."""

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.streams.batch import MOST, Batch
from WardenServer.streams.readers.followed_file import FollowedFile
from WardenServer.streams.readers.line_reader import LineReader

#: Most lines of one row, whose quoted cells may have line breaks.
LINES = 100
#: Bytes at the begin of a file in which the names of the columns are looked for.
HEAD = 1_000_000
#: How numbers begin, also nan and inf. What begins otherwise is not tried, since that takes long.
_BEGIN = frozenset("+-.0123456789 nNiI")

Value = int | float | str | None


class CSVLines(LineReader):
    """Reads one event, a dict, of each row, in UTF-8; the first row of each file names the columns.

    Numbers become int or float, an empty cell becomes None, and the rest is text. Of columns with one name the last
    counts. A row with a line break in a quoted cell waits for its end, but for no more than 100 lines, so that a
    stray quote does not hold up the rest. What is no row counts as undecodable: another number of cells, a cell of more
    than 128 KiB (the limit of Python's csv), a quote within a quoted cell.
    """

    def __init__(
        self,
        files: Any,
        follow: Any = True,
        delimiter: Any = ",",
        largest: Any = "16 MB",
        begin: Any = "start",
        columns: Any = None,
    ) -> None:
        """Take on the settings.

        Args:
            files: a path, a pattern such as /data/run*.csv, or a list of them.
            follow: wait for more at the ends; else the end of all that is there is the end.
            delimiter: the sign between two cells.
            largest: bytes of the largest row; a larger one is passed over and counts as undecodable.
            begin: "start", or "end" for only what is written from now on.
            columns: their names, for files whose first row is data.

        Raises:
            SettingError: one of them cannot be used.
        """
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n ':
            raise SettingError(f'delimiter is {delimiter!r:.40}; write one sign, such as ";"')
        if columns is not None and not _are_names(columns):
            raise SettingError(f'columns is {columns!r:.60}; write a list of different names, such as ["x", "y"]')
        super().__init__(files, follow, largest, begin, (delimiter, columns))
        self._delimiter = delimiter
        self._columns: list[str] | None = columns

    def _decode(self, file: FollowedFile) -> tuple[int, Batch]:
        lines, is_begin = file.lines[:MOST], file.place.offset == 0
        rows, count = self._rows([lines[0].removeprefix(codecs.BOM_UTF8), *lines[1:]] if is_begin else lines)
        if not count and (file.is_full or file.is_finished):
            rows, count = [None], 1
        columns = self._columns or file.columns
        if columns is None:
            if not rows:
                return 0 if is_begin else count, Batch([])
            columns = file.columns = (rows.pop(0) if is_begin else self._header(file)) or []
        events = [dict(zip(columns, map(_value, row), strict=True)) for row in rows if row and len(row) == len(columns)]
        return count, Batch(events, size=sum(map(len, lines[:count])), undecodable=len(rows) - len(events))

    def _header(self, file: FollowedFile) -> list[str] | None:
        lines = file.head(HEAD).removeprefix(codecs.BOM_UTF8).split(b"\n")
        rows, _ = self._rows(lines[:MOST])
        return rows[0] if rows else None

    def _rows(self, lines: list[bytes]) -> tuple[list[list[str] | None], int]:
        """The rows, None for each that is none, and of how many lines they are; a row that has no end is left out."""
        rows: list[list[str] | None] = []
        begin = end = 0
        while end < len(lines):
            begin = end
            reader = csv.reader(self._texts(lines, begin), delimiter=self._delimiter, strict=True)
            try:
                for row in reader:
                    rows += [row] if row else []
                    end = begin + reader.line_num
            except (csv.Error, UnicodeDecodeError) as error:
                if str(error) == "unexpected end of data" and len(lines) - end <= LINES:  # in a quoted cell
                    break
                rows.append(None)
                end += 1
        return rows, end

    def _texts(self, lines: list[bytes], begin: int) -> Iterator[str]:
        for line in islice(lines, begin, None):
            if len(line) > self._largest:
                raise csv.Error("too large")
            yield line.decode() + "\n"


def _are_names(columns: Any) -> bool:
    is_list = isinstance(columns, list | tuple) and columns and all(isinstance(name, str) for name in columns)
    return bool(is_list and len(set(columns)) == len(columns))


def _value(cell: str) -> Value:
    if not cell:
        return None
    if cell[0] not in _BEGIN or "_" in cell:  # which Python allows in numbers
        return cell
    for kind in (float,) if "." in cell else (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell
