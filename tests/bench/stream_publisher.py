"""A publisher of events over ZeroMQ, in a process of its own: as fast as they are taken, once somebody has subscribed.

    python -m tests.bench.stream_publisher ADDRESS NUMBER NICE

It ends after NUMBER frames, and never where that is 0. Nothing is dropped: without a number it waits while a subscriber
has no room, with one all may wait in its memory.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

import zmq

from tests.bench.servers import free_port
from tests.bench.stream_single import event
from WardenServer.machine.child import Child

#: Frames that are different.
FRAMES = 1000
#: Frames that may wait, where they never end.
WAITING = 10_000


class Publisher(Child):
    """The process, by its `address`."""

    patience = 3.0

    def __init__(self, folder: Path, number: int = 0, nice: int = 0) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "tests.bench.stream_publisher", self.address, str(number), str(nice)]
        super().__init__("publisher", command, folder / "publisher.out")

    def answers(self) -> bool:
        """See Child."""
        return "publishes" in self.output.read_text(encoding="utf-8")

    @property
    def took(self) -> float:
        """Seconds from the first to the last frame, once it has ended."""
        return float(self.last_line())


def publish(address: str, number: int, nice: int) -> None:
    """Publish, until all is sent."""
    os.nice(nice)
    frames = itertools.cycle([json.dumps(event(place)).encode() for place in range(FRAMES)])
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.sndhwm = 0 if number else WAITING
        socket.xpub_nodrop = 1
        socket.bind(address)
        print("publishes", flush=True)
        socket.recv()  # a subscription
        send, began = socket.send, time.perf_counter()
        for frame in itertools.islice(frames, number or None):
            send(frame)
        took = time.perf_counter() - began
    print(took, flush=True)


if __name__ == "__main__":
    publish(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
