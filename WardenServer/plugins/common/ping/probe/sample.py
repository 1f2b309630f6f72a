"""What one set of pings has shown, and the line of raw data that says it.

    src_name src_ip dst_name dst_ip size unixtime sent rcvd [min avg max [seq1..seqN rtt1..rttN]]
"""

from dataclasses import dataclass, field
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
    """The line of raw data, without its end: numbers as `ping` prints them (three digits for times under 100 ms, as
    iputils does), one space between fields. Without a reply it has 8 fields, of a reduced host 11.

    Args:
        sample: what was measured.
        name: of this machine.
        address: of this machine.
    """
    raise NotImplementedError
