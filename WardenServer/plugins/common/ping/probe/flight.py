"""One set of pings on its way."""

import asyncio
import secrets
import time

from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply

#: Most replies that are kept for each ping: a network that doubles packets gives a few, one that loops has no end.
MOST_REPLIES = 10


class Flight:
    """What was sent of a set, and what has come back. All its packets have the same random payload.

    `complete` is done as soon as each ping has a reply; what comes later is not looked at. `keys` are addresses and
    sequence numbers of its packets.
    """

    def __init__(self, pings: Pings) -> None:
        self.number = pings.number
        self.payload = secrets.token_bytes(pings.size)
        self.complete = asyncio.get_running_loop().create_future()
        self.keys: list[tuple[str, int]] = []
        self._time = 0.0
        self._missing = set(range(pings.number))
        self._replies: list[Reply] = []
        self._marks: set[str] = set()

    def begin(self) -> None:
        """The first packet goes now."""
        self._time = time.time()

    def mark(self, word: str) -> None:
        """Something is not as it should be: a word of Measured."""
        self._marks.add(word)

    def arrived(self, place: int, took: int) -> None:
        """The ping with this place in the set had a reply after so many ns."""
        if self.complete.done():
            return
        self._missing.discard(place)
        if len(self._replies) < MOST_REPLIES * self.number:
            self._replies.append(Reply(place, took / 1e6))
        if not self._missing:
            self.complete.set_result(None)

    def measured(self) -> Measured:
        """What is known by now."""
        return Measured(self._time, self.number, tuple(self._replies), tuple(sorted(self._marks)))
