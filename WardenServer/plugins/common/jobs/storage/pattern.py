"""Patterns of ids: which folders of a tree are walked into, and which files are taken."""

import fnmatch
import re
from collections.abc import Callable

from WardenServer.errors import SettingError

#: A place in the pattern, or several: how many of its parts are behind.
State = frozenset[int]


class Pattern:
    """A pattern such as "scan*/*". "*", "?" and "[a-z]" stay within one name of a path, "**" as a whole part stands for
    any number of folders, and for the whole tree at the end."""

    def __init__(self, text: str) -> None:
        """Read it.

        Raises:
            SettingError: it means nothing.
        """
        parts = text.split("/")
        if {"", ".", ".."}.intersection(parts):
            raise SettingError(f'[jobs]: pattern is "{text[:60]}"; write one such as "*", "scan*/*" or "**"')
        if parts[-1] == "**":
            parts.append("*")
        self.text = text
        self._parts = [None if part == "**" else _matcher(part) for part in parts]
        self._last = _matcher(parts[-1])
        self.start = self._closed({0})

    def enter(self, state: State, name: str) -> State:
        """Where the pattern is in a folder of this name; empty where it takes nothing below."""
        after = set()
        for place in state:
            part = self._parts[place]
            if part is None:
                after.add(place)
            elif place + 1 < len(self._parts) and part(name):
                after.add(place + 1)
        return self._closed(after)

    def taking(self, state: State) -> Callable[[str], object]:
        """What says of the name of a file in a folder whether it is taken."""
        return self._last if len(self._parts) - 1 in state else _nothing

    def deepens(self, state: State) -> bool:
        """Whether files in the folders of this folder may be taken."""
        return any(place < len(self._parts) - 1 for place in state)

    def takes(self, id: str) -> bool:
        """Whether an id is taken."""
        state, (*folders, name) = self.start, id.split("/")
        for folder in folders:
            state = self.enter(state, folder)
        return bool(self.taking(state)(name))

    def _closed(self, places: set[int]) -> State:
        """With the places behind each "**", which may stand for no folder."""
        for place in sorted(places):
            while self._parts[place] is None:
                place += 1
                places.add(place)
        return frozenset(places)


def _matcher(part: str) -> Callable[[str], object]:
    return re.compile(fnmatch.translate(part)).match


def _nothing(name: str) -> None:
    """Files in a folder that is only on the way."""
