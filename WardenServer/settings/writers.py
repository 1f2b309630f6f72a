"""The tables [writers.NAME]: where results go besides the hub's own sinks, each as a document.

    [writers.archive]
    writer = "couchdb"
    url = { env = "COUCHDB_URL" }
    database = "daq"
    agents = ["spectrum", "rate"]
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import parse

#: In place of names: all agents.
ALL = "*"


@dataclass(frozen=True)
class Writer:
    """One writer.

    Args:
        name: of the writer.
        kind: how it writes, such as "couchdb".
        agents: names of those whose results it writes; (ALL,) for all agents, () for all processors of streams.
        options: the settings of this kind of writer.
    """

    name: str
    kind: str
    agents: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read(table: Any, where: str) -> dict[str, Writer]:
    """The writers of the settings file `where`, by name. The writers judge their own settings.

    Raises:
        SettingError: something in it means nothing; the text has the cure.
    """
    if not isinstance(table, Mapping):
        raise SettingError(f"{where}: writers is {table!r:.40}; write tables such as [writers.archive]")
    return {name: _writer(name, entry, where) for name, entry in table.items()}


def _writer(name: str, entry: Any, where: str) -> Writer:
    place = f"{where}: [writers.{name}]"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name):
        raise SettingError(f'{where}: writer "{name}"; write a name of letters, digits and _, a letter first')
    if not isinstance(entry, Mapping):
        raise SettingError(f"{where}: writers.{name} is {entry!r:.40}; write a table [writers.{name}]")
    options = dict(entry)
    kind, agents = options.pop("writer", None), options.pop("agents", [])
    if not isinstance(kind, str) or not kind:
        said = "has no writer" if kind is None else f"writer is {kind!r:.40}"
        raise SettingError(f'{place}: {said}; write how it writes, such as writer = "json_lines"')
    try:
        return Writer(name, kind, _agents(agents), options)
    except ValueError as error:
        raise SettingError(f"{place}: agents is {agents!r:.60}; write {error}") from None


def _agents(value: Any) -> tuple[str, ...]:
    agents = parse.texts(value)
    if ALL in agents and len(agents) > 1:
        raise ValueError(f'"{ALL}" for all agents, or names')
    return agents
