"""From results to samples: values with their time, by source. Pure.

A source is what has its values at the same times: the fields of an agent under one key that had a value in one run,
and have no time of their own.
"""

import base64
import enum
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from WardenServer.results.board import parts_of
from WardenServer.results.field import is_document
from WardenServer.results.result import Result
from WardenServer.results.value import Own

#: Microseconds of a second.
MICRO = 1_000_000
#: Types of values that are plain.
_PLAIN = frozenset({float, int, bool, str})
#: How much later than now the time of a value may be, in seconds.
AHEAD = 60.0


class Source(NamedTuple):
    """Whose values these are."""

    agent: str
    key: str
    fields: tuple[str, ...]


class Sample(NamedTuple):
    """The values of a source, one for each of its fields, at a time in microseconds since 1970."""

    source: Source
    time: int
    values: tuple[Any, ...]


class Span(NamedTuple):
    """The times in Unix seconds that values may have. A value with another one gets the time of its run: a clock that
    is wrong makes no days of 2099, and what has not changed for months is still there today."""

    begin: float
    end: float


def plain(value: Any) -> Any:
    """A clean value that is not None as JSON can hold it: enum members are their names, arrays a list of type, shape
    and bytes."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, list(value.shape), base64.b64encode(value.tobytes()).decode("ascii")]
    if isinstance(value, enum.Enum):
        return value.name
    return next((kind(value) for kind in (bool, float, int, str) if isinstance(value, kind)), value)


def samples(result: Result, span: Span, arrays: Collection[str] = ()) -> Iterator[Sample]:
    """All values of a result. Of arrays only those that `arrays` names, as KEY.FIELD."""
    now = _within(result.timestamp, result.timestamp, span)
    if not result.own and not result.places and _PLAIN.issuperset(map(type, result.fields.values())):
        if result.fields:  # the usual case, without a look at each
            yield Sample(Source(result.agent, result.key, tuple(result.fields)), now, tuple(result.fields.values()))
        return
    for each in parts_of(result).values():
        yield from _of_key(each, now, span, arrays)


def _of_key(result: Result, now: int, span: Span, arrays: Collection[str]) -> Iterator[Sample]:
    by_time: dict[int, dict[str, Any]] = {}
    for name, value in result.fields.items():
        if value is None or (isinstance(value, np.ndarray) and f"{result.key}.{name}" not in arrays):
            continue
        if is_document(name, result.places):
            continue
        by_time.setdefault(_time(result.own, name, now, result, span), {})[name] = plain(value)
    for time, fields in by_time.items():
        yield Sample(Source(result.agent, result.key, tuple(fields)), time, tuple(fields.values()))


def _time(owned: Mapping[str, Own], name: str, now: int, result: Result, span: Span) -> int:
    own = owned.get(name)
    return now if own is None or own.timestamp is None else _within(own.timestamp, result.timestamp, span)


def _within(stamp: float, run: float, span: Span) -> int:
    stamp = stamp if span.begin <= stamp <= span.end else run
    return round(min(max(stamp, span.begin), span.end) * MICRO)
