"""Plain values in Memcached, in the forms that readers of BeamlineWarden (P02.2) know: python-memcached's of its time.

Text has the flags 0, and so has a whole document: an object of JSON, as text. Whole numbers and bool are decimal digits
with the flags 2, floats are the line that pickle writes for them, with the flags 1. Nothing is ever unpickled.
"""

import enum
import json
import math
import re
from typing import Any

from WardenServer.errors import FieldError

#: The forms that a field can have, as `FIELDS` names them.
FORMS = ("text", "int", "float", "bool", "document")
#: The one of a value that is a whole document: it is for readers of Memcached only.
DOCUMENT = "document"
_TEXT, _PICKLE, _INT, _UNICODE = 0, 1, 2, 16
_FLOAT_LINE = re.compile(rb"F(.{1,40})\n\.", re.DOTALL)
_INT_LINE = re.compile(rb"I(-?\d{1,40})\n\.")


def encode(value: Any, form: str) -> tuple[bytes, int]:
    """A clean value that is not null, as bytes and flags.

    Raises:
        FieldError: the value does not fit the form.
    """
    if isinstance(value, enum.Enum):
        value = value.name if form == "text" else value.value
    if form == DOCUMENT and isinstance(value, str) and _is_object(value):
        return value.encode("utf-8", "replace"), _TEXT
    if form == "text" and isinstance(value, str | int | float):
        return str(value).encode("utf-8", "replace"), _TEXT
    if form == "bool" and isinstance(value, bool):
        return (b"1" if value else b"0"), _INT
    if form == "int" and isinstance(value, int):
        return b"%d" % value, _INT
    if form == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"F{float(value)!r}\n.".encode(), _PICKLE
    raise FieldError(f"is {value!r:.40}, which is no {form}; return what FIELDS says, or correct its form")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def decode(data: bytes, flags: int) -> Any:
    """The value again: text, int, float or bool.

    Raises:
        ValueError: it is in none of these forms.
    """
    if flags in (_TEXT, _UNICODE):
        return data.decode("utf-8", "replace")
    if flags == _INT:
        return int(data)
    if flags == _PICKLE:
        if data in (b"I00\n.", b"I01\n."):
            return data == b"I01\n."
        if (whole := _INT_LINE.fullmatch(data)) is not None:
            return int(whole[1])
        if (real := _FLOAT_LINE.fullmatch(data)) is not None and math.isfinite(number := float(real[1])):
            return number
    raise ValueError(f"a value with the flags {flags} that is no text and no number: {data!r:.40}")
