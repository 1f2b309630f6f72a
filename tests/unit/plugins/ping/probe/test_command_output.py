"""What fping and ping print, and what is made of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.probe import command_output
from WardenServer.plugins.common.ping.probe.command_output import Printed
from WardenServer.plugins.common.ping.probe.sample import Reply

FPING = """\
192.0.2.7 : [0], 108 bytes, 0.250 ms (0.250 avg, 0% loss)
192.0.2.7 : [2], 108 bytes, 12.1 ms (6.16 avg, 33% loss)
192.0.2.7 : [1], timed out (6.16 avg, 33% loss)

192.0.2.7 : 0.250 - 12.1
"""
IPUTILS = """\
PING 192.0.2.7 (192.0.2.7) 100(128) bytes of data.
108 bytes from 192.0.2.7: icmp_seq=2 ttl=64 time=1003 ms
108 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=2003 ms
108 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=2010 ms (DUP!)
From 192.0.2.1 icmp_seq=3 Destination Host Unreachable

--- 192.0.2.7 ping statistics ---
3 packets transmitted, 2 received, +1 duplicates, +1 errors, 33.3333% packet loss, time 216ms
rtt min/avg/max/mdev = 1003/1672/2010/0.007 ms
"""
BUSYBOX = """\
PING 192.0.2.7 (192.0.2.7): 100 data bytes
108 bytes from 192.0.2.7: seq=1 ttl=64 time=0.090 ms
108 bytes from 192.0.2.7: seq=2 ttl=64 time=0.110 ms

--- 192.0.2.7 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
round-trip min/avg/max = 0.090/0.100/0.110 ms
"""


def test_fping() -> None:
    assert command_output.fping(FPING, 3) == Printed(3, (Reply(0, 0.25), Reply(2, 12.1)))


def test_ping_of_iputils_counts_from_one() -> None:
    assert command_output.ping(IPUTILS, 3) == Printed(3, (Reply(1, 1003), Reply(0, 2003), Reply(0, 2010)))


def test_an_old_one_counts_from_zero() -> None:
    old = IPUTILS.replace("icmp_seq=1", "icmp_seq=0").replace("icmp_seq=2", "icmp_seq=1")
    assert command_output.ping(old, 3) == command_output.ping(IPUTILS, 3)


def test_ping_of_busybox_counts_from_zero() -> None:
    assert command_output.ping(BUSYBOX, 3) == Printed(3, (Reply(1, 0.09), Reply(2, 0.11)))


def test_with_a_name_and_a_time_below_its_unit() -> None:
    line = "64 bytes from host.example.org (2001:db8::7%eth0): icmp_seq=1 ttl=64 time<1 ms\n"
    assert command_output.ping(f"{line}1 packets transmitted, 1 received", 1) == Printed(1, (Reply(0, 1.0),))


def test_nothing_came() -> None:
    assert command_output.ping("3 packets transmitted, 0 received, 100% packet loss, time 2040ms", 3) == Printed(3, ())
    assert command_output.fping("h : [0], timed out (NaN avg, 100% loss)\n\nh : - -\n", 2) == Printed(2, ())


@pytest.mark.parametrize("text", ["", "ping: socket: Operation not permitted\n", FPING + FPING, IPUTILS + IPUTILS])
def test_without_one_summary_line_nothing_was_measured(text: str) -> None:
    for read in (command_output.fping, command_output.ping):
        with pytest.raises(ValueError, match="no summary line"):
            read(text, 3)


@pytest.mark.parametrize("cut", ["icmp_seq=2 ttl=64 time=1003 ms", "108 bytes from 192.0.2.7: icmp_seq=2", "=1003"])
def test_a_reply_that_cannot_be_read_is_not_taken_for_a_loss(cut: str) -> None:
    with pytest.raises(ValueError, match="it counts 2 replies, and 1 of them can be read"):
        command_output.ping(IPUTILS.replace(cut, ""), 3)
    with pytest.raises(ValueError, match="it counts 2 replies, and 1 of them"):
        command_output.fping(FPING.replace("[2], 108", "[2], 1"[:3]), 3)


def test_a_reply_from_elsewhere_is_none() -> None:
    strange = FPING.replace("(6.16 avg, 33% loss)", "(6.16 avg, 33% loss) [<- 192.0.2.9]", 1)
    with pytest.raises(ValueError, match="of them can be read"):
        command_output.fping(strange, 3)


def test_more_pings_than_were_wanted_are_refused() -> None:
    with pytest.raises(ValueError, match="of them can be read"):
        command_output.ping(IPUTILS.replace("icmp_seq=2", "icmp_seq=99"), 3)


@settings(deadline=None)
@given(st.sampled_from([FPING, IPUTILS, BUSYBOX]), st.integers(0, 500), st.integers(0, 500), st.text())
def test_whatever_is_printed_gives_a_measurement_or_a_sentence(whole: str, begin: int, end: int, between: str) -> None:
    text = whole[:begin] + between + whole[end:]
    for read in (command_output.fping, command_output.ping):
        try:
            printed = read(text, 3)
        except ValueError:
            continue
        assert all(0 <= reply.sequence < 3 for reply in printed.replies)
