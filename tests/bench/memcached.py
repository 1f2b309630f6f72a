"""Memcached: a thousand documents of about 200 bytes per wake-up, from the Results on the board to acknowledged."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against
from tests.bench.servers import free_port
from tests.bench.timing import repeat

DOCUMENTS = 1000
#: Seconds that a document lives.
LIFE = 100


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    many, few = (30, 3) if quick else (100, 10)
    return [
        Contender("ours", "ours", {"times": many}),
        Contender("set_many", "set_many", {"times": many}),
        Contender("encoding", "encoding", {"times": many}),
        Contender("client_per_key", "client_per_key", {"times": few}),
    ]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    ours = runs["ours"]
    name, encoding = f"Memcached: {DOCUMENTS} documents", "set_many and encoding"
    return [
        against(name, ours, runs["encoding"], "took", "ms", encoding, 1.3),
        against(f"{name}, CPU", ours, runs["encoding"], "cpu", "ms", encoding),
        against(name, ours, runs["set_many"], "took", "ms", "set_many of ready bytes"),
        against(name, ours, runs["client_per_key"], "took", "ms", "a new client per key"),
    ]


def _fields(number: int, turn: int) -> dict[str, Any]:
    """What an agent for a motor might return: about 200 bytes as JSON, with the time stamp."""
    position = number + turn / 7
    return {
        "Position": position,
        "Setpoint": round(position, 3),
        "Velocity": 12.5,
        "Steps": 1000 * number + turn,
        "State": "MOVING",
        "Status": "moves to where it was sent",
        "Limit": False,
        "Encoder": None,
    }


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, int]]:
    from WardenServer.local.local_servers import LocalMemcached

    with LocalMemcached(free_port(), folder) as server:
        yield "127.0.0.1", server.port


def ours(folder: Path, times: int) -> Run:
    """What the sink's thread does in one wake-up."""
    from WardenServer.results.board import Board
    from WardenServer.results.result import Result
    from WardenServer.settings import config
    from WardenServer.sinks.memcached import Memcached

    with _server(folder) as (host, port):
        board = Board()
        settings = config.load(environment={}, options={"memcached": [f"{host}:{port}"]})
        sink = Memcached(settings)
        sink.open(board)

        def prepare(turn: int) -> list[str]:
            for number in range(DOCUMENTS):
                name = f"agent{number:04}"
                board.put(Result(name, name, time.time(), _fields(number, turn), expire=LIFE))
            return board.agents()

        return repeat(times, prepare, sink.publish)


def set_many(folder: Path, times: int) -> Run:
    """One exchange of ready bytes."""
    with _server(folder) as address:
        client = _client(address)
        return repeat(times, _encoded, lambda documents: client.set_many(documents, expire=LIFE, noreply=False))


def encoding(folder: Path, times: int) -> Run:
    """One exchange of bytes that are encoded from dicts first."""
    with _server(folder) as address:
        client = _client(address)

        def send(documents: dict[str, Any]) -> None:
            encoded = {key: json.dumps(document).encode() for key, document in documents.items()}
            client.set_many(encoded, expire=LIFE, noreply=False)

        return repeat(times, _documents, send)


def client_per_key(folder: Path, times: int) -> Run:
    """A connection of its own for each document of ready bytes, as the original did it."""
    with _server(folder) as address:

        def send(documents: dict[str, bytes]) -> None:
            for key, document in documents.items():
                client = _client(address)
                client.set(key, document, expire=LIFE, noreply=False)
                client.close()

        return repeat(times, _encoded, send)


def _documents(turn: int) -> dict[str, dict[str, Any]]:
    return {f"agent{number:04}": {**_fields(number, turn), "timestamp": time.time()} for number in range(DOCUMENTS)}


def _encoded(turn: int) -> dict[str, bytes]:
    return {key: json.dumps(document).encode() for key, document in _documents(turn).items()}


def _client(address: tuple[str, int]) -> Any:
    from pymemcache.client.base import Client

    return Client(address, connect_timeout=1, timeout=1, no_delay=True)
