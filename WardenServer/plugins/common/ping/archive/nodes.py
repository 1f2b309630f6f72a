"""The table of nodes, PingER's NODEDETAILS: a file of CSV whose first line names the columns.

NODENAME is needed; the others that count here are IPADDRESS, SITENAME, NICKNAME, LATANDLONG, PROJECTTYPE, DATASERVER.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """One node. `position` is latitude and longitude in degrees; `server` is the URL of its data, where it measures."""

    name: str
    address: str = ""
    site: str = ""
    position: tuple[float, float] | None = None
    is_enabled: bool = True
    server: str = ""


@dataclass(frozen=True)
class Nodes:
    """All nodes by name. `is_open` is where there is no table: each host is a node and a site of its own then."""

    by_name: Mapping[str, Node] = field(default_factory=dict)
    is_open: bool = False
    problems: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a host is analysed."""
        raise NotImplementedError

    def site(self, name: str) -> str:
        """Its site: that of the table, else the node itself."""
        raise NotImplementedError

    def distance(self, one: str, other: str) -> float | None:
        """km between two nodes on a great circle (haversine, radius 6371 km); None where a position is not known."""
        raise NotImplementedError


def read(path: Path | None) -> Nodes:
    """The table in a file; None: there is none. Lines that mean nothing are in `problems`.

    Raises:
        SettingError: the file cannot be read, or has no column NODENAME.
    """
    raise NotImplementedError
