import math

import pytest

from WardenServer.plugins.common.ping.looking.classes import class_of, classes, meaning
from WardenServer.plugins.common.ping.reports.metrics import METRICS


@pytest.mark.parametrize(
    ("metric", "value", "name"),
    [
        ("packet_loss", 0.0, "excellent"), ("packet_loss", 0.0999, "excellent"), ("packet_loss", 0.1, "good"),
        ("packet_loss", 1.0, "acceptable"), ("packet_loss", 2.5, "poor"), ("packet_loss", 5.0, "very poor"),
        ("packet_loss", 12.0, "bad"), ("minimum_packet_loss", 100.0, "bad"), ("unreachability", 0.0, "excellent"),
        ("unreachability", 1.0, "bad"), ("average_rtt", 0.2, "good"), ("average_rtt", 300.0, "acceptable"),
        ("maximum_rtt", 800.0, "bad"), ("MOS", 4.373, "excellent"), ("MOS", 4.34, "excellent"), ("MOS", 4.339, "good"),
        ("MOS", 2.58, "very poor"), ("MOS", 1.0, "bad"),
    ],
)  # fmt: skip
def test_a_value_has_its_class(metric: str, value: float, name: str) -> None:
    found = class_of(metric, value)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("value", [None, math.nan])
def test_no_value_has_no_class(value: float | None) -> None:
    assert class_of("packet_loss", value) is None
    assert class_of("MOS", value) is None


def test_where_nobody_can_say_what_is_good_there_are_no_classes() -> None:
    assert classes("throughput") == ()
    assert class_of("throughput", 3.0) is None
    assert class_of("no_metric", 3.0) is None


@pytest.mark.parametrize("metric", [metric for metric in METRICS if classes(metric)])
def test_classes_go_from_good_to_bad_and_differ_without_colour(metric: str) -> None:
    found = classes(metric)
    limits = [each.below for each in found[:-1]]
    assert None not in limits
    assert limits == sorted(limits, reverse=metric == "MOS")  # type: ignore[type-var]
    assert found[-1].below is None
    assert len({each.sign for each in found}) == len({each.name for each in found}) == len(found)


def test_a_legend_says_which_values_they_are() -> None:
    assert [meaning("packet_loss", each) for each in classes("packet_loss")][::5] == ["below 0.1", "all others"]
    assert meaning("MOS", classes("MOS")[0]) == "from 4.34 on"
