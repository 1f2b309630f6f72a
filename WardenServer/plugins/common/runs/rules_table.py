"""What is no change, as the settings say it.

    [runs.tolerances]
    "Position" = 0.01
    "p02/motor/*:Temperature" = "1 %"

    [[runs.masks]]
    pattern = "Petra:Text"
    reason = "holds the time of day"
    lines = '\\d\\d:\\d\\d'
"""

import re
from collections.abc import Mapping
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.plugins.common.differ.rules import Mask, Tolerance
from WardenServer.plugins.common.forms import meant
from WardenServer.plugins.common.runs import forms

_OF_A_MASK = ("pattern", "reason", "lines")


def tolerances(value: Any) -> tuple[tuple[str, Tolerance], ...]:
    """The table [runs.tolerances], in the order of the file. Raises ValueError, and SettingError on a line of it."""
    if not isinstance(value, Mapping):
        raise ValueError("a table [runs.tolerances]")
    return tuple((str(pattern), _tolerance(str(pattern), said)) for pattern, said in value.items())


def _tolerance(pattern: str, said: Any) -> Tolerance:
    try:
        return Tolerance(relative=_part(said)) if isinstance(said, str) else Tolerance(absolute=forms.number(said))
    except (ValueError, OverflowError):  # the second of a whole number of hundreds of digits
        where = f'[runs]: the tolerance of "{pattern:.80}" is {said!r:.60}'
        raise SettingError(f'{where}; write a number, 0 or more, or a part of the old value, such as "1 %"') from None


def _part(said: str) -> float:
    number, sign, rest = said.partition("%")
    if not sign or rest.strip():
        raise ValueError
    return forms.number(float(number)) / 100


def masks(value: Any) -> tuple[Mask, ...]:
    """The tables [[runs.masks]]. Raises ValueError, and SettingError on one of them."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise ValueError("tables [[runs.masks]]")
    return tuple(_mask(f"[runs]: mask {number}", said) for number, said in enumerate(value, 1))


def _mask(where: str, said: Mapping[str, Any]) -> Mask:
    if unknown := said.keys() - set(_OF_A_MASK):
        name = sorted(unknown)[0]
        raise SettingError(f'{where} has an unknown setting "{name}"{meant(name, _OF_A_MASK)}')
    for name, example in (("pattern", "Petra:Text*"), ("reason", "changes every time")):
        if not isinstance(said.get(name), str) or not said[name].strip():
            raise SettingError(f'{where} needs {name} = "{example}"')
    return Mask(said["pattern"], said["reason"], _expression(where, said["lines"]) if "lines" in said else None)


def _expression(where: str, lines: Any) -> re.Pattern[str]:
    if not isinstance(lines, str) or not lines:
        raise SettingError(f"{where}: lines is {lines!r:.60}; write a regular expression, or leave it out")
    try:
        return re.compile(lines)
    except (re.error, RecursionError, OverflowError) as error:
        raise SettingError(f"{where}: lines is {lines!r:.60}, no regular expression ({error}); correct it") from None
