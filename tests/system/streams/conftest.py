"""Real servers that events come from."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.stream_readers import Redis, redis_missing
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, since it may be stopped."""
    if redis_missing():
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
