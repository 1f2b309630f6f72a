"""Writes samples and gaps into the store: the part of the sink that needs a database. One thread uses it."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import func, select

from WardenServer.errors import Unreachable
from WardenServer.machine.clock import Clock
from WardenServer.results.event import Event, Severity, own_id
from WardenServer.results.result import Result
from WardenServer.settings.units import megabytes
from WardenServer.sinks.history import breaks, fresh, tables
from WardenServer.sinks.history.breaks import Breaks, Change, Gap, Where
from WardenServer.sinks.history.parts import BREAKS, DAY, RAW, Part, day_of, part_of
from WardenServer.sinks.history.samples import AHEAD, MICRO, Sample, Span, samples
from WardenServer.sinks.history.sink import Loss
from WardenServer.sinks.history.store import Store
from WardenServer.sinks.history.thinning import FREE

#: Seconds without any value after which it is noted that the hub did not run.
SILENCE = 10.0
#: Most changes of gaps that wait to be written.
MOST_CHANGES = 100_000
#: Days that are written to in turn.
MOST_DAYS = 3
#: Seconds between looks at the room on the disk.
LOOK = 10.0


class Scribe:
    """Writes into one store. What an earlier hub has left open is taken up with the first write."""

    def __init__(
        self, store: Store, keep: float, arrays: Collection[str], tell: Callable[[Event], None],
        clock: Clock | None = None,
    ) -> None:
        """Write into `store` what is younger than `keep` seconds, of arrays those that are named; `tell` takes events
        about gaps."""
        self._store, self._keep, self._arrays, self._tell = store, keep or math.inf, arrays, tell
        self._clock = clock or Clock()
        self._breaks: Breaks | None = None
        self._changes: deque[Change] = deque(maxlen=MOST_CHANGES)
        self._writers: dict[int, fresh.Writer] = {}
        self._looked = -LOOK

    def write(self, results: Sequence[Result], losses: Sequence[Loss]) -> None:
        """Write all samples of the results, the gaps that begin and end with them, and what was lost. All are written
        again after an error: the last value of a time wins.

        Raises:
            Unreachable: it cannot be done now.
        """
        now = self._clock.time()
        self._check_room()
        known = self._breaks if self._breaks is not None else self._restore(now)
        span = Span(now - self._keep, now + AHEAD)
        by_day: dict[int, list[Sample]] = defaultdict(list)
        for result in results:
            self._changes.extend(known.look(result))
            for sample in samples(result, span, self._arrays):
                by_day[fresh.day(sample)].append(sample)
        for day, each in by_day.items():
            self._write_day(day, each)
        self._write_breaks(losses, now)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _write_day(self, day: int, found: Sequence[Sample]) -> None:
        writer = self._writers.pop(day, None)  # where this fails it is made anew: what it knows may not be written
        with self._store.write(part_of(RAW, day)) as connection:
            if writer is None or not writer.fits(connection):
                writer = fresh.Writer(connection, day)
            writer.write(self._store, connection, found)
        self._writers[day] = writer
        if len(self._writers) > MOST_DAYS:
            del self._writers[min(self._writers)]

    def _write_breaks(self, losses: Sequence[Loss], now: float) -> None:
        gaps = [(Where(), Gap(loss.begin, loss.end, _not_written(loss))) for loss in losses]
        changes = list(self._changes)
        if not gaps and not changes:
            return
        for part in self._open_parts(now):
            with self._store.write(part) as connection:
                book = breaks.Book(connection, part)
                is_newest = part.begin <= day_of(now) < part.end
                for where, gap in gaps if is_newest else ():
                    book.add(where, gap)
                for change in changes:
                    if is_newest or change.reason is None:
                        book.note(change)
        for _ in changes:
            self._changes.popleft()
        for _, gap in gaps:
            self._tell_of(gap, Severity.WARNING)

    def _open_parts(self, now: float) -> list[Part]:
        """The parts in which gaps may go on: this year's, and the last one's."""
        newest = part_of(BREAKS, day_of(now))
        before = part_of(BREAKS, newest.begin - 1)
        return [before, newest] if before in self._store.parts() else [newest]

    # -- the first write

    def _restore(self, now: float) -> Breaks:
        found = Breaks()
        for part in self._open_parts(now):
            with self._store.write(part) as connection:
                found.restore(breaks.unfinished(connection))
        last = self._last_time()
        if last is not None and now - last > SILENCE:
            part = part_of(BREAKS, day_of(now))
            with self._store.write(part) as connection:
                gap = Gap(last, now, breaks.NOT_RUN)
                breaks.Book(connection, part).add(Where(), gap)
            self._tell_of(gap, Severity.INFO)
        self._breaks = found
        return found

    def _last_time(self) -> float | None:
        """When there was a value last, in Unix seconds."""
        raw = [part for part in self._store.parts() if part.level is RAW]
        if not raw:
            return None
        day = raw[-1].begin
        with self._store.write(raw[-1]) as connection:  # which makes way where it is damaged
            last = [
                connection.scalar(select(func.max(table.c.last)).where(table.c.day == day))
                for table in (tables.fresh, tables.times)
            ]
        return max((each / MICRO for each in last if each is not None), default=day * DAY)

    def _tell_of(self, gap: Gap, severity: Severity) -> None:
        begin, end = (time.strftime("%F %T", time.localtime(each)) for each in (gap.begin, gap.end or gap.begin))
        text = f"history: no values from {begin} to {end}: {gap.reason}"
        self._tell(Event(own_id("gap", "history", "", gap.begin), self._clock.time(), "hub", severity, text))

    def _check_room(self) -> None:
        if self._clock.monotonic() - self._looked < LOOK:
            return
        room = self._store.free()
        if room is not None and room[0] < FREE * room[1]:
            raise Unreachable(
                f"the history is not written: only {megabytes(room[0])} of its disk are free, less than {FREE:.0%};"
                " make room, or correct history_url"
            )
        self._looked = self._clock.monotonic()


def _not_written(loss: Loss) -> str:
    return f"not written: {loss.results} results were lost, since the history could not be written in time"
