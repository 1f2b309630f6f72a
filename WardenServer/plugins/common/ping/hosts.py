"""Hosts that are pinged, one a line, as in PingER's beacon list; our own hosts are written in the same way.

    name [address] [send=N] [size=N] [log=full|reduced] [protocol=IPv4|IPv6] [wait=SECONDS] [cache=yes|no]
        [alarm=yes|no] [enabled=yes|no] [gateway=NAME]      # a comment; ! begins one, too
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.names import address, host_name, protocol_of
from WardenServer.plugins.common.runs.forms import meant

#: What a set of pings may be: how many, bytes of data in each, seconds between two. The data begin with a token of 16
#: bytes, by which a reply is known.
NUMBERS, SIZES, WAITS = (1, 1000), (16, 65_507), (0.01, 60.0)


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
    hosts: dict[str, Host] = {}
    left_out = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        try:
            _add(hosts, line, default)
        except ValueError as error:
            left_out.append(f"line {number}, {line.strip()!r:.60}: {error}")
    return tuple(hosts.values()), tuple(left_out)


def read_lines(lines: Sequence[str], default: Host, where: str) -> tuple[Host, ...]:
    """Our own hosts, as the settings `where` have them.

    Raises:
        SettingError: one of them means nothing, or is there twice; the text names it and the cure.
    """
    hosts: dict[str, Host] = {}
    for line in lines:
        try:
            _add(hosts, line, default)
        except ValueError as error:
            raise SettingError(f"{where}: {line!r:.60}: {error}") from None
    return tuple(hosts.values())


def of_one_name(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """The hosts in their order; of those that have one name, the first."""
    found: dict[str, Host] = {}
    for host in hosts:
        found.setdefault(host.name.lower(), host)
    return tuple(found.values())


def _add(hosts: dict[str, Host], line: str, default: Host) -> None:
    """Add what a line says. Raises ValueError with what to write instead."""
    words = re.split("[#!]", line, maxsplit=1)[0].split()
    if not words:
        return
    said = _attributes(word for word in words[1:] if "=" in word)
    host = _host(words[0], [word for word in words[1:] if "=" not in word], said, default)
    if not said.get("enabled", True):
        return
    if hosts.setdefault(host.name.lower(), host) is not host:
        raise ValueError("this name is there already; take one of the lines out")


def _attributes(words: Iterable[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.lower()
        if name not in _ATTRIBUTES:
            raise ValueError(f"unknown attribute {name!r:.60}{meant(name, _ATTRIBUTES)}")
        if name in said:
            raise ValueError(f"{name} is there twice; take one out")
        said[name] = _taken(name, value, _ATTRIBUTES[name])
    return said


def _host(name: str, addresses: Sequence[str], said: Mapping[str, Any], default: Host) -> Host:
    if len(addresses) > 1:
        raise ValueError(f"{addresses[1]!r:.60} has no meaning; write name, address, and attributes such as size=100")
    host = replace(
        default,
        name=_taken("name", name, host_name),
        address=_taken("address", addresses[0], address) if addresses else "",
        pings=_pings(said, default),
        **{field: said[attribute] for attribute, field in _FIELDS.items() if attribute in said},
    )
    if host.address and protocol_of(host.name) and host.name != host.address:
        raise ValueError(f"the name is an address; take {host.address} out, or write a name before it")
    for text in (host.name, host.address):
        if host.protocol and protocol_of(text) not in ("", host.protocol):
            raise ValueError(f"{text} is no address of {host.protocol}; correct protocol, or the address")
    return host


def _pings(said: Mapping[str, Any], default: Host) -> tuple[Pings, ...]:
    if "send" not in said and "size" not in said:
        return default.pings
    first = default.pings[0]
    return (Pings(said.get("send", first.number), said.get("size", first.size)),)


def _taken(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{name} is {value!r:.60}; write {error}") from None


def _whole(limits: tuple[int, int]) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,6}", text) or not limits[0] <= int(text) <= limits[1]:
            raise ValueError(f"a whole number from {limits[0]} to {limits[1]}")
        return int(text)

    return read


def _wait(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text) or not WAITS[0] <= float(text) <= WAITS[1]:
        raise ValueError(f"seconds, from {WAITS[0]:g} to {WAITS[1]:g}")
    return float(text)


def _word(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text.lower() not in words:
            raise ValueError(" or ".join(words))
        return words[text.lower()]

    return read


def _log(text: str) -> bool:
    """Lists of others may have a number here, which PingER reads and then does not use."""
    return True if re.fullmatch("[0-9]+", text) else bool(_word({"full": True, "reduced": False})(text))


_yes = _word({"yes": True, "no": False})
_ATTRIBUTES: Mapping[str, Callable[[str], Any]] = {
    "send": _whole(NUMBERS), "size": _whole(SIZES), "log": _log, "protocol": _word({"ipv4": "IPv4", "ipv6": "IPv6"}),
    "wait": _wait, "cache": _yes, "alarm": _yes, "enabled": _yes, "gateway": host_name,
}  # fmt: skip
#: Attributes that are fields of a host.
_FIELDS = {
    "log": "is_full", "protocol": "protocol", "wait": "wait", "cache": "is_cached", "alarm": "has_alarm",
    "gateway": "gateway",
}  # fmt: skip
