"""Where two documents differ. Pure."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

#: In place of a value that only the other one has.
ABSENT = "absent"


class Difference(NamedTuple):
    """One place in two documents. `field` is the path to it, such as image[3].sum."""

    field: str
    old: Any
    new: Any

    @property
    def change(self) -> float | None:
        """The relative change of a number, None where there is none."""
        if not (_is_number(self.old) and _is_number(self.new)) or not self.old:
            return None
        try:
            return (self.new - self.old) / abs(self.old)  # type: ignore[no-any-return]
        except OverflowError:
            return None

    def __str__(self) -> str:
        change = self.change
        more = "" if change is None else f" ({100 * change:+.3g} %)"
        return f"{self.field or 'document'}: {_short(self.old)} → {_short(self.new)}{more}"


def differences(old: Any, new: Any, tolerance: float, field: str = "") -> Iterator[Difference]:
    """All places where two values as JSON has them differ; numbers by more than `tolerance`, relative to the larger."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            place = f"{field}.{name}" if field else str(name)
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), tolerance, place)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield Difference(f"length of {field}", len(old), len(new))
        for number, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from differences(before, after, tolerance, f"{field}[{number}]")
    elif not _agree(old, new, tolerance):
        yield Difference(field, old, new)


def _agree(old: Any, new: Any, tolerance: float) -> bool:
    if _is_number(old) and _is_number(new):
        both_nan = old != old and new != new
        return both_nan or old == new or _is_close(old, new, tolerance)
    return type(old) is type(new) and bool(old == new)


def _is_close(old: float, new: float, tolerance: float) -> bool:
    try:
        return math.isclose(old, new, rel_tol=tolerance)
    except OverflowError:  # whole numbers beyond a float
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = f"{value!r}" if value != ABSENT else ABSENT
    return text if len(text) <= 60 else f"{text[:57]}..."
