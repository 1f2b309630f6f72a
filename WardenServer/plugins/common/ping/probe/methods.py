"""Which way to measure is taken: the one that the settings name, or the best that this machine allows."""

import socket
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.configuration import METHODS, Ping
from WardenServer.plugins.common.ping.probe import commands, sockets, tcp
from WardenServer.plugins.common.ping.probe.commands import Command
from WardenServer.plugins.common.ping.probe.icmp import Icmp
from WardenServer.plugins.common.ping.probe.method import Method
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.tcp import Connections

_VERSIONS: Mapping[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


class Refused(WardenError):
    """This machine does not allow a way to measure; the text has the cure."""


class Methods(NamedTuple):
    """What is taken for each family of addresses in one round, and a sentence on each that is not the best, or why
    there is none at all."""

    taken: Mapping[int, Method]
    notices: Mapping[int, str]

    def of(self, address: str) -> Method:
        """The way to measure an address.

        Raises:
            Refused: there is none.
        """
        family = family_of(address)
        if family not in self.taken:
            raise Refused(self.notices.get(family, f"nothing measures {_VERSIONS[family]}"))
        return self.taken[family]

    @property
    def names(self) -> str:
        """What is taken, in a word or two, such as "raw" or "raw (IPv4), tcp (IPv6)"."""
        names = {method.name for method in self.taken.values()}
        if len(names) < 2:
            return "".join(names)
        return ", ".join(f"{method.name} ({_VERSIONS[family]})" for family, method in self.taken.items())

    def close(self) -> None:
        """Let go of all of them."""
        for method in self.taken.values():
            method.close()


def family_of(address: str) -> int:
    """AF_INET or AF_INET6."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def open_methods(ping: Ping, families: Iterable[int], turn: float) -> Methods:
    """The methods for one round.

    Args:
        ping: which one is wanted, and how fast packets may go.
        families: of the addresses that are to be measured.
        turn: the least seconds between two pings of a set, for programs that are not asked at each.
    """
    pace = Pace(ping.rate)
    taken: dict[int, Method] = {}
    notices: dict[int, str] = {}
    for family in sorted(set(families)):
        name, notices[family] = await _choose(ping.method, family)
        if name:
            taken[family] = _made(name, ping, pace, turn)
    return Methods(taken, {family: text for family, text in notices.items() if text})


async def _choose(wanted: str, family: int) -> tuple[str, str]:
    """The name of the method, "" for none, and a sentence where it is not the best."""
    reasons: list[str] = []
    for name in METHODS if wanted == "auto" else (wanted,):
        why = await _why_not(name, family)
        if not why:
            notice = f"{_VERSIONS[family]} is measured by {name}, since {reasons[0]}" if reasons else ""
            return name, notice
        reasons.append(why)
    if wanted == "auto":
        return "", f"{_VERSIONS[family]} cannot be measured: {reasons[0]}"
    return "", f'the method "{wanted}" cannot be used: {reasons[0]}; or take "auto"'


async def _why_not(name: str, family: int) -> str:
    if name == "tcp":
        return tcp.why_not(family)
    return await commands.why_not(name, family) if name in ("fping", "ping") else sockets.allowed(name, family)


def _made(name: str, ping: Ping, pace: Pace, turn: float) -> Method:
    if name == "tcp":
        return Connections(ping.tcp_port, pace)
    return Command(name, turn) if name in ("fping", "ping") else Icmp(name, pace)
