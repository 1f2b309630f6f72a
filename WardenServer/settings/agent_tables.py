"""The tables [agents.NAME]: settings of single agents."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import parse
from WardenServer.settings.masking import learn, masked
from WardenServer.settings.units import duration, size
from WardenServer.settings.where import line_of

#: Agents made from shipped plugins that need a setting; the configuration's table of the same name overrides.
DEFAULT_AGENTS: Mapping[str, Mapping[str, Any]] = {
    "tango_database": {"plugin": "read_tango", "device": "sys/database/2", "attributes": ["State", "Status"]},
}


def read(table: Any, path: Path, text: str) -> dict[str, dict[str, Any]]:
    """The tables [agents.NAME] over the default ones. Durations and sizes apart, the plugin judges their content."""
    if not isinstance(table, Mapping):
        raise SettingError(
            f"{path}:{line_of(text, 'agents')}: agents is {table!r:.40}; write tables such as [agents.host]"
        )
    agents = {name: dict(entry) for name, entry in DEFAULT_AGENTS.items()}
    for name, entry in table.items():
        line = max(line_of(text, name, "agents"), line_of(text, name, f"agents.{name}"))
        if not isinstance(entry, Mapping):
            shown = repr(masked(name, entry))[:40]
            raise SettingError(f"{path}:{line}: agents.{name} is {shown}; write a table [agents.{name}]")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name):
            raise SettingError(f'{path}:{line}: agent "{name}"; write a name of letters, digits and _, a letter first')
        learn("", entry)
        agents.setdefault(name, {}).update(_parsed(name, entry, path, text))
    return agents


#: What any agent's table may say in other words than its plugin.
_PARSED: Mapping[str, Callable[[Any], Any]] = {
    "interval": duration, "offset": duration, "timeout": duration, "memory": size, "expire": parse.life,
}  # fmt: skip


def _parsed(name: str, entry: Mapping[str, Any], path: Path, text: str) -> dict[str, Any]:
    read = dict(entry)
    for setting, read_it in _PARSED.items():
        if setting in read:
            try:
                read[setting] = read_it(read[setting])
            except ValueError as error:
                line = line_of(text, setting, f"agents.{name}")
                raise SettingError(f"{path}:{line}: {setting} is {read[setting]!r:.60}; write {error}") from None
    return read
