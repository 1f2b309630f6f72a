"""An executable configuration file of Socorro is run, and its options are taken out."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.jobs.socorro.names import Names
from WardenServer.jobs.socorro.options import Option
from WardenServer.loading.trust import Trust
from WardenServer.settings.config import Settings


def load(path: Path, settings: Settings, known: Mapping[str, Option]) -> tuple[dict[str, Option], list[str]]:
    """The options of a file, by name, and those that are `known` besides; and sentences on what people should know.

    Args:
        path: of the file.
        settings: they say which files may run.
        known: options with defaults.

    Raises:
        WardenError: it cannot be run, or it is not safe to do so; the text has the file, the line and the cure.
    """
    path = path.absolute()
    with suppress(OSError):  # what keeps it from being looked at is said when it is read
        if not path.is_file():
            raise PluginError(f"{path} is no file; name a configuration file such as monitorconfig.py")
    trust = Trust(settings)
    with Names(path.parent, trust.read) as names:
        module = names.fresh(lambda: names.load(path))
        said = {name: _option(name, value, path) for name, value in vars(module).items() if _is_option(name, value)}
    found, notes = dict(known), list(trust.notes)
    for name, option in said.items():
        ours = known.get(name, Option())
        if option.default is None and ours.default is not None:
            notes.append(f"{path} gives {name} no default; it is {ours.default!r}")
            option = replace(option, default=ours.default)
        found[name] = option if option.doc else replace(option, doc=ours.doc or f"{name} of {path.name}")
    return found, notes


def _is_option(name: str, value: Any) -> bool:
    return isinstance(value, Option | str | int | float) and not name.startswith("_") and name != "help"


def _option(name: str, value: Any, path: Path) -> Option:
    """An option as the file has it; a plain variable is one, too, and what it holds the default."""
    option = value if isinstance(value, Option) else Option(default=value)
    letter = option.singleCharacter
    if letter and (not isinstance(letter, str) or len(letter) != 1 or letter in "-:?="):
        raise PluginError(f"{path}: singleCharacter of {name} is {letter!r:.40}; write one letter")
    return option
