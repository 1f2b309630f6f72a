"""Nested values compared, beside the libraries that do so."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.figure import Run
from tests.bench.timing import repeat
from WardenServer.errors import WardenError
from WardenServer.plugins.common.differ import compare
from WardenServer.plugins.common.differ.change import Pair
from WardenServer.plugins.common.differ.rules import Rules

#: Leaves that change.
CHANGED = 20


def document(leaves: int) -> Any:
    """An object of objects with ten leaves each: numbers, texts, states, and a short array."""
    return {f"motor{number}": _motor(number) for number in range(leaves // 10)}


def array(length: int) -> Any:
    """Numbers."""
    return [number * 0.25 for number in range(length)]


def _motor(number: int) -> Any:
    return {"Position": number * 0.37, "Limits": [0.5, 1.5, float(number)], "Name": f"eh1.{number:02}", "Steps": number,
            "Axis": {"Unit": "mm", "Offset": number * -0.5, "IsOn": True}, "State": "ON"}  # fmt: skip


def changed(value: Any) -> Any:
    """A copy in which as many numbers differ as should."""
    new = copy.deepcopy(value)
    step = len(value) // CHANGED
    for at in range(0, step * CHANGED, step):
        if isinstance(new, list):
            new[at] += 1000.5
        else:
            new[f"motor{at}"]["Axis"]["Offset"] += 1000.5
    return new


VALUES: dict[str, Callable[[int], Any]] = {"document": document, "array": array}


def difference(folder: Path, who: str, kind: str, size: int, times: int) -> Run:
    """Milliseconds for what differs in two values; all of it must be found."""
    old = VALUES[kind](size)
    new, find = changed(old), FINDERS[who]()
    if (found := find(old, new)) != CHANGED:
        raise WardenError(f"{who} has found {found} of {CHANGED} changes; nothing is compared")
    return repeat(times, int, lambda _: find(old, new))


def _ours() -> Callable[[Any, Any], int]:
    rules = Rules()

    def find(old: Any, new: Any) -> int:
        return len(compare.compare([Pair("Petra", "Value", old, new)], rules).changes[0].lines)

    return find


def _jsondiff() -> Callable[[Any, Any], int]:
    """What it gives has the form of the value, and of an array what it deletes and inserts; what is new is counted."""
    import jsondiff

    def leaves(value: Any) -> int:
        if isinstance(value, dict):
            return sum(leaves(each) for key, each in value.items() if key is not jsondiff.delete)
        return len(value) if isinstance(value, list) else 1

    return lambda old, new: leaves(jsondiff.diff(old, new))


def _dictdiffer() -> Callable[[Any, Any], int]:
    import dictdiffer

    return lambda old, new: len(list(dictdiffer.diff(old, new)))


def _deepdiff() -> Callable[[Any, Any], int]:
    import deepdiff

    return lambda old, new: len(deepdiff.DeepDiff(old, new)["values_changed"])


FINDERS: dict[str, Callable[[], Callable[[Any, Any], int]]] = {
    "ours": _ours, "jsondiff": _jsondiff, "dictdiffer": _dictdiffer, "deepdiff": _deepdiff,
}  # fmt: skip
