"""Secrets that the settings file does not hold itself: it names a variable, or a file that only its owner may read.

They are fetched when an agent is loaded, so that a missing one costs that agent only, and people who ask for a status
need not have them.
"""

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import masking, users_file
from WardenServer.settings.config import Settings


def resolve(agent: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an agent with the values that `{ env = "NAME" }` and `{ file = "PATH" }` stand for.

    Raises:
        SettingError: the variable or file is not there, or others may read the file.
    """
    return {name: value(f"[agents.{agent}]: {name}", said) for name, said in table.items()}


def shared_table(settings: Settings, name: str, cure: str) -> dict[str, Any]:
    """The table [NAME] that several agents go by, with its secrets.

    Raises:
        SettingError: there is no such table, with the `cure`, such as "add one with ..."; or as `value`.
    """
    if name not in settings.shared:
        raise SettingError(f"the settings have no table [{name}]; {cure}")
    return {entry: value(f"[{name}]: {entry}", said) for entry, said in settings.shared_table(name).items()}


def exposed(settings: Settings) -> str:
    """A sentence with the cure when the settings file holds secrets and others may read it; else nothing."""
    if settings.file is None:
        return ""
    tables = {
        **{f"agents.{agent}": table for agent, table in settings.agents.items()},
        **{f"streams.{stream.name}": stream.options for stream in settings.streams.values()},
        **{f"writers.{writer.name}": writer.options for writer in settings.writers.values()},
        **settings.shared,
    }
    plain = [
        f"[{table}] {name}"
        for table, said in tables.items()
        for name, value in said.items()
        if any(masking.secrets_in(name, value))
    ]
    try:
        mode = settings.file.stat().st_mode
    except OSError:  # gone since it was read
        return ""
    if not plain or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return (
        f"{settings.file} holds {', '.join(plain)} and others may read it (mode {stat.S_IMODE(mode):04o});"
        f" run: chmod go-r {shlex.quote(str(settings.file))}, or write {{ env = ... }} or {{ file = ... }} there"
    )


def value(where: str, said: Any) -> Any:
    """What a setting stands for; `where` names it, for sentences. What comes from elsewhere is secret from now on.

    Raises:
        SettingError: see `resolve`.
    """
    if masking.is_reference(said):
        read = {"env": _variable, "file": _file}
        ((kind, place),) = said.items()
        if not isinstance(place, str) or not place:
            raise SettingError(f"{where} is {{ {kind} = {place!r:.60} }}; write the name in quotes")
        found = read[kind](where, place)
        masking.add(found)
        masking.learn("", found)  # it may be a URL
        return found
    if isinstance(said, Mapping):
        return {key: value(f"{where}.{key}", item) for key, item in said.items()}
    return [value(where, item) for item in said] if isinstance(said, list) else said


def _variable(where: str, name: str) -> str:
    if name not in os.environ:
        raise SettingError(
            f"{where}: the environment variable {name} is not set; set it where the hub is started, or correct env"
        )
    return os.environ[name]


def _file(where: str, name: str) -> str:
    """The text of a file without the newline at its end."""
    try:
        path = Path(name).expanduser().absolute()
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                cure = f"chmod go= {shlex.quote(str(path))}"
                raise SettingError(f"{where}: the file {path} is open to others (mode {mode:04o}); run: {cure}")
            return users_file.decode(file.read()).removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise SettingError(f"{where}: the file {name} does not exist; make it, or correct file") from None
    except OSError as error:
        raise SettingError(f"{where}: the file {name} {users_file.why(path, error)}") from None
    except users_file.Unusable as error:
        raise SettingError(f"{where}: the file {name} {error}") from None
    except RuntimeError as error:  # ~name of nobody
        raise SettingError(f"{where}: the file {name} cannot be found ({error}); correct file") from None
