"""Pairs of values compared by the rules: each by its kind, and equal changes of several partitions together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from WardenServer.plugins.common.differ import hiding, lines, nested, numeric, shown
from WardenServer.plugins.common.differ.change import MISSING, Change, Comparison, Kind, Pair, Spared, Unavailable
from WardenServer.plugins.common.differ.rules import Rules, Tolerance

_EXACT = Tolerance()


def compare(pairs: Iterable[Pair], rules: Rules) -> Comparison:
    """What changed. NaN equals NaN, 1 equals 1.0, True does not equal 1; of texts see lines.py."""
    changes: list[Change] = []
    unavailable: list[Spared] = []
    masked: list[Spared] = []
    for pair in pairs:
        if isinstance(pair.new, Unavailable) or isinstance(pair.old, Unavailable):
            unavailable.append(Spared(pair.partition, pair.parameter, _why(pair)))
            continue
        found = None if nested.is_plainly_same(pair.old, pair.new) else _judge(pair, rules)
        if isinstance(found, Spared):
            masked.append(found)
        elif found is not None:
            changes.append(found)
    return Comparison(_merged(changes), tuple(unavailable), tuple(masked))


def is_same(old: object, new: object) -> bool:
    """Whether two values are the same, without tolerance."""
    return nested.is_plainly_same(old, new) or next(nested.changes(old, new, _EXACT), None) is None


def _why(pair: Pair) -> str:
    """Why a side could not be read."""
    return next(side.reason for side in (pair.new, pair.old) if isinstance(side, Unavailable))


def _judge(pair: Pair, rules: Rules) -> Change | Spared | None:
    """What a pair comes to."""
    change = _change(pair, rules.tolerance(pair.partition, pair.parameter))
    masks = rules.masks_of(pair.partition, pair.parameter) if change is not None else []
    if whole := [mask for mask in masks if mask.lines is None]:
        return Spared(pair.partition, pair.parameter, whole[0].reason)
    shorter, reason = hiding.hide(pair, masks)
    if reason:
        return _change(shorter, _EXACT) or Spared(pair.partition, pair.parameter, reason)
    return change


def _change(pair: Pair, tolerance: Tolerance) -> Change | None:
    """What changed, in lines; None where there is none."""
    kind, said, coarse = _said(pair.old, pair.new, tolerance)
    if not said:
        return None
    return Change(pair.parameter, (pair.partition,), kind, pair.old, pair.new, said, coarse, pair.since)


def _said(old: Any, new: Any, tolerance: Tolerance) -> tuple[Kind, tuple[str, ...], bool]:
    """The kind of a change, its lines, and whether they are coarse."""
    if old is MISSING:
        return Kind.ADDED, _whole("", new, f"added {shown.value(new)}"), False
    if new is MISSING:
        return Kind.REMOVED, _whole(old, "", f"removed {shown.value(old)}"), False
    if nested.is_nested(old, new):
        return Kind.NESTED, nested.lines(old, new, tolerance), False
    if isinstance(old, str) and isinstance(new, str):
        found = lines.diff(old, new)
        return Kind.TEXT, found.lines, found.coarse
    kind = Kind.NUMBER if numeric.is_number(old) and numeric.is_number(new) else Kind.VALUE
    return kind, () if nested.is_same_leaf(old, new, tolerance) else (shown.between(old, new),), False


def _whole(old: Any, new: Any, otherwise: str) -> tuple[str, ...]:
    """All lines of a text that was added or removed; of what is no text, or blank, the other sentence."""
    both = isinstance(old, str) and isinstance(new, str)
    return (lines.diff(old, new).lines if both else ()) or (otherwise,)


def _merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """A parameter that changed in the same way in several partitions stands once, in place of the first."""
    groups: list[list[Change]] = []
    alike: dict[tuple[Any, ...], list[list[Change]]] = {}
    for change in changes:
        there = alike.setdefault((change.parameter, change.kind, "\n".join(change.lines).strip(), change.since), [])
        if group := next((each for each in there if _is_alike(each[0], change)), None):
            group.append(change)
        else:
            groups.append([change])
            there.append(groups[-1])
    return tuple(group[0] if len(group) == 1 else _one(group) for group in groups)


def _is_alike(one: Change, other: Change) -> bool:
    """Whether two changes with the same lines are the same: the line of a large value does not tell all of it."""
    if one.kind in (Kind.TEXT, Kind.NESTED):
        return True
    return is_same(one.old, other.old) and is_same(one.new, other.new)


def _one(group: Sequence[Change]) -> Change:
    partitions = dict.fromkeys(partition for change in group for partition in change.partitions)
    return replace(group[0], partitions=tuple(partitions))
