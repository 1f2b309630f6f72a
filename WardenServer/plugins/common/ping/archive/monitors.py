"""The monitoring hosts whose raw data are collected: from the table of nodes, and from [ping_archive.monitors]."""

from dataclasses import dataclass

from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Monitor:
    """One monitoring host, and the URL that its data are asked from; "" for this machine's own."""

    name: str
    url: str


def monitors(archive: Archive, nodes: Nodes) -> tuple[Monitor, ...]:
    """All of them by name, this machine first if it measures. Disabled nodes are left out."""
    raise NotImplementedError
