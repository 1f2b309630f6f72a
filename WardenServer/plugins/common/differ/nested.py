"""Arrays and nested values of two runs, compared leaf by leaf: what changed stands with its path, such as `a.b[2]`."""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from WardenServer.plugins.common.differ import numeric, shown
from WardenServer.plugins.common.differ.change import MISSING
from WardenServer.plugins.common.differ.rules import Tolerance

#: Most lines of a value; what is more is only counted.
MOST = 200
#: Most steps of a path; of a longer one the last are shown.
DEEPEST = 20

#: The way to a leaf: the way to what it is in, and its key or position there.
Way: TypeAlias = "tuple[Way, Any] | None"
#: A leaf on both sides.
Leaf: TypeAlias = tuple[Way, Any, Any]

_SCALARS = frozenset({str, int, float, bool, type(None)})
_PLAIN = re.compile(r"[^\s.:\[\]\"]{1,200}")


def is_nested(old: Any, new: Any) -> bool:
    """Whether both are arrays, or both are objects."""
    if isinstance(old, dict):
        return isinstance(new, dict)
    return isinstance(old, list | tuple) and isinstance(new, list | tuple)


def is_plainly_same(old: Any, new: Any) -> bool:
    """Whether it is seen at once that two values are the same, as of most it is."""
    return old is new or (type(old) is type(new) and type(new) in _SCALARS and bool(old == new))


def changes(old: Any, new: Any, tolerance: Tolerance) -> Iterator[Leaf]:
    """The leaves that differ, in their order, as (way, old, new); one side may be `MISSING`. An array of another length
    comes itself, before its leaves. Of any depth: nothing here calls itself."""
    waiting: list[Leaf] = [(None, old, new)]
    while waiting:
        leaf = way, before, now = waiting.pop()
        if isinstance(before, dict) and isinstance(now, dict):
            waiting += reversed(_fields(way, before, now))
        elif isinstance(before, list | tuple) and isinstance(now, list | tuple):
            if len(before) != len(now):
                yield leaf
            waiting += reversed(_items(way, before, now))
        elif not is_same_leaf(before, now, tolerance):
            yield leaf


def is_same_leaf(old: Any, new: Any, tolerance: Tolerance) -> bool:
    """Whether two values that are not nested are the same."""
    if numeric.is_number(old) and numeric.is_number(new):
        return numeric.is_within(old, new, tolerance)
    if isinstance(old, str) and isinstance(new, str):
        return is_same_text(old, new)
    return type(old) is type(new) and bool(old == new)


def is_same_text(old: str, new: str) -> bool:
    """Whether two texts are the same but for white space at their ends, and for how their lines end."""
    return old == new or old.strip().splitlines() == new.strip().splitlines()


def lines(old: Any, new: Any, tolerance: Tolerance) -> tuple[str, ...]:
    """What changed, a line for each leaf; at most `MOST`, then how many more there are."""
    found: list[str] = []
    more = 0
    for leaf in changes(old, new, tolerance):
        if len(found) < MOST:
            found.append(_line(*leaf))
        else:
            more += 1
    return (*found, f"and {more} more") if more else tuple(found)


def _fields(way: Way, old: dict[Any, Any], new: dict[Any, Any]) -> list[Leaf]:
    """What may differ in two objects."""
    found: list[Leaf] = []
    for key, before in old.items():
        now = new.get(key, MISSING)
        # As is_plainly_same, without a call.
        if before is not now and not (type(before) is type(now) and type(now) in _SCALARS and before == now):
            found.append(((way, key), before, now))
    found += [((way, key), MISSING, now) for key, now in new.items() if key not in old]
    return found


def _items(way: Way, old: Any, new: Any) -> list[Leaf]:
    """What may differ in two arrays."""
    found: list[Leaf] = [
        ((way, index), before, now)
        for index, (before, now) in enumerate(zip(old, new, strict=False))
        if before is not now and not (type(before) is type(now) and type(now) in _SCALARS and before == now)
    ]
    common = min(len(old), len(new))
    found += [((way, index), before, MISSING) for index, before in enumerate(old[common:], common)]
    found += [((way, index), MISSING, now) for index, now in enumerate(new[common:], common)]
    return found


def _line(way: Way, old: Any, new: Any) -> str:
    if old is MISSING or new is MISSING:
        said = f"added {shown.value(new)}" if old is MISSING else f"removed {shown.value(old)}"
    elif is_nested(old, new):
        said = f"length {len(old)} → {len(new)}"
    else:
        said = shown.between(old, new)
    return f"{path}: {said}" if (path := _path(way)) else said


def _path(way: Way) -> str:
    steps: list[str] = []
    while way is not None and len(steps) < DEEPEST:
        way, key = way
        steps.append(f"[{key}]" if isinstance(key, int) else f".{_key(key)}")
    return "" if not steps else ("…" if way else "") + "".join(reversed(steps)).removeprefix(".")


def _key(key: Any) -> str:
    return key if isinstance(key, str) and _PLAIN.fullmatch(key) else shown.value(str(key))
