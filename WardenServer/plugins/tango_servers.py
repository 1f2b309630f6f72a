"""Every server and device that the Tango database knows, and which of them really answer.

Publishes, in the document "tango_servers", once for servers and once for devices (shown here: devices):

    devices                names of all in the database
    devices_exported       of those that say they are running
    devices_answering      of those that really answer
    devices_missing        of those that say they are running and do not answer: crashed, hung, or cut off
    devices_count, devices_exported_count, devices_answering_count, devices_missing_count

A device that was stopped properly is no longer exported, so it does not count as missing. Without a Tango database all
is null; with one that does not answer the run fails.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from WardenServer.agent import Agent
from WardenServer.plugins.common.tango_database import TangoDatabase

INTERVAL = 10.0

SETTINGS = {
    "ignore": [],  # names of servers and devices to leave out, such as ["TangoTest/*", "sys/tg_test/*"]
    "ping_timeout": 2.0,  # seconds that the database or a device has to answer
}


def _lists(kind: str) -> tuple[str, ...]:
    return kind, f"{kind}_exported", f"{kind}_answering", f"{kind}_missing"


FIELDS: dict[str, dict[str, Any]] = {}
for _kind in ("servers", "devices"):
    for _list in _lists(_kind):
        FIELDS[_list] = {"dtype": "str", "dims": 1}
        FIELDS[f"{_list}_count"] = {"dtype": "int", "format": "%d"}
    FIELDS[f"{_kind}_missing_count"]["max_warning"] = 1

#: The device that each server has for itself is called this and the server's name.
_SERVER = "dserver/"

_database: TangoDatabase


def setup(agent: Agent) -> None:
    """Start the threads that ask."""
    global _database
    _database = TangoDatabase(agent.settings["ping_timeout"])


def work(agent: Agent) -> dict[str, Any]:
    """Ask the database, then each device that should answer."""
    known = _database.contents()
    exported = _without(agent.settings["ignore"], known.exported)
    answers = _database.ping(exported)
    answering = [name for name in exported if answers.get(name) is True]
    missing = [name for name in exported if answers.get(name) is False]
    servers = _without(agent.settings["ignore"], known.servers)
    devices = _without(agent.settings["ignore"], known.devices)
    fields = _fields("servers", servers, *map(_servers, (exported, answering, missing)))
    fields |= _fields("devices", *map(_devices, (devices, exported, answering, missing)))
    return agent.tolerate(fields)  # the names of a large site may be too many to be published: their number is not


def close(agent: Agent) -> None:
    """End them."""
    _database.close()


def _without(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Names that fit none of the patterns; the device of a server goes by the server's name."""
    lower = [pattern.lower() for pattern in patterns]
    return [name for name in names if not any(fnmatchcase(name.lower().removeprefix(_SERVER), one) for one in lower)]


def _servers(names: list[str]) -> list[str]:
    return [name[len(_SERVER) :] for name in names if name.lower().startswith(_SERVER)]


def _devices(names: list[str]) -> list[str]:
    return [name for name in names if not name.lower().startswith(_SERVER)]


def _fields(kind: str, *names: list[str]) -> dict[str, Any]:
    """`names`: all, exported, answering, missing."""
    lists = dict(zip(_lists(kind), names, strict=True))
    return lists | {f"{name}_count": len(found) for name, found in lists.items()}
