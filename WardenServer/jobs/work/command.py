"""The command line that does a job: words with placeholders. No shell ever sees it."""

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from WardenServer.errors import SettingError

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
#: What becomes as many words as there are files.
_FILES = "{files}"


class Command:
    """The words of a command, such as `process {json} {dump} --out /results/{id}`.

    A placeholder is the suffix of a file without its dot, `id`, `pathname` (the path without suffix) or, as a word of
    its own, `files` (all of them). {{ and }} are braces.
    """

    def __init__(self, text: str, suffixes: Sequence[str]) -> None:
        """Take the text apart.

        Raises:
            SettingError: it is no command, has a placeholder that there is not, or its program is not there.
        """
        self._suffixes = tuple(suffixes)
        try:
            self._words = shlex.split(text)
        except ValueError as error:
            cure = "close quotes, or write \\ before them"
            raise SettingError(f"--command cannot be taken apart ({str(error).lower()}); {cure}") from None
        if not self._words:
            raise SettingError('--command is empty; write a program and its arguments, such as "process {files}"')
        program = self.arguments("id", [Path(f"/{each}") for each in suffixes])[0]
        if "{" not in self._words[0] and shutil.which(program) is None:
            raise SettingError(f"--command: there is no program {program}; correct it, or write its path")

    def arguments(self, id: str, paths: Sequence[Path]) -> list[str]:
        """The words for a job whose files are at `paths`, in the order of the suffixes."""
        files = [str(path) for path in paths]
        values = {suffix.removeprefix("."): path for suffix, path in zip(self._suffixes, files, strict=True)}
        values |= {"id": id, "pathname": files[0].removesuffix(self._suffixes[0])}
        lists = [files if word == _FILES else [_fill(word, values)] for word in self._words]
        return [word for words in lists for word in words]


def _fill(word: str, values: Mapping[str, str]) -> str:
    def place(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] in values:
            return values[found[1]]
        if found[0] == _FILES:
            raise SettingError(f'--command: {_FILES} in "{word}" stands for several words; make it a word of its own')
        there = ", ".join(f"{{{name}}}" for name in (*values, "files"))
        raise SettingError(f'--command: {found[0]} in "{word}" is no placeholder; there are {there}, {{{{ and }}}}')

    return _PLACE.sub(place, word)
