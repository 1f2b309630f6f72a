"""Hosts that are pinged, one a line, as in PingER's beacon list; our own hosts are written in the same way.

    name [address] [send=N] [size=N] [log=full|reduced] [protocol=IPv4|IPv6] [wait=SECONDS] [cache=yes|no]
        [alarm=yes|no] [enabled=yes|no] [gateway=NAME]      # a comment; ! begins one, too
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Pings(NamedTuple):
    """One set of pings: how many, and the bytes of data in each."""

    number: int
    size: int


@dataclass(frozen=True)
class Host:
    """One host.

    Args:
        name: as DNS knows it, or an address.
        address: IPv4 or IPv6 where the list gives one, else "".
        pings: its sets, in order.
        wait: seconds between two pings of a set.
        is_full: whether raw lines have each reply, or only the summary ("reduced").
        protocol: "IPv4", "IPv6", or "" for what the address is, else for what the name has, IPv4 first.
        is_cached: whether the address found last is kept until DNS has another; else the address in the list wins.
        has_alarm: whether people are told of a change of address, and whether it is among the silent hosts.
        gateway: a host on the way, pinged beside this one; "" for none.
    """

    name: str
    address: str = ""
    pings: tuple[Pings, ...] = (Pings(10, 100), Pings(10, 1000))
    wait: float = 1.0
    is_full: bool = True
    protocol: str = ""
    is_cached: bool = True
    has_alarm: bool = True
    gateway: str = ""


def read_list(text: str, default: Host) -> tuple[tuple[Host, ...], tuple[str, ...]]:
    """The hosts of a list, and a sentence on each line that is left out because it means nothing or is there already.

    Everything from the first "#" or "!" on is a comment. `send` and `size` make one set of pings, with what is missing
    from the first set of `default`. Lines with enabled=no give no host, and no sentence.

    Args:
        text: the lines.
        default: what holds where a line says nothing; its name and address count for nothing.
    """
    raise NotImplementedError


def read_lines(lines: Sequence[str], default: Host, where: str) -> tuple[Host, ...]:
    """Our own hosts, as the settings `where` have them.

    Raises:
        SettingError: one of them means nothing, or is there twice; the text names it and the cure.
    """
    raise NotImplementedError
