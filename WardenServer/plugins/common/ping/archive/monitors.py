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
    """All of them by name, in small letters as in the table of nodes, this machine first if it measures. Disabled nodes
    are left out."""
    own = {} if archive.own_folder is None else {archive.own_name.lower(): ""}
    urls = {node.name: node.server for node in nodes.by_name.values() if node.server}
    urls |= {name.lower(): url for name, url in sorted(archive.monitors.items())}
    others = {
        name: urls[name] for name in sorted(urls)
        if name not in own and (name not in nodes.by_name or nodes.by_name[name].is_enabled)
    }  # fmt: skip
    return tuple(Monitor(name, url) for name, url in {**own, **others}.items())


def name_trouble(name: str) -> str:
    """A sentence where the name of a host can be no name of a folder, else ""."""
    try:
        names.host_name(name)
    except ValueError as error:
        return f"the monitoring host {name!r:.60} is no host; write {error}"
    return ""
