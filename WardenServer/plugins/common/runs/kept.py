"""A value as a row of the store has it."""

import hashlib
import math
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, func, select

from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs import canonical
from WardenServer.plugins.common.runs.names import clean
from WardenServer.plugins.common.runs.source import Taken
from WardenServer.plugins.common.runs.tables import run_texts

#: Texts with more characters stand in a table of their own, each once.
_LONGEST = 100


class Kept(NamedTuple):
    """The columns of a value; `long` is the text of which `text` is the key, "" where the value itself stands there."""

    text: str | None
    reason: str | None
    quality: str | None
    at: float | None
    long: str


def row_of(taken: Taken) -> Kept:
    """How it is kept. What JSON cannot hold is unavailable; it costs only itself."""
    text, reason = _text_of(taken.value)
    long = text if text is not None and len(text) > _LONGEST else ""
    quality = None if taken.quality == "VALID" else clean(taken.quality)
    at = float(taken.at) if taken.at is not None and math.isfinite(taken.at) else None
    return Kept(_key(long) if long else text, reason, quality, at, long)


def value_of(text: str | None, reason: str | None) -> Any:
    """The value of a row, by its whole text."""
    if text is None:
        return Unavailable(reason or "")
    try:
        return canonical.value_of(text)
    except (ValueError, RecursionError):  # also the key of a long text that is not there
        return Unavailable("the store is damaged here")


def whole_text(values: FromClause) -> ColumnElement[Any]:
    """The text of a row, or the long one of which it has the key."""
    long = select(run_texts.c.text).where(run_texts.c.key == values.c.text).scalar_subquery()
    return func.coalesce(long, values.c.text)


def _text_of(value: Any) -> tuple[str | None, str | None]:
    if isinstance(value, Unavailable):
        return None, clean(value.reason)
    try:
        return canonical.text_of(value), None
    except (TypeError, ValueError, RecursionError) as error:
        return None, clean(f"the store cannot keep it: {error}")


def _key(text: str) -> str:
    return f"#{hashlib.sha256(text.encode()).hexdigest()}"
