"""The table of nodes, PingER's NODEDETAILS: a file of CSV whose first line names the columns.

NODENAME is needed; the others that count here are SITENAME, IPADDRESS, LATANDLONG, PROJECTTYPE, DATASERVER. Columns may
stand in any order, their names in any case. Names of nodes are kept in small letters, since DNS knows no others.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from WardenServer.errors import SettingError

#: The mean radius of the Earth, in km.
RADIUS = 6371.0
#: Bytes of a table at most: 100,000 nodes have fewer.
LARGEST = 50_000_000
#: Of a name in DNS.
_LONGEST_NAME = 253


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
    """All nodes by name, in small letters; the methods take names in any case. `is_open` is where there is no table:
    each host is a node and a site of its own then. `problems` has a sentence on each line that means nothing."""

    by_name: Mapping[str, Node] = field(default_factory=dict)
    is_open: bool = False
    problems: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a host is analysed. Without a table this is each whose name could be one."""
        node = self.by_name.get(name.lower())
        return (self.is_open and _can_be_a_name(name)) if node is None else node.is_enabled

    def site(self, name: str) -> str:
        """Its site: that of the table, else the node itself."""
        node = self.by_name.get(name.lower())
        return node.site if node is not None and node.site else name.lower()

    def distance(self, one: str, other: str) -> float | None:
        """km between two nodes on a great circle (haversine, radius 6371 km); None where a position is not known."""
        here, there = (self.by_name.get(name.lower()) for name in (one, other))
        if here is None or there is None or here.position is None or there.position is None:
            return None
        return _haversine(here.position, there.position)


def _can_be_a_name(text: str) -> bool:
    """Damaged data have signs that cannot be shown, or that stand for bytes that mean nothing."""
    return text.isprintable() and "\ufffd" not in text and 0 < len(text) <= _LONGEST_NAME


def _haversine(one: tuple[float, float], other: tuple[float, float]) -> float:
    latitude, longitude = map(math.radians, one)
    latitude_2, longitude_2 = map(math.radians, other)
    chord = (
        math.sin((latitude_2 - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(latitude_2) * math.sin((longitude_2 - longitude) / 2) ** 2
    )
    return 2 * RADIUS * math.asin(math.sqrt(min(1.0, chord)))


def read(path: Path | None) -> Nodes:
    """The table in a file; None: there is none. Lines that mean nothing are in `problems`.

    A blank within the name of a site becomes "_", because tables have blanks between their fields. PROJECTTYPE with the
    letter D is a disabled node: it is neither collected nor analysed.

    Raises:
        SettingError: the file cannot be read, is larger than LARGEST, or has no column NODENAME.
    """
    if path is None:
        return Nodes(is_open=True)
    try:
        text = _bytes(path).decode("utf-8-sig", "replace")
    except OSError as error:
        raise SettingError(f"nodes: {path} cannot be read ({error.strerror}); correct `nodes` or the file") from None
    try:
        return _nodes(path, text)
    except csv.Error as error:
        raise SettingError(f"nodes: {path} is no CSV ({error}); correct the file") from None


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise SettingError(f"nodes: {path} is no file; correct `nodes`")
    with path.open("rb") as file:
        found = file.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise SettingError(f"nodes: {path} has more than {LARGEST} bytes; correct `nodes` or the file")
    return found


def _nodes(path: Path, text: str) -> Nodes:
    rows = csv.reader(io.StringIO(text, newline=""))
    columns = [name.strip().upper() for name in next(rows, [])]
    if "NODENAME" not in columns:
        raise SettingError(f"nodes: {path} has no column NODENAME; name the columns in its first line")
    found: dict[str, Node] = {}
    problems: list[str] = []
    for row in rows:
        where = f"{path.name}, line {rows.line_num}"
        entry = dict(zip(columns, (each.strip() for each in row), strict=False))
        name = entry.get("NODENAME", "").lower()
        problem = _problem(row, columns, name, found)
        if problem:
            problems.append(f"{where}: {problem}; the line is left out")
        elif name:
            found[name] = _node(name, entry)
            problems += [f"{where}: {problem}" for problem in _doubts(found[name], entry)]
    return Nodes(found, problems=tuple(problems))


def _problem(row: list[str], columns: list[str], name: str, found: Mapping[str, Node]) -> str:
    """Why a line gives no node; "" where it does, or is empty."""
    if not any(map(str.strip, row)):
        return ""
    if len(row) > len(columns):
        return f"it has {len(row)} fields, the first line {len(columns)}"
    if not name:
        return "it has no NODENAME"
    if len(name.split()) > 1:
        return f"the NODENAME {name!r:.60} has a blank in it"
    return f"{name:.60} is there already" if name in found else ""


def _node(name: str, entry: Mapping[str, str]) -> Node:
    return Node(
        name=name,
        address=entry.get("IPADDRESS", ""),
        site="_".join(entry.get("SITENAME", "").split()),
        position=_position(entry.get("LATANDLONG", "")),
        is_enabled="D" not in entry.get("PROJECTTYPE", ""),
        server=entry.get("DATASERVER", ""),
    )


def _position(text: str) -> tuple[float, float] | None:
    """Two decimals with a blank between them, in degrees, north and east positive."""
    try:
        latitude, longitude = map(float, text.split())
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _doubts(node: Node, entry: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a line that still gives a node."""
    said = entry.get("LATANDLONG", "")
    if said and node.position is None:
        yield f"LATANDLONG {said!r:.60} is no latitude and longitude such as 53.58 9.88; alpha of this node stays empty"
