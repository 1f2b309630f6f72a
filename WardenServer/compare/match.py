"""Pairs of samples of one key, and the verdict on it. Pure, and all of it can be saved.

Samples with a time are pairs where their times are within one interval of the slower writer. Where there is none, as in
states and checks, what both hold at the same time is a pair; one side may be late by LAG.
"""

import itertools
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from WardenServer.compare.sample import Sample, agree, between, kind

#: Pairs that a verdict needs, and the share of them that may differ: values change while they are read.
ENOUGH, SHARE = 20, 0.05
#: Seconds that one side may be later than the other, where nothing has a time; and between two such pairs.
LAG, PAUSE = 15.0, 1.0
#: Samples of each side that are kept to find pairs.
KEPT = 60


@dataclass
class Field:
    """How often a field was compared and differed, with an example."""

    pairs: int = 0
    differ: int = 0
    types: int = 0
    missing: int = 0
    example: str = ""


@dataclass
class Key:
    """All that was found of one key."""

    pairs: int = 0
    ours: int = 0
    theirs: int = 0
    forms: dict[str, int] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    oldest_ours: float = 0.0
    oldest_theirs: float = 0.0


class Matcher:
    """Takes samples of one key from both sides, as they come."""

    def __init__(self, tolerance: float, found: Key | None = None) -> None:
        self.found = found or Key()
        self._tolerance = tolerance
        self._ours: deque[Sample] = deque(maxlen=KEPT)
        self._theirs: deque[Sample] = deque(maxlen=KEPT)
        self._paired: deque[tuple[float, float]] = deque(maxlen=4 * KEPT)
        self._last = 0.0

    def take(self, ours: Sample | None, theirs: Sample | None, now: float) -> None:
        """What both hold now, None where there is nothing."""
        self._note(ours, theirs, now)
        if ours is None or theirs is None:
            return
        if ours.stamp is None or theirs.stamp is None:
            self._ours.append(ours)
            self._theirs.append(theirs)
            if now - self._last >= PAUSE:
                self._last = now
                self._observe(ours, theirs, now)
            return
        is_new = _add(self._ours, ours) | _add(self._theirs, theirs)
        if is_new:
            self._match()

    def _note(self, ours: Sample | None, theirs: Sample | None, now: float) -> None:
        found = self.found
        if ours is not None:
            found.ours += 1
            found.oldest_ours = max(found.oldest_ours, now - (ours.stamp or now))
        if theirs is not None:
            found.theirs += 1
            found.oldest_theirs = max(found.oldest_theirs, now - (theirs.stamp or now))

    def _match(self) -> None:
        """Make pairs of what is near enough in time, each sample once."""
        window = max(_interval(self._ours), _interval(self._theirs))
        if not window:
            return
        used_ours, used_theirs = {a for a, _ in self._paired}, {b for _, b in self._paired}
        for at, theirs in enumerate(self._theirs):
            if theirs.stamp in used_theirs or theirs.stamp is None or at + 1 == len(self._theirs):
                continue  # the newest waits until what comes after it is known
            free = [each for each in self._ours if each.stamp is not None and each.stamp not in used_ours]
            near = min(free, key=lambda each: abs((each.stamp or 0.0) - (theirs.stamp or 0.0)), default=None)
            if near is None or near.stamp is None or abs(near.stamp - theirs.stamp) > window:
                continue
            self._paired.append((near.stamp, theirs.stamp))
            used_ours.add(near.stamp)
            around = [self._theirs[n] for n in range(max(0, at - 1), min(len(self._theirs), at + 2))]
            self._compare(near, theirs, around, [near])

    def _observe(self, ours: Sample, theirs: Sample, now: float) -> None:
        lately = [each for each in self._theirs if now - each.seen <= LAG]
        ours_lately = [each for each in self._ours if now - each.seen <= LAG]
        self._compare(ours, theirs, lately, ours_lately)

    def _compare(self, ours: Sample, theirs: Sample, around: Sequence[Sample], ours_around: Sequence[Sample]) -> None:
        found = self.found
        found.pairs += 1
        if ours.form != theirs.form:
            name = f"{theirs.form} there, {ours.form} here"
            found.forms[name] = found.forms.get(name, 0) + 1
        for name, value in theirs.fields.items():
            said = found.fields.setdefault(name, Field())
            said.pairs += 1
            if name not in ours.fields:
                said.missing += 1
                continue
            mine = ours.fields[name]
            near = [each.fields[name] for each in around if name in each.fields]
            mine_near = [each.fields[name] for each in ours_around if name in each.fields]
            if between(mine, near, self._tolerance) or any(agree(value, each, self._tolerance) for each in mine_near):
                continue
            if kind(mine) != kind(value) and "null" not in (kind(mine), kind(value)):
                said.types += 1
            else:
                said.differ += 1
            said.example = f"{value!r:.60} there, {mine!r:.60} here"
        found.added += [name for name in ours.fields if name not in theirs.fields and name not in found.added]


def _add(samples: deque[Sample], sample: Sample) -> bool:
    """Keep a sample that is new by its time."""
    if samples and samples[-1].stamp == sample.stamp:
        return False
    samples.append(sample)
    return True


def _interval(samples: Sequence[Sample]) -> float:
    """How often a side writes, in seconds; 0 where that is not known yet."""
    stamps = [each.stamp for each in samples if each.stamp is not None]
    steps = [later - earlier for earlier, later in itertools.pairwise(stamps) if later > earlier]
    return statistics.median(steps) * 1.05 if len(steps) >= 2 else 0.0


@dataclass(frozen=True)
class Verdict:
    """On one key: state is same, differs, missing, extra or open (too few pairs); why says what differs."""

    state: str
    why: list[str]
    notes: list[str]


def judge(key: Key) -> Verdict:
    """The verdict on what was found."""
    notes = [f"ours adds {', '.join(sorted(key.added))}"] if key.added else []
    if not key.theirs:
        return Verdict("extra" if key.ours else "open", [], notes or (["neither has it"] if not key.ours else []))
    if not key.ours:
        return Verdict("missing", ["only the other server has it"], notes)
    why = [f"form: {form} ({count} times)" for form, count in key.forms.items()]
    for name, said in key.fields.items():
        why += _of_field(name, said)
    if key.oldest_ours > 2 * key.oldest_theirs + LAG:
        why.append(f"age: up to {key.oldest_ours:.0f} s here, {key.oldest_theirs:.0f} s there")
    if key.pairs < ENOUGH:
        return Verdict("open", [], [*notes, f"{key.pairs} of {ENOUGH} pairs", *why])
    return Verdict("differs" if why else "same", why, notes)


def _of_field(name: str, said: Field) -> list[str]:
    found = []
    if said.missing > SHARE * said.pairs:
        found.append(f"{name}: missing here in {said.missing} of {said.pairs} pairs")
    if said.types > SHARE * said.pairs:
        found.append(f"{name}: another type in {said.types} of {said.pairs} pairs, such as {said.example}")
    if said.differ > SHARE * said.pairs:
        found.append(f"{name}: another value in {said.differ} of {said.pairs} pairs, such as {said.example}")
    return found


def save(keys: dict[str, Key]) -> Any:
    """All that was found, as JSON can hold it."""
    return {name: asdict(key) for name, key in keys.items()}


def load(content: Any) -> dict[str, Key]:
    """What `save` made."""
    return {
        name: Key(**{**said, "fields": {field: Field(**each) for field, each in said["fields"].items()}})
        for name, said in content.items()
    }
