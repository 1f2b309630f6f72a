"""Two hubs that share the events of one Redis stream."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.streams.conftest import Redis
from tests.system.test_isolated import run, running
from WardenServer.loading import loader
from WardenServer.settings import config
from WardenServer.settings.streams import Stream
from WardenServer.streams.streams import Streams

COUNT = """
class Count:
    name = "counted"
    INTERVAL = 5
    count = 0
    def event(self, event):
        self.count += 1
    def sample(self):
        return {"count": self.count}
    def merge(self, samples):
        return {"count": sum(sample["count"] for sample in samples), "hubs": len(samples)}
"""

Load = Callable[[str], loader.Loaded]


@pytest.fixture
def load(settings: Callable[..., config.Settings], redis_server: Redis, tmp_path: Path) -> Iterator[Load]:
    """Load the agents of a hub of this name."""
    with ExitStack() as stack:

        def one(name: str) -> loader.Loaded:
            options = {"url": redis_server.url, "key": "daq", "group": "all", "share": True, "begin": "start"}
            streams = Streams()
            stack.callback(streams.close)
            about = {"daq": Stream("daq", "redis", {**options, "consumer": name})}
            made = replace(settings(instance=name, state_folder=str(tmp_path / name)), streams=about)
            return loader.load(made, {}, streams)

        yield one


def test_each_sees_a_part_and_publishes_the_whole(load: Load, write: Callable[..., Path], redis_server: Redis) -> None:
    write("counting", COUNT)
    with redis_server.client as client, ExitStack() as stack:
        hubs = [stack.enter_context(running(load(name).contracts["counted"])) for name in ("left", "right")]
        for number in range(200):
            client.xadd("daq", {"event": json.dumps([{"n": number}] * 5)})
        documents: list[dict[str, Any]] = []

        def all_there() -> bool:
            documents[:] = [run(*hub) for hub in hubs]
            return all(document.get("count") == 1000 for document in documents)

        wait_for(all_there, what=f"for all: {documents}")
        assert [document["hubs"] for document in documents] == [2, 2]
        assert [document["seen"] for document in documents] == [1000, 1000]


def test_a_processor_that_cannot_merge_is_refused(load: Load, write: Callable[..., Path]) -> None:
    write("counting", COUNT.replace("merge", "combine"))
    assert "has no merge(samples); add it" in load("left").refused["counted"]


def test_while_the_others_cannot_be_reached_there_is_no_whole(
    load: Load, write: Callable[..., Path], redis_server: Redis
) -> None:
    write("counting", COUNT)
    with running(load("left").contracts["counted"]) as hub:
        wait_for(lambda: run(*hub).get("hubs") == 1)
        redis_server.stop()
        wait_for(lambda: run(*hub).get("count") is None)
        redis_server.start()
        wait_for(lambda: run(*hub).get("hubs") == 1)
