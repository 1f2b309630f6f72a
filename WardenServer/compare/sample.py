"""What a key holds at one time, taken apart: its form, its fields, its time. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from WardenServer.results import wire_form
from WardenServer.results.field import PLAIN


@dataclass(frozen=True)
class Sample:
    """`form` says how the key was written, such as "JSON, flags 0"; `stamp` is the time in the document, in Unix
    seconds, None where it has none; `seen` is when it was read."""

    form: str
    fields: Mapping[str, Any]
    stamp: float | None
    seen: float


#: What our documents say besides their fields.
OURS = frozenset({"error", "reason", "timestamp"})


def read(data: bytes, flags: int, seen: float) -> Sample:
    """A sample of the bytes and flags of a key."""
    try:
        value = wire_form.decode(data, flags)
    except (ValueError, OverflowError):
        return Sample(f"unknown, flags {flags}", {PLAIN: repr(data[:40])}, None, seen)
    if isinstance(value, str) and value.startswith("{"):
        try:
            fields = json.loads(value)
            stamp = fields.get("timestamp")
            is_time = isinstance(stamp, int | float) and not isinstance(stamp, bool)
            plain = {name: item for name, item in fields.items() if name not in OURS}
            return Sample(f"JSON, flags {flags}", plain, float(stamp) if is_time else None, seen)
        except (ValueError, RecursionError):
            pass
    return Sample(f"{type(value).__name__}, flags {flags}", {PLAIN: value}, None, seen)


def kind(value: Any) -> str:
    """The type of a field, for readers: a whole number is a number, true is not."""
    if isinstance(value, bool):
        return "bool"
    names = {int: "number", float: "number", str: "text", list: "list", dict: "table", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Whether two values are the same, numbers within a relative tolerance."""
    if kind(ours) == kind(theirs) == "number":
        return bool(abs(ours - theirs) <= tolerance * max(abs(ours), abs(theirs), 1e-12))
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(agree(*pair, tolerance) for pair in zip(ours, theirs, strict=True))
    return kind(ours) == kind(theirs) and bool(ours == theirs)


def between(value: Any, ends: list[Any], tolerance: float) -> bool:
    """Whether a value is one of the others, or a number between them: it was read while the source changed."""
    if any(agree(value, end, tolerance) for end in ends):
        return True
    numbers = [end for end in ends if kind(end) == "number"]
    return kind(value) == "number" and len(numbers) > 1 and min(numbers) <= value <= max(numbers)
