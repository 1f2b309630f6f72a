"""Reading a Redis stream as a consumer of a group, and acknowledging what was read."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from WardenServer.streams.readers.redis_losses import Losses, order
from WardenServer.streams.readers.redis_server import client

#: Milliseconds after which entries that another hub has read, and not acknowledged, are taken over.
GONE = 60_000
#: Seconds between looks for them.
TAKE_OVER = 20.0
#: Most seconds that the server is told to wait for an entry: less than it may take to answer.
LONGEST = 2.0

#: An entry: its id, and its fields.
Entry = tuple[bytes, Mapping[bytes, bytes]]


class Group:
    """One consumer of a group, over breaks of the connection. Errors are those of redis-py, and OSError."""

    def __init__(self, url: str, key: str, group: str, consumer: str, share: bool, begin: bytes) -> None:
        """Say who reads what.

        Args:
            url: of the server.
            key: of the stream.
            group: of consumers, made if it is not there.
            consumer: whose entries these are.
            share: whether to take over what other consumers have left behind.
            begin: where a new group begins: b"$" for what comes, b"0" for what is there.
        """
        self._url, self._key, self._group, self._share, self._begin = url, key, group, share, begin
        self._who = (group, consumer)
        self._client: Any = None
        self._done: list[bytes] = []  # handed over, not acknowledged yet
        self._pending = b"0"  # the last of the entries of an earlier life that was read; empty when there are no more
        self._last = b""  # the newest entry that was read
        self._cursor = b"0-0"  # among the entries that others have left behind
        self._take_over_at = 0.0
        self._lost = 0  # and not told yet

    def open(self) -> None:
        """Connect, and make the group where it is missing."""
        from redis.exceptions import ResponseError

        self._refused = ResponseError
        self._client = client(self._url)
        self._losses = Losses(self._client, self._key, self._group)
        self._pending, self._cursor = b"0", b"0-0"
        self._join()
        self._lost += self._losses.look()

    def _join(self) -> None:
        """Make the group where it is missing. One that has vanished goes on after the last entry that it had, unless
        the stream is another one by now."""
        begin = self._last or self._begin
        if self._last and not self._is_of_stream(self._last):
            begin = b"0"
        try:
            self._client.xgroup_create(self._key, self._group, begin, mkstream=True)
        except self._refused as error:
            if "BUSYGROUP" not in str(error):
                raise
        else:
            self._losses.begin()

    def _is_of_stream(self, entry: bytes) -> bool:
        if not self._client.exists(self._key):
            return False
        return order(entry) <= order(self._client.xinfo_stream(self._key)["last-generated-id"])

    def read(self, wait: float, count: int) -> tuple[list[Entry], int]:
        """Up to `count` entries, and how many are known to be lost since the last call.

        It acknowledges what the last call returned, and waits up to `wait` seconds where there is nothing.
        """
        entries = self._pending_entries(count) if self._pending else self._new_entries(min(wait, LONGEST), count)
        lost, self._lost = self._lost + self._losses.look(), 0
        self._done = [name for name, _ in entries]
        return entries, lost

    def _pending_entries(self, count: int) -> list[Entry]:
        """Entries of an earlier life, which had not been acknowledged."""
        entries = self._ask(lambda to: to.xreadgroup(*self._who, {self._key: self._pending}, count))
        entries = _entries(entries)
        self._pending = entries[-1][0] if entries else b""
        if gone := [name for name, fields in entries if not fields]:  # trimmed meanwhile, which Losses notices
            self._client.xack(self._key, self._group, *gone)
        return [entry for entry in entries if entry[1]]

    def _new_entries(self, wait: float, count: int) -> list[Entry]:
        if self._share and time.monotonic() >= self._take_over_at and (entries := self._others(count)):
            return entries
        block = max(1, round(wait * 1000))
        entries = _entries(self._ask(lambda to: to.xreadgroup(*self._who, {self._key: ">"}, count, block)))
        self._last = entries[-1][0] if entries else self._last
        return entries

    def _others(self, count: int) -> list[Entry]:
        """Entries that hubs have left behind which share the group, some at a time."""
        who = (self._key, *self._who)
        self._cursor, entries, *_ = self._ask(lambda to: to.xautoclaim(*who, GONE, self._cursor, count))
        if self._cursor == b"0-0":  # that was the last
            self._take_over_at = time.monotonic() + TAKE_OVER
        return list(entries)

    def _ask(self, question: Callable[[Any], object]) -> Any:
        """The answer to a question, which goes together with what is to be acknowledged."""
        pipeline = self._client.pipeline(transaction=False)
        self._acknowledge(pipeline)
        question(pipeline)
        answer = pipeline.execute(raise_on_error=False)[-1]
        self._done = []
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _acknowledge(self, to: Any) -> None:
        if self._done:
            to.hincrby(self._losses.counts, "acknowledged", len(self._done))
            to.xack(self._key, self._group, *self._done)

    def close(self) -> None:
        """Acknowledge what the last `read` returned, and let go of the connection."""
        if self._client is not None:
            self._acknowledge(self._client)
            self._done = []
            self.drop()

    def drop(self) -> None:
        """Let go of a connection that is broken; what is to be acknowledged waits for the next one."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _entries(answer: Any) -> list[Entry]:
    """The entries of one stream in the answer to XREADGROUP."""
    return list(answer[0][1]) if answer else []
