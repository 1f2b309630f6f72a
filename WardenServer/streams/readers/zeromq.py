"""Events that one or many publishers send over ZeroMQ (PUB to SUB).

A message holds one event, or a list of them. What is sent while a publisher is not connected is lost, and so is what
comes while `limit` of its messages wait: ZeroMQ does not count that, numbers in the events do (`sequence`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.settings import parse
from WardenServer.settings.units import size
from WardenServer.streams.batch import GATHER, MOST, Batch
from WardenServer.streams.readers import decode
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.option import checked, known_form
from WardenServer.streams.readers.publishers import Publishers, known_addresses

#: Seconds that the reader is away after it has handed events over. Each frame that it receives lets go of the
#: interpreter for a moment, in which a processor that waits for it is woken and comes too late, again and again.
AWAY = 0.00005


class ZeroMQ(Reader):
    """Reads from publishers, which may come and go."""

    def __init__(
        self,
        addresses: Any,
        form: str = "json",
        topic: str | None = None,
        limit: int = 100_000,
        largest: Any = "16 MB",
    ) -> None:
        """Take on the settings.

        Args:
            addresses: one, such as "tcp://daq.example:5024", or a list of them.
            form: "json", "msgpack", or "raw" for bytes as they are.
            topic: where it is given, messages have two frames, the topic and the event, and those are read whose topic
                begins with it. Without it each frame is read as an event.
            limit: most messages that may wait for each publisher; 0 where there is no limit.
            largest: bytes of an event beyond which it is not decoded.

        Raises:
            SettingError: one of them cannot be used.
        """
        super().__init__()
        self._addresses = checked("addresses", addresses, known_addresses)
        self._form = checked("form", form, known_form)
        self._topic = None if topic is None else checked("topic", topic, parse.text)
        self._limit = checked("limit", limit, _limit)
        self._largest = checked("largest", largest, size)
        self._publishers: Publishers | None = None
        self._undecodable = 0

    def open(self, position: Any) -> None:
        """See Reader. It returns at once; `notes` say what is not connected."""
        self.close()
        self._decode = decode.decoder(self._form)
        self._publishers = Publishers(self._limit, self._topic or "")
        import zmq

        self._error, self._again, self._socket = zmq.ZMQError, zmq.Again, self._publishers.socket
        self._receive: Callable[[], bytes | None] = self._socket.recv if self._topic is None else self._second_frame
        try:
            self._move(self._addresses)
        except WardenError:
            self.close()
            raise

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        if self._publishers is not None and self._publishers.look():
            self.notes = self._publishers.notes
        time.sleep(AWAY)
        frames: list[bytes] = []
        self._undecodable = 0
        try:
            self._gather(frames, wait)
        except self._again:
            pass
        except self._error as error:
            raise WardenError(f"ZeroMQ cannot receive ({error}); a new socket is tried") from None
        if not frames and not self._undecodable:
            return None
        batch = decode.batch_of(frames, self._decode, self._largest)
        batch.undecodable += self._undecodable
        return batch

    def _gather(self, frames: list[bytes], wait: float) -> None:
        """Add the events of messages, as they came. ZeroMQ itself waits for each, since to ask first whether there is
        one would cost a third more time; it raises `_again` where none has come."""
        receive, taken = self._receive, 0
        self._socket.rcvtimeo = max(1, round(wait * 1000))
        frame = receive()
        self._socket.rcvtimeo = round(GATHER * 1000)
        until = time.monotonic() + GATHER
        for left in reversed(range(MOST)):
            if frame is not None:
                frames.append(frame)
                taken += len(frame)
            if not left or taken > self._largest or time.monotonic() > until:
                return
            frame = receive()

    def _second_frame(self) -> bytes | None:
        """The event of a message with a topic; None for one that has not two frames, which is counted."""
        frames: list[bytes] = self._socket.recv_multipart()
        if len(frames) == 2:
            return frames[1]
        self._undecodable += 1
        return None

    def add(self, address: str) -> None:
        """Read from one more publisher.

        Raises:
            SettingError: it is no address, or is read already.
            WardenError: ZeroMQ does not take it.
        """
        self._move(checked("addresses", [*self._addresses, address], known_addresses))

    def change(self, settings: Mapping[str, Any]) -> bool:
        """See Reader. Other addresses are taken on."""
        other = ZeroMQ(**settings)
        if other._rest() != self._rest():
            return False
        self._move(other._addresses)
        return True

    def _rest(self) -> tuple[Any, ...]:
        """All settings but the addresses."""
        return self._form, self._topic, self._limit, self._largest

    def _move(self, addresses: Sequence[str]) -> None:
        if self._publishers is not None:
            self._publishers.read_from(addresses)
            self.notes = self._publishers.notes
        self._addresses = list(addresses)

    def close(self) -> None:
        """See Reader."""
        if self._publishers is not None:
            self._publishers.close()
            self._publishers = None


def _limit(value: Any) -> int:
    if parse.whole(value) > 2**31 - 1:  # libzmq has an int for it
        raise ValueError("a whole number below 2147483648")
    return int(value)
