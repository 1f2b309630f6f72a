"""What `fping -C` and `ping` print, in the language C.

    127.0.0.1 : [0], 108 bytes, 0.050 ms (0.050 avg, 0% loss)      fping: each reply, and in the end all of them:
    127.0.0.1 : 0.050 - 0.040

    108 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.030 ms      ping of iputils; that of busybox has seq=0
    3 packets transmitted, 3 received, 0% packet loss, time 216ms
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from WardenServer.plugins.common.ping.probe.sample import Reply

_FPING_REPLY = re.compile(r"^\S+ +: \[(\d+)\], \d+ bytes, (\d+(?:\.\d+)?) ms(?!.*\[<-)", re.MULTILINE)
_FPING_END = re.compile(r"^\S+ +:((?: (?:-|\d+(?:\.\d+)?))+) *$", re.MULTILINE)
_PING_REPLY = re.compile(
    r"^\d+ bytes from .*?(icmp_)?seq=(\d+)\b.* time[=<](\d+(?:\.\d+)?) ms(?: \(DUP!\))?$", re.MULTILINE
)
_PING_END = re.compile(r"^(\d+) packets transmitted, (\d+) (?:packets )?received", re.MULTILINE)


class Printed(NamedTuple):
    """How many pings were sent, and the replies in the order in which they came."""

    sent: int
    replies: tuple[Reply, ...]


def fping(text: str, number: int) -> Printed:
    """What `fping -C NUMBER` has seen of one host. It says nothing of replies that came twice.

    Raises:
        ValueError: it did not come to its end, or lines of it are missing.
    """
    ends = _FPING_END.findall(text)
    if len(ends) != 1:
        raise ValueError("no summary line")
    times = ends[0].split()
    replies = tuple(Reply(int(sequence), float(rtt)) for sequence, rtt in _FPING_REPLY.findall(text))
    return _checked(Printed(len(times), replies), len(times) - times.count("-"), number)


def ping(text: str, number: int) -> Printed:
    """What `ping -c NUMBER` has seen. Its pings count from 0 or from 1.

    Raises:
        ValueError: it did not come to its end, or lines of it are missing.
    """
    ends = _PING_END.findall(text)
    if len(ends) != 1:
        raise ValueError("no summary line")
    sent, received = map(int, ends[0])
    found = _PING_REPLY.findall(text)
    base = _base([int(sequence) for _, sequence, _ in found], sent, all(icmp for icmp, _, _ in found))
    replies = tuple(Reply(int(sequence) - base, float(rtt)) for _, sequence, rtt in found)
    return _checked(Printed(sent, replies), received, number)


def _base(sequences: Sequence[int], sent: int, is_iputils: bool) -> int:
    """What the first ping is counted as. Where the replies leave it open: 1 with iputils (since 2010), else 0."""
    if 0 in sequences:
        return 0
    return 1 if is_iputils or sent in sequences else 0


def _checked(printed: Printed, received: int, number: int) -> Printed:
    sequences = {reply.sequence for reply in printed.replies}
    if len(sequences) != min(received, printed.sent) or not all(each < number for each in sequences):
        raise ValueError(f"it counts {received} replies, and {len(sequences)} of them can be read")
    return printed
