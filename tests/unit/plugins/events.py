"""Events as hypothesis makes them, and how processors are fed with them one by one and in arrays."""

from collections.abc import Iterator, Sequence
from typing import Any

import awkward
import numpy as np
from hypothesis import strategies as st

from WardenServer.results.result import clean, to_json

#: A number, or what comes in place of one.
PLAIN = st.one_of(
    st.floats(-100, 100), st.integers(-100, 100), st.floats(), st.none(), st.booleans(), st.sampled_from(["", "1", "ß"])
)
VALUES = st.one_of(PLAIN, st.lists(PLAIN, max_size=3), st.lists(st.lists(PLAIN, max_size=2), max_size=2))
HUGE = st.sampled_from([2**70, 10**400, -(2**64), 1e300, -1e308])
RECORDS = st.one_of(
    st.fixed_dictionaries({}, optional={"e": VALUES, "größe": PLAIN}),
    st.fixed_dictionaries({"hit": st.fixed_dictionaries({}, optional={"e": VALUES})}),
)
EVENTS = st.lists(st.one_of(RECORDS, st.none(), st.integers(0, 2)), max_size=12)
#: What only comes one by one: arrays of awkward cannot hold it.
ANYTHING = st.one_of(RECORDS, st.fixed_dictionaries({"e": HUGE}), st.sampled_from([b"e", "e", "", (), [1, 2], 1.5]))
CUTS = st.lists(st.integers(1, 5), max_size=6)


def parts(events: Sequence[Any], cuts: Sequence[int]) -> Iterator[Any]:
    """The events in order, in pieces of these lengths; the last piece has the rest."""
    begin = 0
    for cut in [*cuts, len(events)]:
        if begin < len(events):
            yield events[begin : begin + cut]
        begin += cut


def one_by_one(processor: Any, events: Sequence[Any]) -> Any:
    for event in events:
        processor.event(event)
    return processor


def in_arrays(processor: Any, events: Any, cuts: Sequence[int] = ()) -> Any:
    """Feed arrays of awkward, or parts of the numpy array that the events are."""
    for part in parts(events, cuts):
        processor.events(part if isinstance(part, np.ndarray) else awkward.Array(part))
    return processor


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document as it is published: what cannot be published fails here."""
    fields, _, _ = clean(document)
    assert to_json(fields)
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in fields.items()}


def records(values: Sequence[Any], kind: str = "f8") -> Any:
    """A numpy record array with the field e, and one beside it."""
    numbers = np.arange(len(values))
    return np.rec.fromarrays([np.array(values, dtype=kind), numbers], dtype=[("e", kind), ("number", int)])
