"""What one set of pings has shown, and the line of raw data that says it.

    src_name src_ip dst_name dst_ip size unixtime sent rcvd [min avg max [seq1..seqN rtt1..rttN]]
"""

from bisect import bisect
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from WardenServer.plugins.common.ping.hosts import Host


class Reply(NamedTuple):
    """One reply: the place of its ping in the set, from 0, and the time it took, in ms."""

    sequence: int
    rtt: float


@dataclass(frozen=True)
class Measured:
    """What a method has seen of one set: `time` is its start in Unix seconds, `replies` are in the order in which they
    came, those that came twice among them.

    `marks` say what is not as it should be: "late" (this machine was late itself: times are too long), "clock" (its
    clock jumped), "tcp" (no ping at all).
    """

    time: float
    sent: int
    replies: tuple[Reply, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def received(self) -> int:
        """How many pings had a reply, those that came twice counted once."""
        return len({reply.sequence for reply in self.replies})


@dataclass(frozen=True)
class Sample:
    """One set of pings to a host at an address. `gateway` is what the host on the way has shown meanwhile."""

    host: Host
    address: str
    size: int
    measured: Measured
    gateway: Measured | None = None
    method: str = field(default="raw")


def line(sample: Sample, name: str, address: str) -> str:
    """The line of raw data, without its end, one space between fields. Numbers are as iputils' ping prints them: three
    digits of each time under 100 ms, whole ms of longer ones, and three places of minimum, mean and maximum. Without a
    reply it has 8 fields, of a reduced host 11.

    Args:
        sample: what was measured.
        name: of this machine.
        address: of this machine.
    """
    measured, host = sample.measured, sample.host
    target = sample.address.partition("%")[0]  # the interface of a link means something on this machine only
    who = f"{name} {address} {host.name} {target} {sample.size}"
    head = f"{who} {int(measured.time)} {measured.sent} {measured.received}"
    if not measured.replies:
        return head
    times = [reply.rtt for reply in measured.replies]
    summary = f"{head} {min(times):.3f} {fmean(times):.3f} {max(times):.3f}"
    if not host.is_full:
        return summary
    numbers = " ".join(str(reply.sequence) for reply in measured.replies)
    return f"{summary} {numbers} {' '.join(map(_digits, times))}"


def _digits(rtt: float) -> str:
    """A time of one reply in ms: the third digit is the last, and a microsecond the least."""
    return f"{rtt:.{3 - bisect(_EDGES, rtt)}f}"


#: Times in ms from which on there is one place less: what would be 1, 10 or 100 when it is rounded has it less, too.
_EDGES = (0.9995, 9.995, 99.95)
