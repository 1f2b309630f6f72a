"""Old and new code of processors over the same recorded events, for `warden stream replay`."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.authoring.differences import ABSENT, Difference, differences
from WardenServer.errors import PluginError, WardenError
from WardenServer.loading import import_thread, processor_file
from WardenServer.loading.trust import read
from WardenServer.settings import secret, shared
from WardenServer.settings.config import Settings
from WardenServer.streams.batch import MOST, Batch
from WardenServer.streams.code import Code, load
from WardenServer.streams.host import give
from WardenServer.streams.recorded import events_of, lines_of
from WardenServer.streams.sampling import plain

#: Seconds between two reports of how far it is.
PROGRESS = 1.0
#: Most differences that are kept; the rest is counted.
KEPT = 10_000


@dataclass
class Found:
    """What came out. `samples` are documents of one processor, those that are `same` among them; `shown` are (sample
    number, events before it, processor, difference), and `more` are those beyond them."""

    events: int = 0
    undecodable: int = 0
    samples: int = 0
    same: int = 0
    shown: list[tuple[int, int, str, Difference]] = field(default_factory=list)
    more: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        names = ("events", "undecodable", "samples", "same", "more")
        shown = [
            {"sample": number, "events": events, "processor": name, **each._asdict(), "change": each.change}
            for number, events, name, each in self.shown
        ]
        return {**{name: getattr(self, name) for name in names}, "differences": shown}


class _Alone:
    """One processor, fed and sampled by whoever calls it. What it raises is its document from then on."""

    def __init__(self, code: Code) -> None:
        self._code = code  # which keeps its module alive
        self._processor = code.make()
        self._failed = ""

    def feed(self, batch: Batch) -> None:
        """Have it take events."""
        if not self._failed and len(batch):
            try:
                give(self._processor, batch)
            except BaseException as error:  # a processor may raise anything
                self._failed = f"{type(error).__name__}: {error}"

    def sample(self) -> dict[str, Any]:
        """Its document."""
        if self._failed:
            return {"event failed": self._failed}
        try:
            return plain(self._processor.sample())
        except BaseException as error:  # as above
            return {"sample failed": f"{type(error).__name__}: {error}"}


class Replay:
    """The processors of two files. Those with the same name are compared, and where each file has one, those two."""

    def __init__(self, settings: Settings, old: Path, new: Path, tolerance: float) -> None:
        """Import both.

        Raises:
            WardenError: one of them cannot be used.
        """
        before, after = _load(settings, old), _load(settings, new)
        if len(before) == len(after) == 1:
            (name,) = after
            before = {name: next(iter(before.values()))}
        self._sides = [{name: _Alone(code) for name, code in codes.items()} for codes in (before, after)]
        self._names = list(dict.fromkeys([*before, *after]))
        self._tolerance = tolerance
        self.found = Found()

    def run(self, file: Path, every: int, tell: Callable[[Found], None]) -> Found:
        """Feed all events of a file; sample after each `every` events, and at the end.

        Raises:
            WardenError: the file cannot be read.
        """
        told, number = time.monotonic(), 0
        events: list[tuple[Any, Any]] = []
        for line in lines_of(file):
            events += self._decoded(line)
            while (left := (number + 1) * every - self.found.events) <= len(events):
                number += 1
                self._feed(events, left)
                self._compare(number)
            if len(events) >= MOST:
                self._feed(events, len(events))
            if time.monotonic() - told > PROGRESS:
                told = time.monotonic()
                tell(self.found)
        self._feed(events, len(events))
        if self.found.events > number * every or not number:
            self._compare(number + 1)
        return self.found

    def _decoded(self, line: bytes) -> list[tuple[Any, Any]]:
        """The events of a line, for each side its own: code must not change them, but may."""
        if not line.strip():
            return []
        try:
            return list(zip(events_of(line), events_of(line), strict=True))
        except (ValueError, RecursionError):
            self.found.undecodable += 1
            return []

    def _feed(self, events: list[tuple[Any, Any]], count: int) -> None:
        """Feed the first events, in parts, and take them out."""
        for begin in range(0, count, MOST):
            part = events[begin : min(count, begin + MOST)]
            for place, side in enumerate(self._sides):
                batch = Batch([pair[place] for pair in part])
                for each in side.values():
                    each.feed(batch)
        self.found.events += count
        del events[:count]

    def _compare(self, number: int) -> None:
        old, new = ({name: each.sample() for name, each in side.items()} for side in self._sides)
        for name in self._names:
            self.found.samples += 1
            found = list(differences(old.get(name, ABSENT), new.get(name, ABSENT), self._tolerance))
            self.found.same += not found
            room = KEPT - len(self.found.shown)
            self.found.shown += [(number, self.found.events, name, each) for each in found[:room]]
            self.found.more += max(0, len(found) - room)


def _load(settings: Settings, path: Path) -> dict[str, Code]:
    """The processors of a file, by name."""
    path = path.absolute()
    named = processor_file.find(read(path))
    if not named:
        raise PluginError(f"{path} has no processor; write classes with a name and sample(self)")
    return {each.name: _one(settings, path, each) for each in named}


def _one(settings: Settings, path: Path, named: processor_file.Named) -> Code:
    table: Mapping[str, Any] = secret.resolve(named.name, settings.table(named.name))
    table = {name: value for name, value in table.items() if name != "stream"}
    job = partial(load, named.name, path, named.kind, settings.tick, 1.0, table)
    (outcome,) = import_thread.run([(path, job)], settings.load_timeout)
    if isinstance(outcome, Exception):
        raise outcome
    code, contract = outcome
    if contract.required:
        raise WardenError(f"{path} {shared.needs(contract.required, named.name)}")
    return code


def as_text(found: Found) -> str:
    """The end of the report."""
    skipped = f"; {found.undecodable} lines were no JSON" if found.undecodable else ""
    return f"{found.same} of {found.samples} samples are the same, over {found.events} events{skipped}"


def as_json(found: Found) -> str:
    """The report as one JSON object."""
    return json.dumps(found.as_dict(), ensure_ascii=False, default=str)
