"""Events that one or many publishers send over ZeroMQ (PUB to SUB).

A message holds one event, or a list of them. What is sent while a publisher is not connected is lost, and so is what
comes while `limit` of its messages wait: ZeroMQ does not count that, numbers in the events do (`sequence`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.settings import parse
from WardenServer.settings.units import size
from WardenServer.streams.batch import GATHER, MOST, Batch
from WardenServer.streams.readers import decode
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.option import checked, known_form
from WardenServer.streams.readers.publishers import Publishers, known_addresses


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
                begins with it. Without it they have one.
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
        try:
            self._move(self._addresses)
        except WardenError:
            self.close()
            raise

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        if self._publishers is not None and self._publishers.look():
            self.notes = self._publishers.notes
        try:
            first = self._receive(wait)
            if first is None:
                return None
            self._undecodable = 0
            batch = decode.batch_of(self._gather(first), self._decode, self._largest)
        except self._error as error:
            raise WardenError(f"ZeroMQ cannot receive ({error}); a new socket is tried") from None
        batch.undecodable += self._undecodable
        return batch

    def _receive(self, wait: float) -> Any:
        """A frame, or None after `wait` seconds."""
        self._socket.rcvtimeo = max(1, round(wait * 1000))
        try:
            return self._socket.recv(copy=False)
        except self._again:
            return None

    def _gather(self, frame: Any) -> Iterator[bytes]:
        """The events of messages, from that on that begins with `frame`.

        ZeroMQ itself waits for each: to ask first whether there is one would cost a third more time.
        """
        self._socket.rcvtimeo = round(GATHER * 1000)
        receive, again = self._socket.recv, self._again
        until = time.monotonic() + GATHER
        messages = taken = 0
        while True:
            messages += 1
            event = self._event(frame)
            if event is not None:
                taken += len(event)
                yield event
            if messages == MOST or taken > self._largest or time.monotonic() > until:
                return
            try:
                frame = receive(0, False)
            except again:
                return

    def _event(self, frame: Any) -> bytes | None:
        """The event of a message; None for one of the wrong number of frames, or too large a one, which is counted."""
        number = 1
        while frame.more:
            frame = self._socket.recv(copy=False)  # all of a message come together
            number += 1
        if number == (1 if self._topic is None else 2) and len(frame) <= self._largest:
            return frame.bytes  # type: ignore[no-any-return]
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
