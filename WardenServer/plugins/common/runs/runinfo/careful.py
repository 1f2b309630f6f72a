"""Reads many things with few statements, also where some of them cannot be read."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from WardenServer.plugins.common.differ.change import Unavailable

#: Of so many things that cannot be read it is the database that is at fault. Seconds that the search for them may take.
FAILING, PATIENCE = 20, 10.0

Key = TypeVar("Key", int, str)


class Careful:
    """One search for what cannot be read. `read` gets some keys, and gives what it finds of them."""

    def __init__(self) -> None:
        self._failed = 0
        self._until = time.monotonic() + PATIENCE

    def read(
        self, keys: Sequence[Key], read: Callable[[Sequence[Key]], dict[Key, Any]], most: int
    ) -> dict[Key, Any]:
        """All that is found, at most so many keys at a time; what cannot be read is `Unavailable`. Raises DBAPIError
        where the database is at fault."""
        found: dict[Key, Any] = {}
        for part in parts(keys, most):
            found |= self._halved(part, read)
        return found

    def bear(self, error: DBAPIError) -> None:
        """Go on after an error, or raise it: the database is away, or too much has failed already."""
        if error.connection_invalidated or self._failed >= FAILING or time.monotonic() > self._until:
            raise error

    def _halved(self, keys: Sequence[Key], read: Callable[[Sequence[Key]], dict[Key, Any]]) -> dict[Key, Any]:
        try:
            return read(keys)
        except DBAPIError as error:
            self.bear(error)
            if len(keys) == 1:
                self._failed += 1
                return {keys[0]: Unavailable(str(error.orig).strip().split("\n")[0])}
        half = len(keys) // 2
        return self._halved(keys[:half], read) | self._halved(keys[half:], read)


def parts(keys: Sequence[Key], most: int) -> Iterator[Sequence[Key]]:
    """The keys, at most so many at a time."""
    return (keys[begin : begin + most] for begin in range(0, len(keys), most))
