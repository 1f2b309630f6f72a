"""A configuration module of snoop: what it says, and its processors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.streams.code import Code
from WardenServer.streams.snoop.names import Names
from WardenServer.streams.snoop.processors import find
from WardenServer.streams.snoop.source import Place, source_of, target_of


@dataclass(frozen=True)
class Config:
    """What a configuration module says.

    Args:
        period: seconds between samples.
        source: what reads events; None where there is nothing to be read.
        target: what writes samples.
        codes: the processors, by name.
        problems: sentences on processors that cannot be used.
    """

    period: float
    source: Place | None
    target: Place
    codes: Mapping[str, Code]
    problems: Sequence[str]


def load(path: Path, name: str, names: Names, state_folder: Path) -> Config:
    """Run a configuration module, and import its processors.

    Args:
        path: of the module.
        name: under which its writer keeps documents for later, in `state_folder`.
        names: what its imports go through.
        state_folder: see `name`.

    Raises:
        WardenError: it cannot be used; the text has the file, the line and the cure.
    """
    said = vars(names.load(path))
    try:
        if missing := [each for each in ("sample_period", "processor_paths", "writer") if each not in said]:
            raise PluginError(f"has no {' and no '.join(missing)}; add it")
        period, kwargs = _period(said["sample_period"]), _kwargs(said.get("processor_kwargs", {}))
        source, target = source_of(path.stem, said.get("reader")), target_of(name, said["writer"], state_folder)
        packages = _packages(said["processor_paths"])
    except PluginError as error:
        raise PluginError(f"{path}: {error}") from None
    problems: list[str] = []
    codes = find(packages, kwargs, problems)
    return Config(period, source, target, codes, problems)


def _period(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < math.inf:
        raise PluginError(f"sample_period is {said!r:.40}; write seconds, more than 0")
    return float(said)


def _kwargs(said: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(said, Mapping) or not all(isinstance(each, Mapping) for each in said.values()):
        raise PluginError(f'processor_kwargs is {said!r:.60}; write {{"NAME": {{"argument": value}}}}')
    return said


def _packages(said: Any) -> list[str]:
    named = [each if isinstance(each, str) else next(iter(each), None) for each in said] if _is_list(said) else []
    if not named or not all(isinstance(each, str) and each for each in named):
        raise PluginError(f'processor_paths is {said!r:.60}; write [("package", ["package"])]')
    return [str(each) for each in named]


def _is_list(said: Any) -> bool:
    return isinstance(said, list | tuple) and all(isinstance(each, str | list | tuple) for each in said)
