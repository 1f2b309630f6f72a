"""Readers of a stream beside the bare loop over the same library: ZeroMQ, Redis and ROOT."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.figure import Run
from tests.bench.servers import free_port
from tests.bench.stream_feeding import LIMIT, Clock, Counting, CountingArrays, through
from tests.bench.stream_publisher import Publisher
from tests.bench.stream_single import event
from WardenServer.errors import WardenError
from WardenServer.machine.child import Child, wait_until

#: Events of one entry of a Redis stream, and entries that the rival asks for: about as many events as we hand over.
EVENTS, ENTRIES = 100, 10
#: Entries of a tree in a step, and in each part of the file.
STEP = 10_000
KEY, GROUP = "events", "bench"


# -- ZeroMQ


def zeromq(folder: Path, number: int) -> Run:
    """Ours."""
    from WardenServer.streams.readers.zeromq import ZeroMQ

    with Publisher(folder, number) as publisher:
        run = through(ZeroMQ(publisher.address, limit=0), number, Counting())
        return {**run, "sent": _sent(publisher, number)}


def zeromq_bare(folder: Path, number: int) -> Run:
    """A loop over pyzmq."""
    import zmq

    with Publisher(folder, number) as publisher, zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.rcvhwm = 0
        socket.rcvtimeo = round(1000 * LIMIT)
        clock, counting = Clock(), Counting()
        socket.connect(publisher.address)
        socket.subscribe(b"")
        receive, loads, count = socket.recv, json.loads, counting.event
        for _ in range(number):
            count(loads(receive()))
        return {**clock.each(number, counting.count), "sent": _sent(publisher, number)}


def _sent(publisher: Publisher, number: int) -> float:
    """Nanoseconds that the publisher took for a frame: less than the rest, or that is what was measured."""
    if not wait_until(lambda: not publisher.alive, LIMIT):
        raise WardenError(f"the publisher has not ended within {LIMIT:g} s; it has more frames than were asked for")
    return 1e9 * publisher.took / number


# -- Redis


class Redis(Child):
    """Debian's redis-server with everything in memory. `url` is what clients need."""

    def __init__(self, folder: Path, *options: str) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", *options]
        super().__init__("redis-server", [*command, "--dir", str(folder)], folder / "redis.out")

    @property
    def client(self) -> Any:
        """A client of redis-py."""
        import redis

        return redis.Redis.from_url(self.url, protocol=2)

    def answers(self) -> bool:
        """See Child."""
        import redis

        with self.client as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return True
            except redis.RedisError:
                return False

    def fill(self, number: int) -> None:
        """Entries with so many events in all."""
        with self.client as client, client.pipeline(transaction=False) as pipeline:
            for begin in range(0, number, EVENTS):
                text = json.dumps([event(place) for place in range(begin, begin + EVENTS)])
                pipeline.xadd(KEY, {"event": text})
            pipeline.execute()


def redis_missing() -> bool:
    """Whether the server is not installed."""
    return shutil.which("redis-server") is None


def redis(folder: Path, number: int) -> Run:
    """Ours."""
    from WardenServer.streams.readers.redis_stream import RedisStream

    with Redis(folder) as server:
        server.fill(number)
        return through(RedisStream(server.url, KEY, GROUP, begin="start"), number, Counting())


def redis_bare(folder: Path, number: int) -> Run:
    """A loop over redis-py, which reads, decodes and acknowledges."""
    with Redis(folder) as server, server.client as client:
        server.fill(number)
        clock, counting = Clock(), Counting()
        client.xgroup_create(KEY, GROUP, "0")
        while answer := client.xreadgroup(GROUP, "one", {KEY: ">"}, ENTRIES):
            entries = answer[0][1]
            for _, fields in entries:
                for each in json.loads(fields[b"event"]):
                    counting.event(each)
            client.xack(KEY, GROUP, *[name for name, _ in entries])
        return clock.each(number, counting.count)


# -- ROOT


def root(folder: Path, number: int, jagged: bool) -> Run:
    """Ours."""
    from WardenServer.streams.readers.root import ROOT

    file = _write(folder / "events.root", number, jagged)
    return through(ROOT(str(file), "events", step=STEP, follow=False), number, CountingArrays())


def root_bare(folder: Path, number: int, jagged: bool) -> Run:
    """A loop over uproot."""
    import uproot

    file = _write(folder / "events.root", number, jagged)
    clock, counting = Clock(), CountingArrays()
    for arrays in uproot.iterate(f"{file}:events", step_size=STEP, library="ak" if jagged else "np"):
        counting.events(arrays if jagged else arrays["nhit"])
    return clock.each(number, counting.count)


def _write(file: Path, number: int, jagged: bool) -> Path:
    """A tree with four numbers an entry and, where it is to be jagged, with up to nine more."""
    import awkward
    import uproot

    random = np.random.default_rng(12)
    with uproot.recreate(file) as out:
        kinds: dict[str, Any] = {"number": "int64", "time": "float64", "energy": "float64", "nhit": "int32"}
        tree = out.mktree("events", kinds | ({"hits": "var * float32"} if jagged else {}))
        for begin in range(0, number, STEP):
            lengths = random.integers(0, 10, STEP)
            hits = awkward.unflatten(random.random(lengths.sum(), dtype=np.float32), lengths)
            columns: dict[str, Any] = {
                "number": np.arange(begin, begin + STEP),
                "time": np.arange(begin, begin + STEP) / 1e4,
                "energy": random.random(STEP),
                "nhit": random.integers(0, 300, STEP, dtype=np.int32),
            }
            tree.extend(columns | ({"hits": hits} if jagged else {}))
    return file
