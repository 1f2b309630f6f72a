"""The past of a parameter: its values over runs, and the spans of runs in which it had the same one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from WardenServer.plugins.common.differ import nested, numeric, shown
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.differ.rules import Tolerance
from WardenServer.plugins.common.runs import canonical
from WardenServer.plugins.common.runs.source import Point
from WardenServer.web.runs_shown import exact


@dataclass(frozen=True)
class _Span:
    """Points that follow each other with the same value. `group`: spans with equal values have the same number."""

    points: Sequence[Point]
    group: int


def past(points: Sequence[Point], tolerance: Tolerance) -> dict[str, Any]:
    """The points, the oldest first, and the spans, the newest first. What could not be read is no change."""
    return {
        "points": [_point(point) for point in points],
        "spans": [_as_dict(span) for span in reversed(_spans(points, tolerance))],
    }


def _point(point: Point) -> dict[str, Any]:
    about = {"run": exact(point.run), "phase": point.phase, "at": point.at}
    if isinstance(point.value, Unavailable):
        return {**about, "unavailable": point.value.reason}
    return {**about, **_value(point.value)}


def _value(value: Any) -> dict[str, Any]:
    """A value as text of bounded length, and as a number where it is one that a plot can have."""
    text = shown.value(value)
    return {"value": text, "number": float(text) if _can_be_drawn(value) else None}


def _can_be_drawn(value: Any) -> bool:
    try:
        return numeric.is_number(value) and math.isfinite(float(value))
    except OverflowError:
        return False


def _spans(points: Sequence[Point], tolerance: Tolerance) -> list[_Span]:
    """The oldest first. A value is compared with the first one of a span, so that slow drift is seen in the end."""
    runs: list[list[Point]] = []
    for point in points:
        if isinstance(point.value, Unavailable):
            continue
        if runs and _is_same(runs[-1][0].value, point.value, tolerance):
            runs[-1].append(point)
        else:
            runs.append([point])
    groups: dict[str, int] = {}
    return [_Span(span, groups.setdefault(_key(span[0].value), len(groups))) for span in runs]


def _is_same(old: Any, new: Any, tolerance: Tolerance) -> bool:
    return nested.is_plainly_same(old, new) or next(nested.changes(old, new, tolerance), None) is None


def _key(value: Any) -> str:
    """Equal values have the same, as in the store; white space at the ends of a text does not count."""
    try:
        return canonical.text_of(value.strip() if isinstance(value, str) else value)
    except (TypeError, ValueError):  # nested too deeply for the store
        return repr(value)


def _as_dict(span: _Span) -> dict[str, Any]:
    """A span; `since` is where it began, `runs` are all of it."""
    first, last = span.points[0], span.points[-1]
    since = {"run": exact(first.run), "phase": first.phase, "at": first.at}
    return {
        **_value(first.value), "from": exact(first.run), "to": exact(last.run), "since": since, "group": span.group,
        "runs": [exact(run) for run in dict.fromkeys(point.run for point in span.points)],
    }  # fmt: skip
