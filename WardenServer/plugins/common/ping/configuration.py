"""The tables [ping], of a machine that measures, and [ping_archive], of one that collects and makes reports.

    [ping]
    hosts = ["www.desy.de", "gateway.example.org 192.0.2.1 send=5"]
    beacons = "https://pinger.example.org/beacons.txt"

    [ping_archive]
    nodes = "/etc/warden/nodes.csv"

Without `nodes` each host is a site of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.plugins.common.forms import meant, or_nothing, path
from WardenServer.plugins.common.ping import forms
from WardenServer.plugins.common.ping.hosts import WAITS, Host, read_lines
from WardenServer.plugins.common.ping.own import full_name

#: Ways to measure, the best first.
METHODS = ("raw", "unprivileged", "fping", "ping", "tcp")


@dataclass(frozen=True)
class Ping:
    """What a machine that measures goes by. Times in seconds.

    Args:
        folder: where the raw data, and what is remembered, are.
        name: of this machine in raw data; "" for its full name.
        address: of this machine in raw data; "" for what its name leads to, or the one that it sends from.
        hosts: its own.
        beacons: URL or path of a list of more hosts; "" for none.
        refresh: how old the list may be before it is fetched again.
        default: what a host has where its line says nothing: `pings`, `wait` (settings of these names).
        every: the period of rounds.
        phase: when within its period a round begins; None: drawn anew each time.
        patience: how long after a set's last ping replies still count. PingER: 20 s.
        at_once: most hosts at a time.
        rate: most packets a second.
        method: one of METHODS, or "auto" for the first that this machine allows.
        tcp_port: where a connection is tried, with the method tcp.
        attributes: how many hosts have attributes in Tango; the others have their document only.
        gateway: pinged beside each host that names no other; "" for none.
        keep_months: months of raw data that are kept before this one; 0: all.
    """

    folder: Path
    name: str = ""
    address: str = ""
    hosts: tuple[Host, ...] = ()
    beacons: str = ""
    refresh: float = 86400.0
    default: Host = field(default_factory=lambda: Host(""))
    every: float = 1800.0
    phase: float | None = None
    patience: float = 20.0
    at_once: int = 25
    rate: float = 200.0
    method: str = "auto"
    tcp_port: int = 80
    attributes: int = 100
    gateway: str = ""
    keep_months: int = 0


@dataclass(frozen=True)
class Archive:
    """What a machine that collects and makes reports goes by.

    Args:
        folder: of everything: see archive/folders.py.
        nodes: the table of nodes, a file of CSV (archive/nodes.py); None: each host is a node and a site of its own.
        monitors: URLs of monitoring hosts' data by host, beside those that the table of nodes gives as DATASERVER.
        own_folder: where the raw data of this machine are, where it measures, too; the table [ping] gives it.
        own_name: what this machine is called in raw data.
        at_once: most monitoring hosts at a time.
        patience: seconds that one of them may say nothing.
        largest: most bytes of one day of one host.
        unreachable_is_loss: whether a sample without any reply counts as loss of all its packets.
        sizes: bytes of pings that tables are made for.
        by: what tables are made for: "node", "site".
    """

    folder: Path
    nodes: Path | None = None
    monitors: Mapping[str, str] = field(default_factory=dict)
    own_folder: Path | None = None
    own_name: str = ""
    at_once: int = 8
    patience: float = 60.0
    largest: int = 200_000_000
    unreachable_is_loss: bool = False
    sizes: tuple[int, ...] = (100, 1000)
    by: tuple[str, ...] = ("site", "node")


def read_ping(table: Mapping[str, Any]) -> Ping:
    """Understand [ping]. `pings` is a list such as ["10x100", "10x1000"]; durations are numbers or such as "30min";
    `phase` is "random" or seconds.

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    said = _read("ping", table, _PING)
    fields = {field: said.pop(name) for name, field in _OF_A_HOST.items() if name in said}
    default = Host("", **fields)
    lines = said.pop("hosts", ())
    ping = Ping(**said, default=default, hosts=read_lines(lines, default, "[ping]: hosts"))
    if not ping.hosts and not ping.beacons:
        raise SettingError('[ping] names no host; add hosts = ["www.example.org"], or beacons = "URL of a list"')
    if ping.phase is not None and ping.phase >= ping.every:
        why = f"phase is {ping.phase:g} s, and a round begins every {ping.every:g} s"
        raise SettingError(f'[ping]: {why}; write less, or "random"')
    return ping


def read_archive(table: Mapping[str, Any]) -> Archive:
    """Understand [ping_archive].

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    said = _read("ping_archive", table, _ARCHIVE)
    own: Ping | None = said.pop("own", None)
    if own is None:
        return Archive(**said)
    return Archive(**said, own_folder=own.folder, own_name=own.name or full_name())


def _read(where: str, table: Mapping[str, Any], known: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if unknown := table.keys() - known.keys():
        name = sorted(unknown)[0]
        raise SettingError(f'[{where}]: unknown setting "{name}"{meant(name, known)}')
    if not table.get("folder"):
        raise SettingError(f"[{where}] needs folder, which the settings of the hub give")
    return {name: _take(where, name, value, known[name]) for name, value in table.items()}


def _take(where: str, name: str, value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except SettingError:  # it says itself where it is
        raise
    except ValueError as error:
        said = "wrong" if name in _MAY_BE_SECRET else f"{value!r:.60}"
        raise SettingError(f"[{where}]: {name} is {said}; write {error}") from None


def _own(value: Any) -> Ping | None:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError("nothing: the settings of the hub give it")
    return read_ping(value) if value is not None else None


#: URLs may have a password.
_MAY_BE_SECRET = ("beacons", "monitors")
#: Settings that are fields of each host that says nothing else.
_OF_A_HOST = {"pings": "pings", "wait": "wait"}

_PING: Mapping[str, Callable[[Any], Any]] = {
    "folder": path, "name": or_nothing(forms.name, ""), "address": or_nothing(forms.ip, ""), "hosts": forms.lines,
    "beacons": or_nothing(forms.url_or_path, ""), "refresh": forms.seconds(1),
    "pings": forms.some_of(forms.pings, '["10x100", "10x1000"]'), "wait": forms.seconds(*WAITS),
    "every": forms.seconds(1), "phase": forms.phase, "patience": forms.seconds(0.1, 3600),
    "at_once": forms.whole(1, 100_000), "rate": forms.rate, "method": forms.one_of("auto", *METHODS),
    "tcp_port": forms.whole(1, 65_535), "attributes": forms.whole(0, 100_000),
    "gateway": or_nothing(forms.name, ""), "keep_months": forms.whole(0, 12_000),
}  # fmt: skip
_ARCHIVE: Mapping[str, Callable[[Any], Any]] = {
    "folder": path, "own": _own, "nodes": or_nothing(path, None), "monitors": forms.urls,
    "at_once": forms.whole(1, 1000), "patience": forms.seconds(0.1, 86_400), "largest": forms.whole(1000, 10**12),
    "unreachable_is_loss": forms.flag, "sizes": forms.some_of(forms.whole(100, 65_507), "[100, 1000]"),
    "by": forms.some_of(forms.one_of("site", "node"), '["site", "node"]'),
}  # fmt: skip
