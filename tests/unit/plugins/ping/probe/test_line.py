"""Lines of raw data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply, Sample, line


def said(host: Host, replies: tuple[Reply, ...] = (), address: str = "193.194.64.71") -> str:
    return line(Sample(host, address, 100, Measured(1301011226.9, 10, replies)), "me.de", "134.79.104.80")


def test_without_a_reply_it_has_8_fields() -> None:
    assert said(Host("a.b")) == "me.de 134.79.104.80 a.b 193.194.64.71 100 1301011226 10 0"


def test_with_replies_in_the_order_in_which_they_came() -> None:
    replies = (Reply(1, 217.482), Reply(0, 0.0371), Reply(1, 9.9949), Reply(3, 99.949))
    assert said(Host("a.b"), replies).split()[6:] == [
        "10", "3", "0.037", "81.866", "217.482", "1", "0", "1", "3", "217", "0.037", "9.99", "99.9",
    ]  # fmt: skip


def test_of_a_reduced_host_it_has_11_fields() -> None:
    assert said(Host("a.b", is_full=False), (Reply(0, 1.0),)).split()[6:] == ["10", "1", "1.000", "1.000", "1.000"]


def test_the_interface_of_a_link_is_left_out() -> None:
    assert said(Host("fe80::1%eth0"), address="fe80::1%eth0").split()[2:4] == ["fe80::1%eth0", "fe80::1"]


@pytest.mark.parametrize(
    ("rtt", "text"),
    [(0.0, "0.000"), (0.9994, "0.999"), (0.9996, "1.00"), (9.9951, "10.0"), (99.951, "100"), (12345.6, "12346")],
)
def test_three_digits(rtt: float, text: str) -> None:
    assert said(Host("a.b"), (Reply(0, rtt),)).split()[12] == text


@given(st.lists(st.builds(Reply, st.integers(0, 99), st.floats(0, 1e6)), max_size=120), st.floats(0, 4e9))
def test_what_is_written_can_be_read(replies: list[Reply], time: float) -> None:
    sample = Sample(Host("a.b"), "2001:db8::1", 1000, Measured(time, 100, tuple(replies)))
    text = line(sample, "me.de", "::1")
    assert text.isprintable() and "  " not in text
    fields = text.split(" ")
    assert fields[:5] == ["me.de", "::1", "a.b", "2001:db8::1", "1000"]
    assert (int(fields[5]), int(fields[6]), int(fields[7])) == (int(time), 100, len({r.sequence for r in replies}))
    if not replies:
        assert len(fields) == 8
        return
    lists = fields[11:]
    half = len(replies)
    assert len(lists) == 2 * half
    assert [int(each) for each in lists[:half]] == [reply.sequence for reply in replies]
    times = [float(each) for each in lists[half:]]
    for got, reply in zip(times, replies, strict=True):
        assert abs(got - reply.rtt) <= max(0.000501, 0.00501 * reply.rtt)
    least, mean, most = map(float, fields[8:11])
    assert least <= mean + 0.001 <= most + 0.002
