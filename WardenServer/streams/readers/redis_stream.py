"""Events from a Redis stream, through a consumer group: each hub with a group of its own, or several that share one.

An entry has one event, or a list of them, in one field; an entry without that field is an event itself, of texts. The
group remembers what was read. After a crash, what had not been acknowledged comes again, so nothing is lost, and the
last batch may come twice.
"""

import platform
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.settings import masking, parse
from WardenServer.settings.units import size
from WardenServer.streams.batch import GATHER, MOST, Batch
from WardenServer.streams.readers import decode
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.option import checked, known_form, word
from WardenServer.streams.readers.redis_group import Entry, Group
from WardenServer.streams.readers.redis_samples import Samples
from WardenServer.streams.readers.redis_server import known_url, trouble


class RedisStream(Reader):
    """Reads a stream, and counts in `lost` the entries that were trimmed before they were read."""

    counts_lost = True

    def __init__(
        self,
        url: str,
        key: str,
        group: str,
        consumer: str | None = None,
        share: bool = False,
        begin: str = "new",
        form: str = "json",
        field: str = "event",
        largest: Any = "16 MB",
    ) -> None:
        """Take on the settings.

        Args:
            url: of the server, such as "redis://host:6379/0".
            key: of the stream.
            group: of consumers, made if it is not there.
            consumer: the name of this hub in the group; that of the machine where nothing is said.
            share: whether other hubs read from the same group. Each sees a part then, and takes over what one that is
                gone has not acknowledged for a minute.
            begin: where a new group begins: "new" for what comes, "start" for what is there.
            form: "json", "msgpack", or "raw" for bytes as they are.
            field: of an entry, which holds the event or a list of them.
            largest: bytes of a field beyond which it is not decoded.

        Raises:
            SettingError: one of them cannot be used.
        """
        super().__init__()
        masking.learn("url", url)
        self._url = checked("url", url, known_url)
        self._key, self._name = checked("key", key, word), checked("group", group, word)
        self._consumer = platform.node() or "warden" if consumer is None else checked("consumer", consumer, word)
        self.shares, first = checked("share", share, parse.flag), checked("begin", begin, _begin)
        self._form = checked("form", form, known_form)
        self._field = checked("field", field, word).encode()
        self._largest = checked("largest", largest, size)
        self._group = Group(self._url, self._key, self._name, self._consumer, self.shares, first)
        self._samples: Samples | None = None
        self._sharing = threading.Lock()  # over the samples
        self._is_open = False
        self._count = 1  # entries that hold about MOST events, and no more than `largest` bytes
        self._rest_until = 0.0

    def open(self, position: Any) -> None:
        """See Reader. The group remembers the position."""
        self.close()
        self._decode = decode.decoder(self._form)
        from redis.exceptions import RedisError

        self._errors = (RedisError, OSError)
        try:
            self._group.open()
        except self._errors as error:
            raise self._broken(error) from None
        self._is_open = True

    def _broken(self, error: Exception) -> WardenError:
        self._group.drop()
        return trouble(error, self._url, self._key)

    def read(self, wait: float) -> Batch | None:
        """See Reader. What the last call returned is acknowledged with the request for more."""
        time.sleep(max(0.0, self._rest_until - time.monotonic()))
        try:
            entries, lost = self._group.read(wait, self._count)
        except self._errors as error:
            raise self._broken(error) from None
        if not entries and not lost:
            return None
        batch = self._batch(entries, lost)
        if entries:
            fewest = min(MOST / max(1, len(batch)), self._largest / max(1, batch.size))
            self._count = min(MOST, max(1, int(len(entries) * fewest)))
        self._rest_until = time.monotonic() + (GATHER if len(batch) < MOST // 2 else 0.0)
        return batch

    def _batch(self, entries: Sequence[Entry], lost: int) -> Batch:
        events: list[Any] = []
        undecodable = taken = 0
        for _, fields in entries:
            taken += sum(map(len, fields.values()))
            try:
                event = self._event(fields)
            except (ValueError, RecursionError):
                undecodable += 1
                continue
            decode.add(events, event)
        return Batch(events, size=taken, undecodable=undecodable, lost=lost)

    def _event(self, fields: Mapping[bytes, bytes]) -> Any:
        frame = fields.get(self._field)
        if frame is None:
            return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields.items()}
        if len(frame) > self._largest:
            raise ValueError
        return self._decode(frame)

    def exchange(self, processor: str, sample: Mapping[str, Any], young: float) -> list[Mapping[str, Any]]:
        """See Samples.exchange; on any thread."""
        with self._sharing:
            if self._samples is None:
                self._samples = Samples(self._url, self._key, self._name, self._consumer)
            samples = self._samples
        return samples.exchange(processor, sample, young)

    def close(self) -> None:
        """See Reader."""
        with self._sharing:
            samples, self._samples = self._samples, None
        if samples is not None:
            samples.close()
        if not self._is_open:
            return
        self._is_open = False
        try:
            self._group.close()
        except self._errors:  # what it has read comes again
            self._group.drop()


def _begin(value: Any) -> bytes:
    if value not in ("new", "start"):
        raise ValueError('"new" or "start"')
    return b"$" if value == "new" else b"0"
