"""A day of raw lines: what counts, what is left out, and the frame that comes of it."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars
import pytest

from tests.unit.plugins.ping.reports.hours import OPEN, hour_of, values_of
from tests.unit.plugins.ping.reports.lines import BEGIN, DAY, Line, raw, rtts
from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes
from WardenServer.plugins.common.ping.reports import choosing
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS, hourly
from WardenServer.plugins.common.ping.reports.metrics import METRICS

LINE = Line(replies=rtts(*range(10, 20)))


def at(line: Line, time: int) -> Line:
    return Line(**{**vars(line), "time": time})


def many(number: int) -> list[Line]:
    """Lines of many pairs, in time order."""
    chance = random.Random(1)
    return [_any(chance, BEGIN + 86_399 * row // number) for row in range(number)]


def _any(chance: random.Random, time: int) -> Line:
    src, dst = f"hub{chance.randrange(3)}.org", f"www{chance.randrange(20)}.com"
    times = [chance.uniform(1, 99) for _ in range(chance.randrange(11))]
    return Line(src, dst, chance.choice((100, 1000)), time, replies=rtts(*times))


def test_the_frame_has_its_columns_and_is_sorted() -> None:
    values = values_of(many(500)).values
    assert dict(values.schema) == {
        "by": polars.String, "size": polars.Int32, "src": polars.String, "dst": polars.String,
        "time": polars.Datetime("us", "UTC"), **dict.fromkeys(COUNTS, polars.Int64),
        **dict.fromkeys(METRICS, polars.Float64),
    }  # fmt: skip
    keys = values.select(KEYS).rows()
    assert all(before < after for before, after in pairwise(keys))
    assert {key[0] for key in keys} == {"node", "site"}


@pytest.mark.parametrize("data", [[], [b""], [b"No data\n"], [b"mangled"], [raw([at(LINE, 0)])]])
def test_without_samples_the_frame_has_the_same_columns(data: list[bytes]) -> None:
    found = hourly(iter(data), DAY, OPEN, (100, 1000), False)
    assert found.values.is_empty()
    assert found.values.schema == values_of([LINE]).values.schema


def test_the_loss_of_a_line_with_a_broken_count_is_none_that_cannot_be() -> None:
    row = hour_of(Line(sent=2_000_000_000, replies=rtts(1)))
    assert 99.9 < row["packet_loss"] == row["minimum_packet_loss"] < 100


def test_lines_of_several_hosts_are_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = many(300)
    whole = hourly([raw(lines)], DAY, OPEN, (100, 1000), False)
    parts = [raw(lines[:100]).rstrip(), raw(lines[100:101]), b"", raw(lines[101:])]
    assert hourly(iter(parts), DAY, OPEN, (100, 1000), False).values.equals(whole.values)
    monkeypatch.setattr(choosing, "BLOCK", 1)
    apart = hourly(iter(parts), DAY, OPEN, (100, 1000), False)
    assert apart.values.equals(whole.values)
    assert (apart.lines, apart.mangled) == (300, 0)


def test_a_sample_that_is_there_twice_counts_once() -> None:
    lines = many(200)
    assert values_of([*lines, *lines]).values.equals(values_of(lines).values)
    assert hour_of(LINE, LINE)["samples"] == 1


def test_of_a_sample_that_is_told_in_two_ways_the_first_counts() -> None:
    assert hour_of(LINE, Line(replies=rtts(5)))["received"] == 10


@pytest.mark.parametrize("other", [{"time": BEGIN + 1}, {"address": "2001:db8::1"}])
def test_samples_at_another_time_or_of_another_address_are_others(other: dict[str, object]) -> None:
    assert hour_of(LINE, Line(**{**vars(LINE), **other}))["samples"] == 2


def test_lines_of_other_days_are_left_out_and_counted() -> None:
    times = (0, -5, BEGIN - 1, BEGIN, BEGIN + 86_399, BEGIN + 86_400, 2**40, 2**62)
    found = values_of([at(LINE, time) for time in times])
    assert (found.lines, found.of_other_days) == (8, 6)
    hours = found.values.filter(polars.col("by") == "node")["time"].to_list()
    assert hours == [datetime(2026, 11, 25, hour, tzinfo=UTC) for hour in (0, 23)]


def test_only_a_lines_own_time_counts_where_a_clock_jumps() -> None:
    times = [BEGIN + hour * 3600 for hour in (5, 6, 4, 23, 0)]
    assert values_of([at(LINE, time) for time in times]).values.equals(
        values_of([at(LINE, time) for time in sorted(times)]).values
    )


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(1999, 12, 31), date(2000, 1, 1), date(1970, 1, 1)])
def test_any_day_has_24_hours(day: date) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    times = [int((begin + timedelta(minutes=30 * half)).timestamp()) for half in range(-1, 50)]
    found = hourly([raw([at(LINE, time) for time in times])], day, OPEN, (100,), False)
    assert found.of_other_days == 3
    hours = found.values.filter(polars.col("by") == "site")["time"].to_list()
    assert hours == [begin + timedelta(hours=hour) for hour in range(24)]


def test_hosts_that_are_no_nodes_are_left_out_and_counted() -> None:
    nodes = Nodes({name: Node(name, is_enabled=name != "c") for name in ("a", "b", "c")})
    pairs = [("a", "b"), ("A", "B"), ("a", "x"), ("x", "b"), ("a", "c"), ("c", "b"), ("", "")]
    found = values_of([Line(src, dst, replies=rtts(1)) for src, dst in pairs if src], nodes=nodes)
    assert found.of_no_node == 4
    assert set(found.values.select("src", "dst").rows()) == {("a", "b")}


def test_names_in_any_case_are_the_same_host() -> None:
    row = hour_of(LINE, Line(src="Hub.Example.ORG", dst="WWW.example.COM", time=BEGIN + 1, replies=rtts(3)))
    assert (row["src"], row["dst"], row["samples"]) == ("hub.example.org", "www.example.com", 2)


def test_damaged_names_make_no_hosts() -> None:
    lines = [str(LINE), "\0\0\0" + str(LINE), str(LINE).replace("www", "w\x1bw"), str(LINE).replace("www", "w\udcff")]
    data = "\n".join(lines).encode(errors="surrogateescape")
    found = hourly([data], DAY, OPEN, (100,), False)
    assert found.of_no_node == 3
    assert set(found.values["dst"]) == {"www.example.com"}


def test_sizes_that_are_not_wanted_are_left_out() -> None:
    lines = [Line(size=size, replies=rtts(1, 2, 3), sent=1) for size in (56, 500, 1000)]
    found = hourly([raw(lines)], DAY, OPEN, (500,), False)
    assert found.values["size"].to_list() == [500, 500]
    assert found.rogue == 1


def test_more_replies_than_pings_are_counted_and_no_loss() -> None:
    rogue = Line(sent=2, replies=((0, 1.0), (1, 1.0), (1, 2.0)))
    assert values_of([rogue]).rogue == 1
    row = hour_of(rogue)
    assert (row["packet_loss"], row["zero_packet_loss_frequency"], row["duplicate_packets"]) == (0, 100, 1)
    assert (row["sent"], row["received"]) == (2, 3)
    later = Line(sent=2, time=BEGIN + 1, replies=rtts(1.0))
    assert hour_of(rogue, later)["packet_loss"] == 25


def test_old_and_mangled_lines_are_counted() -> None:
    found = values_of(["half a line", f"hub 192.0.2.1 www 100 {BEGIN} 10", LINE])
    assert (found.lines, found.old, found.mangled) == (3, 1, 1)
    assert len(found.values) == 2


def test_a_sample_without_reply_is_unreachable_and_no_loss() -> None:
    alone = hour_of(Line())
    assert {name for name in METRICS if alone[name] is not None} == {
        "unreachability", "zero_packet_loss_frequency", "conditional_loss_probability",
    }  # fmt: skip
    assert (alone["unreachability"], alone["zero_packet_loss_frequency"]) == (1, 0)
    both = hour_of(Line(), at(LINE, BEGIN + 1800))
    assert (both["packet_loss"], both["minimum_packet_loss"], both["unreachability"]) == (0, 0, 0.5)
    assert (both["samples"], both["sent"], both["received"]) == (2, 20, 10)


def test_a_sample_without_reply_is_loss_where_it_is_set() -> None:
    alone = hour_of(Line(), unreachable_is_loss=True)
    assert (alone["packet_loss"], alone["minimum_packet_loss"]) == (100, 100)
    assert (alone["throughput"], alone["MOS"]) == (None, None)
    both = hour_of(Line(), at(LINE, BEGIN + 1800), unreachable_is_loss=True)
    assert (both["packet_loss"], both["minimum_packet_loss"], both["MOS"]) == (50, 0, 1)


def test_a_line_without_list_gives_loss_and_times_alone() -> None:
    row = hour_of(Line(replies=rtts(10, 20), has_list=False))
    known = {name for name in METRICS if row[name] is not None}
    assert known == {
        "average_rtt", "minimum_rtt", "maximum_rtt", "packet_loss", "minimum_packet_loss", "throughput",
        "unreachability", "zero_packet_loss_frequency",
    }  # fmt: skip


@pytest.mark.parametrize("numbers", ["0", "0 1 2 11 12", "0 1 11 x", "0 1 11 nan", "0 1 11 1e400", "0 1 11 -1",
                                     "0 -1 11 12", "0 0.5 11 12", "0 x 11 12", "0 1 11 86400001"])  # fmt: skip
def test_a_list_that_is_none_is_left_out_and_the_summary_stays(numbers: str) -> None:
    head = str(Line(sent=2, replies=rtts(11, 12), has_list=False))
    row = values_of([f"{head} {numbers}"]).values.row(0, named=True)
    assert (row["average_rtt"], row["packet_loss"]) == (11.5, 0)
    lists = ("iqr", "ipdv", "duplicate_packets", "out_of_order_packets", "conditional_loss_probability", "MOS")
    assert [row[name] for name in lists] == [None] * len(lists)


def test_huge_sequence_numbers_are_data() -> None:
    row = hour_of(Line(replies=((2**40, 5.0), (65_535, 3.0), (2**40, 4.0))))
    assert (row["duplicate_packets"], row["out_of_order_packets"], row["conditional_loss_probability"]) == (1, 1, None)
    assert row["iqr"] == 1


def test_a_single_reply_has_no_ipdv_and_no_iqr_to_speak_of() -> None:
    row = hour_of(Line(replies=rtts(5)))
    assert (row["iqr"], row["ipdv"], row["MOS"]) == (0, None, None)


def test_lists_of_many_replies_are_lists() -> None:
    row = hour_of(Line(sent=50_000, replies=rtts(*[1, 3] * 25_000)))
    assert (row["iqr"], row["ipdv"], row["conditional_loss_probability"]) == (2, 4, 0)


def test_times_of_zero_give_neither_throughput_nor_alpha() -> None:
    nodes = Nodes({"a": Node("a", position=(0, 0)), "b": Node("b", position=(0, 1))})
    row = hour_of(Line("a", "b", replies=rtts(0, 0)), nodes=nodes)
    assert (row["minimum_rtt"], row["throughput"], row["alpha"]) == (0, None, None)
    assert row["MOS"] is not None


def test_unpredictability_stands_under_both_sizes_with_the_same_value() -> None:
    lines = [Line(size=size, time=BEGIN + late, replies=rtts(*[10 + late / 180] * (10 - late // 600)))
             for size in (100, 1000) for late in (0, 1800)]  # fmt: skip
    values = values_of(lines).values
    assert values["size"].to_list() == [100, 1000] * 2
    [value] = set(values["unpredictability"])
    assert value == pytest.approx(((1 - 0.85) ** 2 + (1 - 0.75) ** 2) ** 0.5 / 2**0.5)


def test_unpredictability_needs_two_samples_of_either_size() -> None:
    small = [Line(size=100, time=BEGIN + late, replies=rtts(1)) for late in (0, 1800)]
    assert values_of([*small, Line(size=1000, replies=rtts(1))]).values["unpredictability"].to_list() == [None] * 4


def test_a_site_has_the_mean_of_its_pairs_that_have_a_value_and_the_sum_of_their_counts() -> None:
    nodes = Nodes({name: Node(name, site=name[0]) for name in ("a1", "a2", "b1", "b2")})
    lines = [Line("a1", "b1", replies=rtts(10)), Line("a1", "b2", replies=rtts(40, 40)), Line("a2", "b1")]
    row = values_of(lines, nodes=nodes).values.row(-1, named=True)
    assert (row["by"], row["src"], row["dst"], row["samples"], row["received"]) == ("site", "a", "b", 3, 3)
    assert row["average_rtt"] == 25
    assert row["packet_loss"] == pytest.approx(85)
    assert row["unreachability"] == pytest.approx(1 / 3)


def test_the_same_lines_give_the_same_values_to_the_last_bit() -> None:
    lines = many(3000)
    names = {name for line in lines for name in (line.src, line.dst)}
    nodes = Nodes({name: Node(name, site=name[:3]) for name in names})
    first = values_of(lines, nodes=nodes).values
    assert len(first.filter(polars.col("by") == "site")) == 48
    for _ in range(5):
        assert values_of(lines, nodes=nodes).values.equals(first)
