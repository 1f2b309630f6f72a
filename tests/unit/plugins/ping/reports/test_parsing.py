"""Raw lines become samples: good ones, old ones, and mangled ones of all kinds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.ping.reports.lines import BEGIN, Line, raw, rtts
from WardenServer.plugins.common.ping.reports.parsing import parse

HEAD = "hub.example.org 192.0.2.1 www.example.com 198.51.100.7"
#: A line of the field's documentation.
EXAMPLE = (
    "pinger.slac.stanford.edu 134.79.104.80 www.eldjazair.net.dz 193.194.64.71 100 1301011226 10 10 217.482 217.923 "
    "219.169 0 1 2 3 4 5 6 7 8 9 218 217 219 218 218 217 217 217 217 217"
)
SILENT = f"{HEAD} 100 {BEGIN} 10 0"
SHORT = f"{HEAD} 100 {BEGIN} 10 9 1.5 2.5 3.5"


def test_each_field_is_in_its_column() -> None:
    parsed = parse(f"{EXAMPLE}\n".encode())
    assert parsed.samples.rows(named=True) == [{
        "src": "pinger.slac.stanford.edu", "dst": "www.eldjazair.net.dz", "dst_address": "193.194.64.71",
        "unix": 1301011226, "sent": 10, "size": 100, "received": 10, "minimum_rtt": 217.482, "average_rtt": 217.923,
        "maximum_rtt": 219.169, "list": "0 1 2 3 4 5 6 7 8 9 218 217 219 218 218 217 217 217 217 217",
    }]  # fmt: skip
    assert parsed[1:] == (1, 0, 0)


def test_without_a_reply_there_are_no_times() -> None:
    [silent, said] = parse(f"{SILENT}\n{SILENT} 0 0 0 1 0\n".encode()).samples.rows(named=True)
    assert silent == said
    assert silent["received"] == 0
    assert (silent["minimum_rtt"], silent["average_rtt"], silent["maximum_rtt"], silent["list"]) == (None,) * 4


def test_8_fields_mean_that_nothing_was_received_whatever_they_say() -> None:
    assert parse(f"{HEAD} 100 {BEGIN} 10 10".encode()).samples["received"].to_list() == [0]


def test_a_reduced_line_has_times_and_no_list() -> None:
    [row] = parse(SHORT.encode()).samples.rows(named=True)
    assert (row["minimum_rtt"], row["average_rtt"], row["maximum_rtt"], row["list"]) == (1.5, 2.5, 3.5, None)


def test_small_pings_read_as_100() -> None:
    lines = [Line(size=size, replies=rtts(1)) for size in (-1, 0, 56, 99, 100, 101, 1000)]
    assert parse(raw(lines)).samples["size"].to_list() == [100] * 5 + [101, 1000]


def test_more_replies_than_pings_are_data() -> None:
    assert parse(raw([Line(sent=2, replies=rtts(1, 2, 3))])).samples["received"].to_list() == [3]


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "2001:db8::1", "::1", "::", "fe80::1%eth0", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"]
)
def test_the_monitoring_host_has_an_address_of_either_kind(address: str) -> None:
    assert len(parse(SHORT.replace("192.0.2.1", address).encode()).samples) == 1


MANGLED = {
    "one field": "hub.example.org",
    "4 fields": HEAD,
    "5 fields": f"{HEAD} 100",
    "7 fields": f"{HEAD} 100 {BEGIN} 10",
    "9 fields": f"{SILENT} 1.5",
    "9 fields with replies": f"{HEAD} 100 {BEGIN} 10 10 1.5",
    "10 fields": f"{HEAD} 100 {BEGIN} 10 10 1.5 2.5",
    "two lines in one": f"{SILENT}{SHORT}",
    "no monitor's address": SHORT.replace("192.0.2.1", "hub"),
    "half an address": SHORT.replace("192.0.2.1", "192.0.2"),
    "a colon alone": SHORT.replace("192.0.2.1", ":"),
    "a size in words": f"{HEAD} big {BEGIN} 10 0",
    "a broken size": f"{HEAD} 100.5 {BEGIN} 10 0",
    "a huge size": f"{HEAD} {10**30} {BEGIN} 10 0",
    "a time in words": f"{HEAD} 100 today 10 0",
    "a huge time": f"{HEAD} 100 {10**30} 10 0",
    "sent without a digit": f"{HEAD} 100 {BEGIN} ten 0",
    "sent nothing": f"{HEAD} 100 {BEGIN} 0 0",
    "sent less than nothing": f"{HEAD} 100 {BEGIN} -10 0",
    "sent too much": f"{HEAD} 100 {BEGIN} {2**40} 0",
    "received in words": f"{HEAD} 100 {BEGIN} 10 none",
    "received less than nothing": f"{HEAD} 100 {BEGIN} 10 -1 1 2 3",
    "times in words": f"{HEAD} 100 {BEGIN} 10 10 a b c",
    "a time that is NaN": f"{HEAD} 100 {BEGIN} 10 10 nan 2 3",
    "an average that is NaN": f"{HEAD} 100 {BEGIN} 10 10 1 nan 3",
    "a maximum that is NaN": f"{HEAD} 100 {BEGIN} 10 10 1 2 nan",
    "an infinite time": f"{HEAD} 100 {BEGIN} 10 10 1 2 1e400",
    "a time of two days": f"{HEAD} 100 {BEGIN} 10 10 1 2 172800000",
    "a negative time": f"{HEAD} 100 {BEGIN} 10 10 -1 2 3",
    "a negative average": f"{HEAD} 100 {BEGIN} 10 10 1 -2 3",
    "minimum over maximum": f"{HEAD} 100 {BEGIN} 10 10 3 2 1",
    "NULs": "\0" * 500,
    "NULs in a number": SHORT.replace("1.5", "1\0.5"),
    "a byte that splits nothing": f"{HEAD} 100 {BEGIN} 10 9 1.5 2.5 3.5\x01",
    "quotes": '"' + SHORT.replace(" ", '" "') + '"',
    "an open quote": f'{HEAD} 100 {BEGIN} 10 9 1.5 2.5 "3.5',
    "page of somebody else": "<!DOCTYPE html><html><body><h1>It works, and this is a page of 8 words",
    "comment": "# " + SHORT,
    "digits of another script": SHORT.replace("1.5", "\u0661.5"),
    "a line of 10 MB": "x" * 10_000_000,
    "a line of a million fields": "1 " * 1_000_000 + "1",
}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "between", "last"])
@pytest.mark.parametrize("line", MANGLED.values(), ids=MANGLED.keys())
def test_a_mangled_line_is_counted_and_the_others_stay(line: str, place: int) -> None:
    lines = [SILENT, SHORT]
    lines.insert(place, line)
    parsed = parse("\n".join(lines).encode())
    assert parsed.samples["received"].to_list() == [0, 9]
    assert parsed[1:] == (3, 0, 1)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "between", "last"])
def test_half_a_character_spoils_its_line_alone(place: int) -> None:
    lines = [SILENT.encode(), SHORT.encode()]
    lines.insert(place, SHORT.encode().replace(b"1.5", b"\xc3.5"))
    parsed = parse(b"\n".join(lines))
    assert parsed.samples["received"].to_list() == [0, 9]
    assert parsed[1:] == (3, 0, 1)


@pytest.mark.parametrize("place", [0, 1], ids=["first", "last"])
def test_an_old_line_without_the_remote_address_is_counted_as_old(place: int) -> None:
    lines = [SHORT]
    lines.insert(place, f"hub.example.org 192.0.2.1 www.example.com 100 {BEGIN} 10")
    parsed = parse("\n".join(lines).encode())
    assert len(parsed.samples) == 1
    assert parsed[1:] == (2, 1, 0)


@pytest.mark.parametrize("text", ["", "\n", "\n\n\r\n", "No data", "No data\n", " \n\t\n", "No data \r\n"])
def test_nothing_is_no_line(text: str) -> None:
    parsed = parse(text.encode())
    assert len(parsed.samples) == 0
    assert parsed[1:] == (0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        f"{EXAMPLE}\r\n{SHORT}\r\n",
        f"{EXAMPLE}\r{SHORT}",
        f"\n\n{EXAMPLE}\n\n\n{SHORT}",
        f"  {EXAMPLE}  \n\t{SHORT}\t\n",
        f"{EXAMPLE}\n{SHORT}\n".replace(" ", "\t"),
        f"{EXAMPLE}\n{SHORT}\n".replace(" ", " \t  "),
        f"\ufeff{EXAMPLE}\n{SHORT}\n",
    ],
)
def test_other_blanks_and_line_ends_are_borne(text: str) -> None:
    plain, other = parse(f"{EXAMPLE}\n{SHORT}\n".encode()), parse(text.encode())
    assert other.samples.equals(plain.samples)
    assert other[1:] == (2, 0, 0)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff")) | st.just(SHORT), max_size=8))
def test_whatever_lines_say_each_is_a_sample_or_counted(lines: list[str]) -> None:
    parsed = parse("\n".join(lines).encode())
    assert parsed.lines == sum(line.strip(" \t") not in ("", "No data") for line in lines)
    assert parsed.samples["received"].to_list().count(9) >= lines.count(SHORT)
    assert len(parsed.samples) + parsed.old + parsed.mangled == parsed.lines


@given(st.binary())
def test_whatever_bytes_there_are_each_line_is_a_sample_or_counted(data: bytes) -> None:
    parsed = parse(data)
    assert len(parsed.samples) + parsed.old + parsed.mangled == parsed.lines


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.integers(1, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_numbers_are_those_that_the_line_has(one: float, other: float, sent: int, received: int) -> None:
    low, high = sorted((one, other))
    [row] = parse(raw([f"{HEAD} 100 {BEGIN} {sent} {received} {low!r} {low!r} {high!r}"])).samples.rows(named=True)
    assert (row["sent"], row["received"]) == (sent, received)
    if received:
        assert math.isclose(row["minimum_rtt"], low, abs_tol=1e-300)
        assert math.isclose(row["maximum_rtt"], high, abs_tol=1e-300)
