"""What is written of the samples: raw lines, and in side files the samples with marks. Old months are removed."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from WardenServer.plugins.common.ping import months
from WardenServer.plugins.common.ping.probe import marks
from WardenServer.plugins.common.ping.probe.raw_file import RawFile
from WardenServer.plugins.common.ping.probe.sample import Sample, line

#: The day of a month from which on old ones are removed, as PingER does it.
DAY = 28
_FILE = re.compile(r"(?:ping-(\d{4}-\d{2})\.txt|marks-(\d{4}-\d{2})\.jsonl)", re.ASCII)


class Records:
    """The files of a machine that measures, for one thread. Nothing here raises.

    Args:
        folder: where they are.
        keep_months: how many months are kept before the newest; 0: all.
        log: told of what people should know.
        clock: Unix seconds.
    """

    def __init__(
        self, folder: Path, keep_months: int, log: logging.Logger, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder, self._keep, self._log, self._clock = folder, keep_months, log, clock
        self._raw = RawFile(lambda moment: months.file_of(folder, moment), log, clock)
        self._marks = RawFile(lambda moment: marks.file_of(folder, moment), log, clock)

    @property
    def lines(self) -> int:
        """How many raw lines were written since the start."""
        return self._raw.written

    @property
    def problem(self) -> str:
        """What people should put right, else ""."""
        return self._raw.problem or self._marks.problem

    def add(self, sample: Sample, name: str, address: str) -> None:
        """Write what a set of pings has shown; `name` and `address` are those of this machine."""
        said = line(sample, name, address)
        if marks.TCP not in sample.measured.marks:
            self._raw.add([said])
        if sample.measured.marks:
            self._marks.add([marks.marked(sample, said)])

    def end_round(self) -> None:
        """See that all is on the disk, and remove old months."""
        self._raw.sync()
        self._marks.sync()
        for path in old_files(self._folder, self._keep, self._clock()):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._log.warning("%s cannot be removed (%s); correct its rights", path, error.strerror)

    def close(self) -> None:
        """Let go of the files."""
        self._raw.close()
        self._marks.close()


def old_files(folder: Path, keep_months: int, now: float) -> Iterator[Path]:
    """The files to be removed: from day 28 on all but those of the newest month that has any, and of `keep_months`
    before it. They are counted by what is there: so a clock that is wrong by years removes no more than one month."""
    if not keep_months or _day(now) < DAY:
        return
    found = [(said[1] or said[2], path) for path in folder.glob("*-*-*.*") if (said := _FILE.fullmatch(path.name))]
    kept = set(sorted({month for month, _ in found})[-keep_months - 1 :])
    yield from (path for month, path in found if month not in kept)


def _day(now: float) -> int:
    try:
        return datetime.fromtimestamp(now, UTC).day
    except (ValueError, OverflowError, OSError):  # a clock that is wrong by thousands of years
        return 0
