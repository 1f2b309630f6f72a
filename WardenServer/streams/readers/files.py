"""Which files a reader reads: paths, and patterns that are looked up again and again."""

import glob
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError

#: Seconds between two look-ups of the patterns; one that takes long, since there are many files, is made so many times
#: more seldom than it takes.
LISTING, SELDOM = 2.0, 50
#: Most sentences on files that are shown at once.
NOTES = 10


class Files:
    """The files of the setting `files`. A name with * ? or [ is a pattern; ** stands for folders of any depth."""

    def __init__(self, files: Any) -> None:
        """Take on what the setting says: a text, or a list of texts.

        Raises:
            SettingError: it is something else.
        """
        names = [files] if isinstance(files, str | Path) else files
        if not isinstance(names, list | tuple) or not names or not all(map(_is_name, names)):
            raise SettingError(
                f'files is {files!r:.60}; write a path, a pattern such as "/data/run*", or a list of such'
            )
        absolute = {str(Path(name).expanduser().absolute()) for name in names}
        self._patterns = sorted(filter(glob.has_magic, absolute))
        #: The paths that are named in full, whether there are such files or not.
        self.named = absolute.difference(self._patterns)
        self._paths: list[str] = []
        self._empty: list[str] = []
        self._next = 0.0

    def begin(self) -> None:
        """Look up the patterns the next time."""
        self._next = 0.0

    def paths(self, now: float) -> tuple[list[str], bool]:
        """All paths in order, and whether the patterns have just been looked up; `now` is of the monotonic clock."""
        if now < self._next:
            return self._paths, False
        fitting = {each: glob.glob(each, recursive=True) for each in self._patterns}  # noqa: PTH207 any folder
        self._empty = [pattern for pattern, paths in fitting.items() if not paths]
        self._paths = sorted(self.named.union(*fitting.values()))
        self._next = now + LISTING
        return self._paths, True

    def took(self, begin: float) -> None:
        """All that had to be done since `begin`, when the patterns were looked up, is done."""
        self._next = max(self._next, begin + SELDOM * (time.monotonic() - begin))

    def find(self, paths: Iterable[str]) -> tuple[dict[str, os.stat_result], list[str]]:
        """The files among the paths, and sentences on what is missing."""
        found: dict[str, os.stat_result] = {}
        problems = (
            [] if self._paths else [f"no file fits {', '.join(self._patterns):.200} yet; correct `files` if need be"]
        )
        for path in paths:
            try:
                status = Path(path).stat()
            except OSError as error:
                if path in self.named or not isinstance(error, FileNotFoundError):
                    problems.append(problem(path, error))
                continue
            if stat.S_ISREG(status.st_mode):
                found[path] = status
            else:
                problems.append(f"{shown(path)} is no file that could be read; correct `files`")
        return found, problems


def problem(path: str, error: OSError) -> str:
    """Why a file cannot be read."""
    why = "is not there yet" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return f"file {shown(path)} {why}; correct `files` if that does not change"


def shown(path: str) -> str:
    """A path as text that can be written anywhere, also where its name is no UTF-8."""
    return path.encode(errors="backslashreplace").decode()


def limited(problems: list[str]) -> tuple[str, ...]:
    """The first of many sentences, and how many there are besides."""
    more = len(problems) - NOTES
    return tuple(problems if more <= 0 else [*problems[:NOTES], f"{more} more files have a problem"])


def _is_name(name: Any) -> bool:
    return isinstance(name, str | Path) and str(name) != "" and "\0" not in str(name)
