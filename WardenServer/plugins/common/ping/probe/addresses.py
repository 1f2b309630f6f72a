"""Which address each host is pinged at, by PingER's rule.

With `cache`, the address found last is kept until DNS has another one, which takes its place. Without it, the address
in the list wins, and DNS only fills one that is missing. Where a name has several addresses, one of them that is in use
stays. What is in use is remembered over restarts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from WardenServer.machine.state_file import StateFile
from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.names import address, protocol_of
from WardenServer.plugins.common.ping.probe.resolving import Found

_NOTHING = Found(trouble="was not asked for")


class Kept(NamedTuple):
    """What is remembered of a host: the address that its line had, and the one in use."""

    listed: str
    used: str


class Settled(NamedTuple):
    """Addresses by the name of the host, of those that have one; and sentences for people, each with what it is about:
    told again only when it changes."""

    addresses: Mapping[str, str]
    news: Sequence[str]


class Addresses:
    """The addresses in use, for one thread."""

    def __init__(self, folder: Path) -> None:
        self._file = StateFile(folder / "addresses.json", 1, "addresses of hosts")
        self._kept: dict[str, Kept] = self._file.read(_understand, {})
        self._said: dict[str, str] = {}

    def settle(self, hosts: Sequence[Host], found: Mapping[str, Found]) -> Settled:
        """Which address each host has now.

        Args:
            hosts: all that there are; what is remembered of others is forgotten.
            found: what DNS says, by name.
        """
        addresses, said, kept = {}, {}, {}
        for host in hosts:
            used, sentence = self._one(host, found.get(host.name, _NOTHING))
            if used:
                addresses[host.name] = used
                kept[host.name] = Kept(host.address, used)
            if sentence and host.has_alarm:
                said[host.name] = sentence
        news = [sentence for name, sentence in said.items() if self._said.get(name) != sentence]
        self._said = said
        self._keep(kept)
        return Settled(addresses, news)

    def _one(self, host: Host, found: Found) -> tuple[str, str]:
        """Its address, "" for none, and what is wrong or new, "" for nothing."""
        protocol = host.protocol or protocol_of(host.address)
        held = self._held(host)
        now = held if held in found.addresses else found.first(protocol)
        if not now and not held:
            why = found.trouble or f"it has none of {protocol}"
            return "", f"{host.name} has no address and is not pinged ({why}); correct its name, or give an address"
        if host.is_cached:
            is_new = bool(held) and bool(now) and now != held
            return now or held, f"{host.name} has a new address in DNS, {now} in place of {held}" if is_new else ""
        return held or now, _differs(host.name, held, now, found.trouble)

    def _held(self, host: Host) -> str:
        """The address that DNS is measured by."""
        kept = self._kept.get(host.name)
        protocol = host.protocol or protocol_of(host.address)
        if kept is None or not host.is_cached or kept.listed != host.address:
            return host.address
        return kept.used if protocol in ("", protocol_of(kept.used)) else host.address

    def _keep(self, kept: dict[str, Kept]) -> None:
        if kept != self._kept or not self._file.path.exists():
            self._file.write(kept)
        self._kept = kept


def _differs(name: str, held: str, now: str, trouble: str) -> str:
    """What DNS says against the address in the list."""
    if not held or held == now:
        return ""
    if not now:
        return f"{name} is pinged at {held}, as its line has it: DNS gives none ({trouble or 'none of its protocol'})"
    return f"{name} is pinged at {held}, as its line has it: DNS gives {now}"


def _understand(version: int, content: Any) -> dict[str, Kept]:
    return {
        str(name): Kept(address(listed) if listed else "", address(used)) for name, (listed, used) in content.items()
    }
