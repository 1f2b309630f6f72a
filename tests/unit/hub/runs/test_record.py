import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.hub.runs.conftest import Memory
from WardenServer.hub.runs.record import Opened, Record, from_text
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken

TEXT = st.text() | st.just("\udcff")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
TAKEN = st.builds(
    Taken, TEXT, TEXT, VALUES | st.builds(Unavailable, st.text(min_size=1)), st.none() | st.floats(0, 1e11), TEXT
)
SNAPSHOTS = st.builds(
    Snapshot, st.just(3), st.sampled_from(Phase), st.floats(0, 1e11), st.lists(TAKEN, max_size=3)
)
RECORDS = st.builds(
    Record,
    st.builds(Opened, st.just(3), st.floats(0, 1e11), TEXT, TEXT),
    st.none() | SNAPSHOTS,
    st.none() | st.floats(0, 1e11),
)


@given(RECORDS)
def test_a_record_comes_back_from_its_text(record: Record) -> None:
    text = record.as_text()
    assert text.isascii()
    assert from_text(text) == record


def test_nan_comes_back() -> None:
    record = Record(Opened(3, 1.0), Snapshot(3, Phase.END, 1.0, [Taken("a", "b", float("nan"))]))
    again = from_text(record.as_text())
    assert repr(again) == repr(record)
    assert again.snapshot is not None
    assert math.isnan(again.snapshot.values[0].value)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"run": 3, "closed": null}', json.dumps({"run": [1, 2]})])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_text(text)


def test_each_record_is_written_for_itself(memory: Memory) -> None:
    run = Opened(3, 1.0, "me")
    Record(run, closed=9.0).write(memory, "x")  # type: ignore[arg-type]
    shot = Snapshot(3, Phase.START, 2.0)
    Record(run, shot).write(memory, "x")  # type: ignore[arg-type]
    assert memory.wrote == [("begin", 3), ("end", 3), ("start", 3)]
    assert (memory.runs[3].by, memory.runs[3].closed) == ("me", 9.0)
