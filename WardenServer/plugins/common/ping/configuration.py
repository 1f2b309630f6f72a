"""The tables [ping], of a machine that measures, and [ping_archive], of one that collects and makes reports.

    [ping]
    hosts = ["www.desy.de", "gateway.example.org 192.0.2.1 send=5"]
    beacons = "https://pinger.example.org/beacons.txt"

    [ping_archive]
    nodes = "/etc/warden/nodes.csv"

Without `nodes` each host is a site of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.plugins.common.ping.hosts import Host

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
    raise NotImplementedError


def read_archive(table: Mapping[str, Any]) -> Archive:
    """Understand [ping_archive].

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    raise NotImplementedError


