"""Real servers that events come from."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.system.conftest import free_port
from WardenServer.machine.child import Child
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader


class Redis(Child):
    """A Redis server that keeps all in memory. `url` is what clients need, `client` one of them."""

    def __init__(self, folder: Path, *options: str) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        command = ["/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", *options]
        super().__init__("Redis", [*command, "--dir", str(folder)], folder / "redis.out")

    @property
    def client(self) -> Any:
        return redis.Redis.from_url(self.url, protocol=2)

    def answers(self) -> bool:
        with self.client as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return True
            except redis.RedisError:
                return False


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, since it may be stopped."""
    if not Path("/usr/bin/redis-server").exists():
        pytest.skip("redis-server is not installed")
    with Redis(tmp_path) as server:
        yield server


def read(reader: Reader, number: int, limit: float = 10.0) -> list[Batch]:
    """Batches until so many events, undecodable and lost ones have come."""
    batches: list[Batch] = []
    until = time.monotonic() + limit
    while sum(len(batch) + batch.undecodable + batch.lost for batch in batches) < number:
        assert time.monotonic() < until, f"{number} expected, there are {[batch.events for batch in batches]}"
        if (batch := reader.read(0.2)) is not None:
            batches.append(batch)
    return batches


def events(batches: list[Batch]) -> list[Any]:
    return [event for batch in batches for event in batch.events]


def lost(batches: list[Batch]) -> int:
    return sum(batch.lost for batch in batches)


def undecodable(batches: list[Batch]) -> int:
    return sum(batch.undecodable for batch in batches)
