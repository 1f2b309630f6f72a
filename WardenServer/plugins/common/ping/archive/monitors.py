"""The monitoring hosts whose raw data are collected: from the table of nodes, and from [ping_archive.monitors]."""

from dataclasses import dataclass

from WardenServer.plugins.common.ping import names
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Monitor:
    """One monitoring host, and the URL that its data are asked from; "" for this machine's own."""

    name: str
    url: str


def monitors(archive: Archive, nodes: Nodes) -> tuple[Monitor, ...]:
    """All of them by name, this machine first if it measures. Disabled nodes are left out."""
    urls = {node.name: node.server for node in nodes.by_name.values() if node.server} | dict(archive.monitors)
    others = [
        Monitor(name, url)
        for name, url in sorted(urls.items())
        if name != _own_name(archive) and (name not in nodes.by_name or nodes.by_name[name].is_enabled)
    ]
    return (*_own(archive), *others)


def name_trouble(name: str) -> str:
    """A sentence where the name of a host can be no name of a folder, else ""."""
    try:
        names.host_name(name)
    except ValueError as error:
        return f"the monitoring host {name!r:.60} is no host; write {error}"
    return ""


def _own_name(archive: Archive) -> str | None:
    return archive.own_name if archive.own_folder is not None else None


def _own(archive: Archive) -> tuple[Monitor, ...]:
    return () if archive.own_folder is None else (Monitor(archive.own_name, ""),)
