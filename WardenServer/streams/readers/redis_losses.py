"""How many entries of a Redis stream were trimmed, or deleted, before a consumer group had them.

Redis counts what was ever added (`entries-added`, from version 7 on). What a group itself counts as read is not right
any more once the stream was trimmed, so the entries that it has acknowledged are counted here, in a hash beside the
stream, for all who share the group:

    lost = added - begin - acknowledged - pending - what is still to come

What is still to come is known where the group has had the newest entry, or the oldest one is new to it.
"""

import time
from collections.abc import Mapping
from typing import Any

#: Seconds between two looks.
LOOK = 1.0


def order(entry: bytes) -> tuple[int, int]:
    """What entries are ordered by: their ids are numbers with a dash between."""
    first, _, second = entry.partition(b"-")
    return int(first), int(second or 0)


class Losses:
    """Counts for one group. Of several hubs that share it, one tells of each loss."""

    def __init__(self, client: Any, key: str, group: str) -> None:
        self._client, self._key, self._group = client, key, group
        #: The hash: `begin`, the entries that had been added when the group began; `acknowledged`; `lost`.
        self.counts = f"{key}:{group}:counts"
        self._look_at = 0.0

    def begin(self) -> None:
        """A new group begins to count."""
        self._client.delete(self.counts)
        self._look_at = 0.0

    def look(self) -> int:
        """How many entries were lost since somebody looked last; 0 where it is not time yet."""
        if time.monotonic() < self._look_at:
            return 0
        self._look_at = time.monotonic() + LOOK
        pipeline = self._client.pipeline()  # a transaction: nothing comes between
        pipeline.xinfo_stream(self._key)
        pipeline.xinfo_groups(self._key)
        pipeline.hgetall(self.counts)
        stream, groups, counts = pipeline.execute()
        group = next((each for each in groups if each["name"] == self._group.encode()), None)
        missing = None if group is None else unaccounted(stream, group)
        return 0 if missing is None else self._tell(missing, counts)

    def _tell(self, missing: int, counts: Mapping[bytes, bytes]) -> int:
        begin, acknowledged, known = (int(counts.get(name, 0)) for name in (b"begin", b"acknowledged", b"lost"))
        if b"begin" not in counts:
            self._client.hsetnx(self.counts, "begin", missing - acknowledged)
            return 0
        lost = missing - begin - acknowledged - known
        if lost < 0:  # some were acknowledged twice: after a break of the connection, or by two hubs
            self._client.hincrby(self.counts, "acknowledged", lost)
        if lost <= 0:
            return 0
        if self._client.hincrby(self.counts, "lost", lost) != known + lost:  # another hub tells of it
            self._client.hincrby(self.counts, "lost", -lost)
            return 0
        return lost


def unaccounted(stream: Mapping[str, Any], group: Mapping[str, Any]) -> int | None:
    """How many of all entries ever added are neither pending nor still to come; None where that is not known now."""
    added, last = stream.get("entries-added"), order(group["last-delivered-id"])
    if added is None:  # an older server
        return None
    oldest = stream["first-entry"]
    if order(stream["last-generated-id"]) <= last:
        left = 0
    elif not oldest or order(oldest[0]) > last:
        left = stream["length"]
    else:
        return None
    return int(added) - int(group["pending"]) - int(left)
