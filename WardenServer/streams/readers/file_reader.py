"""What readers of files share: they look from time to time whether there is more, and read that."""

import math
import time
from collections.abc import Mapping
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import parse
from WardenServer.streams.batch import GATHER, Batch
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.files import Files

#: Most seconds between two looks at the files; while they grow the pauses are shorter.
PAUSE = 0.25


class FileReader(Reader):
    """Reads files that may grow. With `follow` off it ends when all that was there at first is read."""

    #: Fewest seconds between two looks.
    shortest = GATHER

    def __init__(self, files: Any, follow: Any, other: tuple[Any, ...]) -> None:
        """Take on the settings; `other` are those that cannot change in a reader's life.

        Raises:
            SettingError: one of the first two cannot be used.
        """
        super().__init__()
        self._files = Files(files)
        try:
            self.follow = self.endless = parse.flag(follow)
        except ValueError as error:
            raise SettingError(f"follow is {follow!r:.40}; write {error}") from None
        self._other = (self.follow, *other)
        self._next_look, self._pause = 0.0, self.shortest

    def open(self, position: Any) -> None:
        """See Reader."""
        self._files.begin()
        self.notes, self.ended = (), False
        self._next_look, self._pause = 0.0, self.shortest

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        until = time.monotonic() + wait
        while True:
            now = time.monotonic()
            if now >= self._next_look:
                self._look_at(now)
            batch = self._next_batch()
            if batch is None and not self.follow:
                self.ended = True
            if batch is not None or self.ended or now >= until:
                return batch
            time.sleep(max(0.0, min(until, self._next_look) - now))

    def _look_at(self, now: float) -> None:
        is_news = self._look(now)
        self._pause = self.shortest if is_news else min(PAUSE, 2 * self._pause)
        self._next_look = now + self._pause if self.follow else math.inf

    def _look(self, now: float) -> bool:
        """Look at all files, and put what is new behind what is still to be read; whether there was anything."""
        raise NotImplementedError

    def _next_batch(self) -> Batch | None:
        """What is next of that which the looks have found."""
        raise NotImplementedError

    def change(self, settings: Mapping[str, Any]) -> bool:
        """See Reader. Only `files` can change, while they are followed; files that are added are read from 0."""
        try:
            wanted = type(self)(**settings)
        except (SettingError, TypeError):
            return False
        if wanted._other != self._other or not self.follow:
            return False
        self._files = wanted._files
        self._next_look = 0.0
        return True
