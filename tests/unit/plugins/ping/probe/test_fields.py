"""The document of a host."""

import itertools
import json
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.hosts import Host, Pings
from WardenServer.plugins.common.ping.probe import fields
from WardenServer.plugins.common.ping.probe.newest import Newest, Total
from WardenServer.plugins.common.ping.probe.round import Outcome, Target
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply, Sample

HOST = Host("a", pings=(Pings(4, 100), Pings(4, 1000)))


def sample(size: int, *replies: tuple[int, float], gateway: Measured | None = None, **more: object) -> Sample:
    measured = Measured(1e9 + size, 4, tuple(Reply(*reply) for reply in replies), **more)  # type: ignore[arg-type]
    return Sample(HOST, "192.0.2.1", size, measured, gateway)


def document(*samples: Sample, trouble: str = "", host: Host = HOST) -> fields.Document:
    return fields.document(Outcome(Target(host, "192.0.2.1"), samples, trouble))


def test_a_document_has_the_values_of_each_size() -> None:
    found = document(
        sample(100, (0, 1.0), (1, 2.0), (2, 4.0), (3, 3.0)), sample(1000, (0, 5.0), (2, 7.0), marks=("late",))
    )
    assert found == {
        "loss_100": 0.0, "rtt_min_100": 1.0, "rtt_avg_100": 2.5, "rtt_max_100": 4.0, "jitter_100": 1.5,
        "loss_1000": 50.0, "rtt_min_1000": 5.0, "rtt_avg_1000": 6.0, "rtt_max_1000": 7.0, "jitter_1000": None,
        "state": "answers", "address": "192.0.2.1", "method": "raw", "marks": "late", "measured": 1e9 + 1000,
        "gateway_loss": None, "fault": "", "trouble": "",
    }  # fmt: skip
    assert json.dumps(found, allow_nan=False)


def test_without_a_reply_there_is_a_loss_and_no_time() -> None:
    found = document(sample(100), sample(1000))
    assert (found["loss_100"], found["rtt_avg_100"]) == (100.0, None)
    assert found["state"] == "silent"


def test_before_it_was_measured_all_is_none() -> None:
    found = fields.before(HOST)
    assert [found[name] for name in ("loss_100", "jitter_1000", "measured", "gateway_loss")] == [None] * 4
    assert (found["state"], found["trouble"]) == ("not measured", "")


def test_a_name_that_is_unknown_and_a_host_that_fails_are_states_of_their_own() -> None:
    unknown = fields.document(Outcome(Target(HOST), (), "DNS does not know a"))
    assert (unknown["state"], unknown["trouble"]) == ("no name", "DNS does not know a")
    failed = document(trouble="ping cannot be run")
    assert (failed["state"], failed["trouble"]) == ("not measured", "ping cannot be run")


def test_duplicates_are_no_replies_more_and_the_first_time_counts() -> None:
    found = document(sample(100, (1, 2.0), (0, 9.0), (1, 99.0), (2, 3.0), (3, 3.0)))
    assert (found["loss_100"], found["rtt_max_100"], found["rtt_min_100"]) == (0.0, 9.0, 2.0)
    rogue = document(sample(100, *((each, 1.0) for each in range(9))))
    assert rogue["loss_100"] == 0.0, "more replies than pings"


def test_several_sets_of_one_size_count_together() -> None:
    found = document(sample(100, (0, 1.0)), sample(100, (0, 2.0), (1, 4.0)))
    assert [found[f"{name}_100"] for name in ("loss", "rtt_min", "rtt_avg", "rtt_max")] == [62.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("replies", "of_gateway", "loss", "fault"), [(4, 4, 0, ""), (3, 4, 0, "theirs"), (3, 2, 50, "ours"), (4, 2, 50, "")]
)
def test_whose_fault_it_is(replies: int, of_gateway: int, loss: float, fault: str) -> None:
    gateway = Measured(1.0, 4, tuple(Reply(each, 1.0) for each in range(of_gateway)))
    found = document(sample(100, *((each, 1.0) for each in range(replies)), gateway=gateway))
    assert (found["gateway_loss"], found["fault"]) == (loss, fault)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e5), max_size=20))
def test_jitter_is_the_distance_of_the_quartiles_of_the_differences(times: list[float]) -> None:
    found = fields.jitter(times)
    if len(times) < 3:
        assert found is None
        return
    steps = [after - before for before, after in itertools.pairwise(times)]
    low, _, high = statistics.quantiles(steps, n=4, method="inclusive")
    assert found == pytest.approx(high - low, abs=1e-6)


def test_the_example_of_the_metrics() -> None:
    assert fields.jitter([218, 217, 219, 218, 218, 217, 217, 217, 217, 217]) == 1.0


def test_units() -> None:
    assert fields.properties("loss_100")["unit"] == fields.properties("gateway_loss")["unit"] == "%"
    assert fields.properties("rtt_min_1000") == fields.properties("jitter_56") == {"unit": "ms", "format": "%.3f"}
    assert fields.properties("measured")["unit"] == "s"
    assert fields.properties("state") == fields.properties("address") == {}


def test_the_newest_of_all_hosts() -> None:
    newest = Newest()
    names = ["a", "b", "c", "d"]
    newest.listed([Host(name, has_alarm=name != "c") for name in names])
    assert newest.total() == Total(4, 0, 0, 0, None, ())
    for name, replies in (("a", 2), ("b", 0), ("c", 0)):
        measured = Measured(1e9, 4, tuple(Reply(each, 1.0) for each in range(replies)))
        newest.take(Outcome(Target(Host(name), "x"), (Sample(Host(name), "x", 100, measured),)))
    newest.take(Outcome(Target(Host("d")), (), "DNS does not know d"))
    assert newest.total() == Total(4, 1, 2, 1, pytest.approx(100 * 10 / 12), ("b",))
    assert list(newest.documents) == names

    newest.listed([Host("d"), Host("a"), Host("e")])
    assert newest.total() == Total(3, 1, 0, 1, 50.0, ())
    assert {name: document["state"] for name, document in newest.documents.items()} == {
        "d": "no name", "a": "answers", "e": "not measured",
    }  # fmt: skip
