"""The file with the addresses of the newest differences, as BotUrlLog.html of CMS HCAL's RunInfoDiffer, for bots.

A line for each run with changes, the newest last: a list of addresses as Python writes it, one for each base, with
`&amp;` between their parts, then `<br>`. Without `link` the addresses begin with `#/diff`.
"""

import html
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from WardenServer.machine import whole_file
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.telling import address

#: Most lines, the most differences that are looked at for them, and most bytes of a file that is such a log.
LINES, DIFFERENCES, LARGEST = 100, 1000, 10_000_000
#: What tells a line from others, also when `link` has changed.
_PLACE = re.compile(r"#/diff\?[^'\"]*")


def lines(newest: Sequence[Difference], link: str) -> list[str]:
    """The lines, the oldest first, of differences that come the newest first. If there may be more of the oldest run
    than these, it is left out."""
    runs = [list(each)[::-1] for _, each in itertools.groupby(newest, lambda difference: difference.new)][::-1]
    if len(newest) >= DIFFERENCES and len(runs) > 1:
        del runs[0]
    return [f"{[html.escape(address(link, each)) for each in run]}<br>" for run in runs[-LINES:]]


def add(path: Path, wanted: Sequence[str]) -> None:
    """Add those that are not there yet. Of too many the oldest go. Raises OSError where the file cannot be used."""
    before = _read(path)
    known = {place for line in before if (place := _place(line))}
    if new := [line for line in wanted if _place(line) not in known]:
        whole_file.write(path, "".join(f"{line}\n" for line in [*before, *new][-LINES:]))


def _read(path: Path) -> list[str]:
    """The lines that are there; of a file that is much too large, the last ones."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LARGEST))
            content = file.read(LARGEST)
    except FileNotFoundError:
        return []
    return [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]


def _place(line: str) -> tuple[str, ...]:
    return tuple(_PLACE.findall(line))
