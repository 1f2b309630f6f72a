"""Who has the last word on an option of Socorro: its default, the environment, a file, or the command line."""

import difflib
import getopt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.jobs.socorro.options import Option
from WardenServer.settings import masking, users_file

_MASK = "*" * 10
#: What asks for the list of options, unless a file has an option with that letter.
_HELP = ("--help", "-?", "-h")


@dataclass(frozen=True)
class Value:
    """What an option is, and who said so, for sentences."""

    value: Any
    where: str


def gather(
    options: Mapping[str, Option], words: Sequence[str], environment: Mapping[str, str] = os.environ
) -> dict[str, Value]:
    """The value of each option. What says more comes later: the default, an environment variable of that name, the
    file that the option `config` names, the command line.

    Args:
        options: all there are, by name.
        words: the command line.
        environment: the environment.

    Raises:
        SettingError: an option is unknown, or has a value that cannot be used.
    """
    said = {name: Value(option.default, "its default") for name, option in options.items()}
    said |= {name: Value(environment[name], "the environment") for name in options.keys() & environment.keys()}
    last = command_line(options, words)
    file = last.get("config") or said.get("config")
    if file is not None and file.value:
        said |= _file(Path(file.value), options)
    said |= last
    for name, each in said.items():
        _learn(name, each.value)
    return {name: Value(_read(name, options[name], each), each.where) for name, each in said.items()}


def wants_help(options: Mapping[str, Option], words: Sequence[str]) -> bool:
    """Whether the command line asks for the list of options. Raises SettingError as `gather` does."""
    return any(name in _HELP and name not in _letters(options) for name, _ in _parsed(options, words))


def command_line(options: Mapping[str, Option], words: Sequence[str]) -> dict[str, Value]:
    """What the command line says, as texts. Raises SettingError where an option is unknown."""
    letters = _letters(options)
    said = {letters.get(name, name[2:]): Value(text, "the command line") for name, text in _parsed(options, words)}
    return {name: value for name, value in said.items() if name in options}


def _letters(options: Mapping[str, Option]) -> dict[str, str]:
    """The names of options that have a letter, by that."""
    return {f"-{option.singleCharacter}": name for name, option in options.items() if option.singleCharacter}


def _parsed(options: Mapping[str, Option], words: Sequence[str]) -> list[tuple[str, str]]:
    letters = "".join(f"{letter[1]}:" for letter in _letters(options))
    try:
        found, rest = getopt.getopt(list(words), f"{letters}?h", ["help", *(f"{name}=" for name in options)])
    except getopt.GetoptError as error:
        near = difflib.get_close_matches(error.opt, options, 1)
        cure = f"write --{near[0]}=VALUE" if near else "see --help"
        raise SettingError(f"{error.msg}; {cure}") from None
    if rest:
        raise SettingError(f'"{rest[0]:.60}" is no option; write --NAME=VALUE')
    return found


def _file(path: Path, options: Mapping[str, Option]) -> dict[str, Value]:
    """What a file of lines name=value says, as texts."""
    try:
        text = users_file.read(path)
    except FileNotFoundError:
        raise SettingError(f"{path} does not exist; correct --config") from None
    except users_file.Unusable as error:
        raise SettingError(f"{path} {error}") from None
    return dict(_lines(text, path, options))


def _lines(text: str, path: Path, options: Mapping[str, Option]) -> Iterator[tuple[str, Value]]:
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip() or name.startswith("#"):
            continue
        if not equals or not name:
            raise SettingError(f"{path}:{number}: is no line NAME=VALUE; correct it, or begin it with #")
        if name not in options:
            near = difflib.get_close_matches(name, options, 1)
            cure = f'; did you mean "{near[0]}"?' if near else "; --help lists those there are"
            raise SettingError(f'{path}:{number}: unknown option "{name:.60}"{cure}')
        yield name, Value(value, f"{path}:{number}")


def _read(name: str, option: Option, said: Value) -> Any:
    try:
        return option.read(said.value)
    except Exception as error:  # converters come from the file
        reason = type(error).__name__ if _is_password(name) else masking.mask(str(error))[:200]
        shown = as_text(name, said.value)
        raise SettingError(f'{name} is "{shown:.60}" by {said.where}, which cannot be used: {reason}') from None


# -- what people see


def as_text(name: str, value: Any) -> str:
    """A value as people may see it."""
    return _MASK if _is_password(name) else masking.mask(str(value))


def as_lines(values: Mapping[str, Value]) -> str:
    """All values, one a line."""
    return "\n".join(f"\t{name}={as_text(name, values[name].value)}" for name in sorted(values))


def as_help(options: Mapping[str, Option]) -> str:
    """All options, with what they are and their defaults."""
    return "\n".join(_help(name, options[name]) for name in sorted(options)) + "\n  -?, --help\n\tprint this list"


def _help(name: str, option: Option) -> str:
    letter = f"-{option.singleCharacter}, " if option.singleCharacter else "    "
    return f"  {letter}--{name}\n\t{option.doc} (default: {as_text(name, option.default)})"


def _is_password(name: str) -> bool:
    return "password" in name.lower()


def _learn(name: str, value: Any) -> None:
    """Let no log line show what is secret."""
    masking.learn("password" if _is_password(name) else name, value)
