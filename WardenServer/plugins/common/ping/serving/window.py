"""The raw lines of a time, found in the monthly files by binary search on their sixth field.

A line is written when its set of pings ends, and has the time at which the set began. So the lines of several hosts
are out of order by up to the length of a set, and a set that begins just before the end of a month is in the next file.
"""

import heapq
import math
from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping import months

#: Seconds by which lines may be out of order. A set of ten pings takes 30 s at most, one of a hundred that are 5 s
#: apart 520 s.
SLACK = 600.0
#: Bytes of an answer's blocks, of the places that the search looks at, and of the longest line.
BLOCK, PLACE, LONGEST = 65_536, 4096, 65_536
#: Bytes that are looked through for a line that means something, and the most that wait to be put in order.
FAR, WAITING = 1_048_576, 33_554_432


@dataclass(frozen=True)
class Window:
    """A time, in Unix seconds; whether a line of just that second belongs to it is said for both ends."""

    begin: float
    end: float
    with_begin: bool = False
    with_end: bool = False

    def has(self, time: float) -> bool:
        """Whether a time belongs to it."""
        after_begin = time >= self.begin if self.with_begin else time > self.begin
        return after_begin and (time <= self.end if self.with_end else time < self.end)


class _Line(NamedTuple):
    time: int
    text: bytes
    end: int


def blocks(folder: Path, window: Window, hosts: frozenset[bytes] = frozenset()) -> Generator[bytes, None, None]:
    """The lines within the window in time order, in blocks of whole lines. Lines out of order by up to a set's length,
    as several hosts at once write them, are found, too. A line that is still being written is left out, and so are
    lines that have no time. Memory does not grow with the window. Who stops before the end closes it.

    Args:
        folder: where the monthly files are.
        window: the time.
        hosts: names or addresses, in small letters, of hosts that were pinged, to have only their lines; empty: all.

    Raises:
        Unreachable: a file cannot be read.
    """
    block = bytearray()
    lines = _of_files(folder, window)
    for text in _in_order(line for line in lines if not hosts or _is_of(line.text, hosts)):
        block += text
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _of_files(folder: Path, window: Window) -> Iterator[_Line]:
    for path in months.files_between(folder, window.begin, window.end + SLACK):
        try:
            with path.open("rb") as file:
                yield from _of_file(file, window)
        except FileNotFoundError:  # its month has just been trimmed
            continue
        except OSError as error:
            raise Unreachable(f"{path} cannot be read ({error.strerror}); correct its rights") from None


def _of_file(file: BinaryIO, window: Window) -> Iterator[_Line]:
    file.seek(_begin(file, window.begin))
    beyond = 0  # bytes of lines after the window, in a row: a single one may have a wrong time
    for line in _lines(file):
        beyond = beyond + len(line.text) if line.time > window.end + SLACK else 0
        if beyond > BLOCK:
            return
        if window.has(line.time):
            yield line


def _begin(file: BinaryIO, time: float) -> int:
    """The beginning of a line before which there is none of this time or later."""
    places = range(0, file.seek(0, SEEK_END), PLACE)
    found = bisect_left(places, True, key=lambda place: _latest(file, place) >= time - SLACK)
    return _next_line(file, found * PLACE)


def _latest(file: BinaryIO, place: int) -> float:
    """The latest time of the lines that begin at a place; where they have none, of the next that has one. With the
    latest of some lines, one whose time is wrong does not lead astray."""
    file.seek(_next_line(file, place))
    latest = -1
    for line in _lines(file, place + FAR):
        latest = max(latest, line.time)
        if line.end >= place + PLACE:
            return latest
    return latest if latest >= 0 else math.inf


def _next_line(file: BinaryIO, place: int) -> int:
    """Where the first line begins at or after a place."""
    if place:
        file.seek(place - 1)
        while (piece := file.readline(LONGEST)) and not piece.endswith(b"\n"):
            pass
        place = file.tell()
    return place


def _lines(file: BinaryIO, until: float = math.inf) -> Iterator[_Line]:
    """The lines from here on that have a time, up to a place. One that is longer than any, or has no end, has none."""
    end, is_begin = file.tell(), True
    while end < until and (text := file.readline(LONGEST)):
        end += len(text)
        is_whole = is_begin and text.endswith(b"\n")
        is_begin = text.endswith(b"\n")
        if is_whole and (time := _time(text)) is not None:
            yield _Line(time, text, end)


def _time(text: bytes) -> int | None:
    fields = text.split(None, 8)
    if len(fields) < 8 or not fields[5].isdigit() or len(fields[5]) > 11 or b"\0" in text:
        return None
    return int(fields[5])


def _is_of(text: bytes, hosts: frozenset[bytes]) -> bool:
    return not hosts.isdisjoint(text.lower().split(None, 4)[2:4])


def _in_order(lines: Iterable[_Line]) -> Iterator[bytes]:
    """The texts by time, those of the same time as they come, where lines come late by up to SLACK."""
    waiting: list[tuple[int, int, bytes]] = []
    newest = held = 0
    for number, line in enumerate(lines):
        heapq.heappush(waiting, (line.time, number, line.text))
        newest, held = max(newest, line.time), held + len(line.text)
        while waiting and (waiting[0][0] <= newest - SLACK or held > WAITING):
            text = heapq.heappop(waiting)[2]
            held -= len(text)
            yield text
    yield from (text for _, _, text in sorted(waiting))
