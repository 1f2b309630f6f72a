"""Samples of processors whose hubs share a stream: each hub puts its own into a Redis hash, and gets those of all."""

import json
from collections.abc import Mapping
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.results.result import to_json
from WardenServer.streams.readers.redis_server import client, trouble

#: Seconds that the server may take: whoever samples waits for it.
ANSWER = 1.0
#: Seconds that samples are kept, at the least.
KEPT = 600


class Samples:
    """The samples of one hub, by the name of its consumer. Any thread may use it."""

    def __init__(self, url: str, key: str, group: str, consumer: str) -> None:
        self._client = client(url, ANSWER)
        self._url, self._key = url, key
        self._begin, self._consumer = f"{key}:{group}:samples", consumer

    def exchange(self, processor: str, sample: Mapping[str, Any], young: float) -> list[Mapping[str, Any]]:
        """Put this hub's newest sample of a processor there; all that are younger than `young` seconds, this one too.

        The server's clock counts. NaN comes back as None, numpy arrays as lists.

        Raises:
            WardenError: the server does not answer, or JSON cannot hold the sample.
        """
        from redis.exceptions import RedisError

        try:
            plain = to_json(sample)
        except (TypeError, ValueError, RecursionError) as error:
            raise WardenError(f"the sample of {processor} cannot be shared ({error}); return plain values") from None
        try:
            now, everyone = self._put(f"{self._begin}:{processor}", plain, young)
        except (RedisError, OSError) as error:
            raise trouble(error, self._url, self._key) from None
        found = [_sample(everyone[name], now - young) for name in sorted(everyone)]
        return [each for each in found if each is not None]

    def _put(self, name: str, plain: bytes, young: float) -> tuple[float, Mapping[bytes, bytes]]:
        seconds, microseconds = self._client.time()
        kept = max(KEPT, round(10 * young))
        pipeline = self._client.pipeline()
        pipeline.hset(name, self._consumer, b"%d.%06d " % (seconds, microseconds) + plain)
        pipeline.expire(name, kept)
        pipeline.hgetall(name)
        everyone = pipeline.execute()[-1]
        if old := [consumer for consumer, value in everyone.items() if _time(value) < seconds - kept]:
            self._client.hdel(name, *old)
        return seconds + microseconds / 1e6, everyone

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _time(value: bytes) -> float:
    """When a sample was put there, in Unix seconds; 0 where that cannot be read."""
    try:
        return float(value.partition(b" ")[0])
    except ValueError:
        return 0.0


def _sample(value: bytes, since: float) -> Mapping[str, Any] | None:
    """The sample, where it is one, and not older."""
    if not _time(value) > since:
        return None
    try:
        sample = json.loads(value.partition(b" ")[2])
    except (ValueError, RecursionError):
        return None
    return sample if isinstance(sample, dict) else None
