"""What a rule of the notifier looks at in a result, and what it says of that. Knows no time but what it is given.

No data is neither good nor bad: nothing is compared with null.
"""

import enum
import math
import operator
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from WardenServer.results.board import keys_of, part
from WardenServer.results.result import Result
from WardenServer.settings.notify import Rule


class Is(StrEnum):
    """What a rule says."""

    BAD = "bad"
    BETWEEN = "between"  # no longer bad, and not yet well beyond the limit
    GOOD = "good"
    CHANGED = "changed"
    UNKNOWN = "no data"
    FAILING = "failing"  # no data, for the agent fails


class Verdict(NamedTuple):
    """What a rule says of one thing that it watches, and what it saw in words. `subject` is which, where a rule watches
    several."""

    state: Is
    text: str
    subject: str = ""


def judge(rule: Rule, value: Any) -> Verdict:
    """Hold a value against `below`, `above` or `equals`."""
    shown = f"{rule.field} is {_shown(value)}"
    if value is None:
        return Verdict(Is.UNKNOWN, f"{rule.field} has no data")
    if rule.equals is not None:
        return Verdict(Is.BAD if _equal(value, rule.equals) else Is.GOOD, shown)
    limit = rule.below if rule.below is not None else rule.above
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or limit is None:
        return Verdict(Is.UNKNOWN, f"{shown}, which is no number")
    beyond, side = (operator.le, "below") if rule.below is not None else (operator.ge, "above")
    if beyond(value, limit):
        return Verdict(Is.BAD, f"{shown}, at or {side} {limit:g}")
    is_over = rule.clear is None or beyond(rule.clear, value)
    return Verdict(Is.GOOD if is_over else Is.BETWEEN, shown)


def _shown(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    return f"{value:g}" if isinstance(value, float) else f"{value!s:.200}"


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, enum.Enum):
        return wanted in (value.name, value.value)
    if isinstance(value, str) or isinstance(wanted, str):
        return isinstance(value, str) and value == wanted
    return isinstance(value, int | float) and bool(value == wanted)


class Watch:
    """A rule at work. `keys` are those whose results it wants to see; None: of all."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    @property
    def keys(self) -> Iterable[str] | None:
        """See Watch."""
        return None

    def of(self, result: Result, now: float, known: Collection[str] = ()) -> Iterator[Verdict]:
        """What it says of a result. `now` on the monotonic clock; `known` are the subjects of its faults."""
        yield from ()

    def by_time(self, now: float) -> Iterator[Verdict]:
        """What it says when nothing came; asked about once a second."""
        yield from ()


class FieldWatch(Watch):
    """A field by its value, or every change of it."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        parts = rule.field.split(".")
        self._keys = {".".join(parts[:n]): ".".join(parts[n:]) for n in range(1, len(parts))}
        self._longest = ""
        self._last: Any = None

    @property
    def keys(self) -> Iterable[str]:
        """All that may be the key in KEY.FIELD; of those that have the field, the longest counts."""
        return self._keys

    def of(self, result: Result, now: float, known: Collection[str] = ()) -> Iterator[Verdict]:
        """See Watch."""
        for key in keys_of(result):
            if (name := self._keys.get(key)) is None:
                continue
            fields = part(result, key).fields
            if name in fields and len(key) >= len(self._longest):
                self._longest = key
                yield from self._verdict(fields[name], result)

    def _verdict(self, value: Any, result: Result) -> Iterator[Verdict]:
        if value is None and result.error is not None:
            yield Verdict(Is.FAILING, f"agent {result.agent} fails: {result.error}")
        elif not self.rule.changes:
            yield judge(self.rule, value)
        elif value is None:
            yield Verdict(Is.UNKNOWN, f"{self.rule.field} has no data")
        else:
            before, self._last = self._last, _shown(value)
            is_other = before is not None and before != self._last
            said = f"{self.rule.field} changed from {before} to {self._last}" if is_other else ""
            yield Verdict(Is.CHANGED if is_other else Is.GOOD, said)


class FailingWatch(Watch):
    """An agent, or each of them, that fails."""

    def of(self, result: Result, now: float, known: Collection[str] = ()) -> Iterator[Verdict]:
        """See Watch."""
        name = result.agent
        if self.rule.failing not in ("*", name):
            return
        subject = name if self.rule.failing == "*" else ""
        if result.error is not None:
            yield Verdict(Is.BAD, f"agent {name} fails: {result.error}", subject)
        elif subject in known:
            yield Verdict(Is.GOOD, f"agent {name} is good again", subject)


class StaleWatch(Watch):
    """A document in which there has been no value for too long, whyever."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self._fresh: float | None = None

    @property
    def keys(self) -> Iterable[str]:
        """See Watch."""
        return (self.rule.stale,)

    def of(self, result: Result, now: float, known: Collection[str] = ()) -> Iterator[Verdict]:
        """See Watch."""
        if any(value is not None for value in part(result, self.rule.stale).fields.values()):
            self._fresh = now
        yield from ()

    def by_time(self, now: float) -> Iterator[Verdict]:
        """See Watch."""
        self._fresh = now if self._fresh is None else self._fresh
        if now - self._fresh >= self.rule.after:
            yield Verdict(Is.BAD, f"{self.rule.stale} has had no value for {now - self._fresh:.0f} s")
        else:
            yield Verdict(Is.GOOD, f"{self.rule.stale} has values again")


class MissingWatch(Watch):
    """The servers that a check found missing, each by itself."""

    @property
    def keys(self) -> Iterable[str]:
        """See Watch."""
        return (self.rule.missing,)

    def of(self, result: Result, now: float, known: Collection[str] = ()) -> Iterator[Verdict]:
        """See Watch. Without data they stay as they were."""
        servers = part(result, self.rule.missing).fields.get("servers")
        if servers is None:
            return
        missing = {str(name) for name in servers}
        for name in sorted(missing):
            yield Verdict(Is.BAD, f"{name} is missing", name)
        for name in sorted(set(known) - missing):
            yield Verdict(Is.GOOD, f"{name} is there again", name)


def make(rule: Rule) -> Watch:
    """What watches for a rule; one for `events` watches no results."""
    kinds = {"field": FieldWatch, "failing": FailingWatch, "stale": StaleWatch, "missing": MissingWatch}
    return next((kind(rule) for name, kind in kinds.items() if getattr(rule, name)), Watch(rule))
