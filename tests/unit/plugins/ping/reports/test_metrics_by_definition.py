"""Whatever the lines are, each metric equals its definition."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.plugins.ping.reports.definitions import hours
from tests.unit.plugins.ping.reports.lines import BEGIN, DAY, Line, raw
from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS, hourly
from WardenServer.plugins.common.ping.reports.metrics import METRICS

NODES = Nodes({
    "hub.a.org": Node("hub.a.org", site="A", position=(53.5, 9.9)),
    "two.a.org": Node("two.a.org", site="A", position=(53.6, 9.8)),
    "www.b.org": Node("www.b.org", site="B", position=(37.4, -122.2)),
    "far.b.org": Node("far.b.org", site="B"),
    "lone.c.org": Node("lone.c.org", position=(0, 0)),
})  # fmt: skip
NAMES = ("hub.a.org", "HUB.a.org", "two.a.org", "www.b.org", "far.b.org", "lone.c.org")

names = st.sampled_from(NAMES)
rtts = st.one_of(st.integers(0, 400).map(float), st.floats(0.001, 20_000).map(lambda rtt: round(rtt, 3)))
replies = st.lists(st.tuples(st.integers(0, 12), rtts), max_size=12).map(tuple)


@st.composite
def whole_sets(draw: st.DrawFn) -> tuple[tuple[int, float], ...]:
    """Replies of which some are lost, in order, from 0 or 1."""
    base = draw(st.integers(0, 1))
    came = draw(st.sets(st.integers(0, 9)))
    return tuple((base + sequence, draw(rtts)) for sequence in sorted(came))


lines = st.builds(
    Line,
    src=names,
    dst=names,
    size=st.sampled_from((100, 1000)) | st.sampled_from((56, 1400)),
    time=st.integers(0, 20).map(lambda step: BEGIN + 300 * step) | st.just(BEGIN + 86_399),
    sent=st.just(10) | st.integers(1, 12),
    replies=whole_sets() | replies,
    received=st.none() | st.integers(0, 12),
    summary=st.none() | st.tuples(rtts, rtts, rtts).map(sorted).map(tuple),
    has_list=st.sampled_from((True, True, False)),
    address=st.sampled_from(("198.51.100.7", "198.51.100.8")),
)
two_pairs = st.lists(lines, max_size=12)
#: Several samples of one pair in an hour.
one_pair = st.lists(
    st.builds(lambda line, step: Line(**{**vars(line), "src": NAMES[0], "dst": "www.b.org", "time": BEGIN + step}),
              lines, st.integers(0, 3599)), max_size=10,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(two_pairs | one_pair, st.booleans(), st.sampled_from(((100, 1000), (100,), (1000, 1400), (1000, 100, 1400))))
def test_each_metric_equals_its_definition(lines: list[Line], pooled: bool, sizes: tuple[int, ...]) -> None:
    expected = hours(lines, NODES, sizes, pooled)
    got = {_key(row): row for row in hourly([raw(lines)], DAY, NODES, sizes, pooled).values.rows(named=True)}
    assert got.keys() == expected.keys()
    for key, values in expected.items():
        for name in (*COUNTS, *METRICS):
            assert got[key][name] == _about(values[name]), (key, name)


def _key(row: dict[str, Any]) -> tuple[object, ...]:
    assert (row["time"].timestamp() - BEGIN) % 3600 == 0
    return (*(row[name] for name in KEYS[:-1]), (row["time"].timestamp() - BEGIN) // 3600)


def _about(value: float | None) -> Any:
    return value if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)
