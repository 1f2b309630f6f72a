"""Answers questions about the past: the values of a field in a range of time, and when there were none.

Reads only, and shortly. Any thread may use it, in any process that may read the store.
"""

import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import select

from WardenServer.errors import Unreachable, WardenError
from WardenServer.settings.config import Settings
from WardenServer.sinks.history import breaks, store, tables
from WardenServer.sinks.history.changes import Change, across
from WardenServer.sinks.history.parts import BREAKS, DAY, RAW, Part, day_of
from WardenServer.sinks.history.question import Question, Range, choose
from WardenServer.sinks.history.samples import AHEAD


class Known(NamedTuple):
    """A field that the history has, or had, values of: from the first day to the last, in Unix seconds."""

    key: str
    field: str
    agent: str
    first: float
    last: float


class History:
    """The history of a hub."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._store: store.Store | None = None
        self._known: dict[Part, tuple[int, list[tuple[str, str, str]]]] = {}

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            opened, self._store = self._store, None
        if opened is not None:
            opened.close()

    @property
    def store(self) -> store.Store:
        """What it reads from; raises WardenError where there is none."""
        with self._lock:
            if self._store is None:
                if not self._settings.history:
                    raise WardenError("the setting history is off: nothing is kept")
                self._store = store.open_store(store.url(self._settings), self._settings.instance)
            return self._store

    def known(self) -> list[Known]:
        """All fields that there are values of, also those that no agent fills any more; a part that is damaged is left
        out.

        Raises:
            Unreachable: the store does not answer.
        """
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        trouble: Unreachable | None = None
        for part in [part for part in self.store.parts() if part.level is not BREAKS]:
            try:
                names = self._names(part)
            except Unreachable as error:
                trouble = error
                continue
            for name in names:
                first, last = found.get(name, (part.begin, part.end))
                found[name] = min(first, part.begin), max(last, part.end)
        if trouble is not None and not found:
            raise trouble
        now = time.time()
        return [Known(*name, first * DAY, min(last * DAY, now)) for name, (first, last) in sorted(found.items())]

    def named(self, name: str) -> tuple[str, str]:
        """Key and field of KEY.FIELD: the longest key that is known wins.

        Raises:
            WardenError: there is nothing of this name.
            Unreachable: the store does not answer.
        """
        parts = name.split(".")
        splits = [(".".join(parts[:at]), ".".join(parts[at:])) for at in range(len(parts) - 1, 0, -1)]
        known = {(each.key, each.field) for each in self.known()}
        found = next((split for split in splits if split in known), None)
        if found is None:
            raise WardenError(f"there is no history of {name:.80}; `warden history list` shows what there is")
        return found

    def range(self, key: str, field: str, begin: float, end: float, wanted: int = 0) -> Range:
        """The values of a field from `begin` up to and including `end`, in Unix seconds.

        Args:
            key: of the document.
            field: in it; of a plain value, `value`.
            begin: the begin.
            end: the end.
            wanted: about how many points there should be; 0: every value, as far as it is still kept.

        Raises:
            WardenError: there is nothing of this field, the range is none, or it has too many values.
            Unreachable: the store does not answer.
        """
        parts = self.store.parts()
        begin, end = _bounded(begin, end, parts)
        question = Question(self.store, parts, key, field, begin, end)
        level = question.reaching(choose(end - begin, wanted))
        found = question.values(wanted) if level is RAW else question.points(level, wanted)
        if not (question.series_seen or self._knows(key, field)):
            raise WardenError(f"there is no history of {key}.{field}; `warden history list` shows what there is")
        return found

    def changes(self, at: float, seconds: float = 60.0, most: int = 50) -> list[Change]:
        """The fields that changed most across a time in Unix seconds: so long before it, and so long after.

        Raises:
            WardenError: the time is none.
            Unreachable: the store does not answer.
        """
        if not math.isfinite(at) or not 0 < seconds <= DAY:
            raise WardenError("write a time in Unix seconds, and up to a day of seconds before and after it")
        return across(self.store, at, seconds, most)

    def _knows(self, key: str, field: str) -> bool:
        """Whether there was ever a value of a field, or a null."""
        for part in [part for part in self.store.parts() if part.level is BREAKS]:
            with suppress(Unreachable), self.store.read(part) as connection:
                if breaks.knows(connection, key, field):
                    return True
        return any((each.key, each.field) == (key, field) for each in self.known())

    def _names(self, part: Part) -> list[tuple[str, str, str]]:
        column = tables.series.c
        with self.store.read(part) as connection:
            highest = connection.scalar(select(column.id).order_by(column.id.desc()).limit(1)) or 0
            known = self._known.get(part)
            if known is None or known[0] != highest:
                found = [tuple(row) for row in connection.execute(select(column.key, column.field, column.agent))]
                known = self._known[part] = highest, found
        return known[1]


def _bounded(begin: float, end: float, parts: Sequence[Part]) -> tuple[float, float]:
    """The range as far as there can be values."""
    if not (math.isfinite(begin) and math.isfinite(end)):
        raise WardenError("the range has no begin or end; write times in Unix seconds")
    if end < begin:
        raise WardenError("the range ends before it begins; exchange the two times")
    first = min((part.begin for part in parts), default=day_of(time.time())) * DAY
    latest = time.time() + AHEAD
    return min(max(begin, first), latest), min(max(end, first), latest)
