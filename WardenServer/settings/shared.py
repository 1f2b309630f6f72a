"""Tables that several agents, commands and the web go by, such as [jobs]. Where there is one, its agents run."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from WardenServer.errors import SettingError

#: The agents of each table.
TABLES: Mapping[str, tuple[str, ...]] = {
    "jobs": ("jobs_standard", "jobs_priority", "jobs_cleanup", "jobs_lost", "jobs_status"),
    "runs": ("run_differ",),
    "ping": ("ping",),
    "ping_archive": ("ping_nightly",),
}


def read(table: dict[str, Any], where: str) -> dict[str, Mapping[str, Any]]:
    """Take the shared tables out of the settings file `where`. Their agents judge the content.

    Raises:
        SettingError: one of them is no table.
    """
    found = {name: table.pop(name) for name in TABLES if name in table}
    for name, entry in found.items():
        if not isinstance(entry, Mapping):
            raise SettingError(f"{where}: {name} is {entry!r:.40}; write a table [{name}]")
    return found


def agents(tables: Iterable[str]) -> list[str]:
    """The agents of these tables."""
    return [agent for table in tables for agent in TABLES[table]]


def of(plugin: str, tables: Iterable[str], whole: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """What an agent of this plugin gets: the `whole` of its table as its setting of that name."""
    mine = next((name for name, plugins in TABLES.items() if plugin in plugins and name in tables), None)
    return {mine: whole(mine)} if mine is not None else {}


def needs(required: Iterable[str], agent: str) -> str:
    """What an agent lacks whose settings `required` are not given, and where to give it."""
    if tables := [name for name in required if name in TABLES]:
        return f"needs the table [{tables[0]}]; add it to the settings file"
    return f"needs the setting {' and '.join(required)}; give it in [agents.{agent}] of the settings file"
