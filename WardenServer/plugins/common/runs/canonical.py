"""Values as the text in which the store keeps them: equal values have the same text, different ones do not.

It is JSON with NaN and Infinity, keys in order, no blanks. 1 and 1.0 are the same value, True and 1 are not.
"""

import json
import re
from typing import Any

#: How many lists and objects may stand in each other: what reads a value goes down by calling itself.
DEEPEST = 100
#: Whole numbers up to here have all their digits; larger ones that a float holds are written as the float.
_WHOLE = 2**64
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
#: Of an escaped character in JSON: the halves of UTF-16 pairs, which UTF-8 cannot hold, or anything else.
_ESCAPED = re.compile(r"\\(?:u(d[89a-f][0-9a-f]{2})|.)", re.DOTALL)


def text_of(value: Any) -> str:
    """The text of a value. UTF-8 holds it, and it has no NUL.

    Raises:
        TypeError, ValueError: JSON cannot hold the value, or it is nested too deeply.
    """
    text = _ENCODER.encode(_plain(value, DEEPEST))
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def value_of(text: str) -> Any:
    """The value of a text. Raises ValueError where it is no JSON."""
    if "\\ud" in text:  # a half of a pair stays one, also where both stand side by side
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], text)
    return json.loads(text)


def _plain(value: Any, depth: int) -> Any:
    """The value with its numbers in the one form of several that are equal."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if depth == 0:
        raise ValueError(f"lists and objects stand more than {DEEPEST} deep in each other")
    if isinstance(value, list | tuple):
        return [_plain(each, depth - 1) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each, depth - 1) for key, each in value.items()}
    raise TypeError(f"JSON has no {type(value).__name__}")


def _number(value: int | float) -> int | float:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _WHOLE else value
    if abs(value) < _WHOLE:
        return value
    try:
        return float(value) if float(value) == value else value
    except OverflowError:
        return value
