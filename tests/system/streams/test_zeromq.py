import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

import msgpack
import pytest
import zmq

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.system.streams.conftest import events, read, undecodable
from WardenServer.streams.batch import MOST
from WardenServer.streams.readers import publishers
from WardenServer.streams.readers.zeromq import ZeroMQ


class Publisher:
    """Publishes from this thread. XPUB tells of subscriptions, so that nothing is sent too early."""

    def __init__(self, port=0):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.sndhwm = 0
        self.socket.linger = 0
        self.address = f"tcp://127.0.0.1:{port or free_port()}"
        self.socket.bind(self.address)

    def wait(self, reader):
        """Until a reader has subscribed, and says so; what it was subscribed to."""
        wait_for(lambda: reader.read(0.01) is None and self.socket.poll(0), 10, "for a subscription")
        wait_for(lambda: reader.read(0.01) is None and f"{self.address} is" not in str(reader.notes), 10, "for no note")
        return self.socket.recv()

    def send(self, *events):
        for event in events:
            self.socket.send(json.dumps(event).encode())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.destroy(linger=0)


@pytest.fixture
def publisher():
    with Publisher() as one:
        yield one


@pytest.fixture
def reader(publisher):
    made = ZeroMQ(publisher.address, largest="1 kB")
    made.open(None)
    yield made
    made.close()


def test_events_come_in_order_and_in_batches(publisher, reader) -> None:
    assert publisher.wait(reader) == b"\x01"
    publisher.send(*range(5000))  # five times what ZeroMQ keeps unless it is told
    batches = read(reader, 5000)
    assert events(batches) == list(range(5000))
    assert max(map(len, batches)) <= MOST
    assert sum(batch.size for batch in batches) == sum(len(str(number)) for number in range(5000))
    assert reader.read(0.01) is None


def test_messages_that_cannot_be_read_are_counted(publisher, reader) -> None:
    publisher.wait(reader)
    for frame in (b"{", b"\xff\xfe", b"", b"[" * 900, b"1" * 1001, b"x" * 100_000_000):
        publisher.socket.send(frame)
    publisher.send([1, 2], [], {"a": None})
    batches = read(reader, 9)
    assert events(batches) == [1, 2, {"a": None}]
    assert undecodable(batches) == 6


def test_without_a_topic_each_frame_is_read_as_an_event(publisher, reader) -> None:
    publisher.wait(reader)
    publisher.socket.send_multipart([b"daq.1", b"2"])
    batches = read(reader, 2)
    assert (events(batches), undecodable(batches)) == ([2], 1)


@pytest.mark.parametrize(
    ("form", "frame", "event"),
    [("msgpack", msgpack.packb({"a": [1, b"x"]}), {"a": [1, b"x"]}), ("raw", b"\x00\xff", b"\x00\xff")],
)
def test_forms(publisher, form, frame, event) -> None:
    reader = ZeroMQ(publisher.address, form=form)
    reader.open(None)
    try:
        publisher.wait(reader)
        publisher.socket.send(frame)
        assert events(read(reader, 1)) == [event]
    finally:
        reader.close()


def test_a_topic_stands_before_the_event(publisher) -> None:
    reader = ZeroMQ([publisher.address], topic="daq.ä")
    reader.open(None)
    try:
        assert publisher.wait(reader) == b"\x01daq.\xc3\xa4"
        for frames in (["other", "0"], ["daq.ä.1", "1"], ["daq.ä"], ["daq.ä", "2", "3"], ["daq.ä", "4"]):
            publisher.socket.send_multipart([frame.encode() for frame in frames])
        batches = read(reader, 4)
        assert events(batches) == [1, 4]
        assert undecodable(batches) == 2
    finally:
        reader.close()


def test_a_publisher_that_vanishes_and_comes_back(caplog) -> None:
    caplog.set_level("INFO")
    port = free_port()
    reader = ZeroMQ(f"tcp://127.0.0.1:{port}")
    reader.open(None)
    note = [f"tcp://127.0.0.1:{port} is not connected; start the publisher, or correct `addresses`"]
    try:
        assert reader.read(0.3) is None
        assert reader.notes == note
        for number in range(2):
            with Publisher(port) as publisher:
                publisher.wait(reader)
                publisher.send(number)
                assert events(read(reader, 1)) == [number]
            wait_for(lambda: reader.read(0.01) is None and reader.notes == note, 10, "for the note")
    finally:
        reader.close()
    said = [record.getMessage().removeprefix(f"tcp://127.0.0.1:{port} is ") for record in caplog.records]
    assert said == ["connected", "not connected any more"] * 2


def test_a_server_that_is_no_publisher_is_never_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        reader = ZeroMQ(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        reader.open(None)
        try:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            server.accept()[0].close()  # it has found that this is nothing, and tries again
            assert reader.read(0.3) is None
            assert reader.notes
        finally:
            reader.close()


def test_publishers_are_added_and_taken_away_while_it_reads(publisher, reader) -> None:
    publisher.wait(reader)
    with Publisher() as second, Publisher() as third:
        reader.add(second.address)
        second.wait(reader)
        publisher.send(1)
        second.send(2)
        assert sorted(events(read(reader, 2))) == [1, 2]
        assert reader.change({"addresses": [second.address, third.address], "largest": 1000})
        third.wait(reader)
        wait_for(lambda: publisher.socket.poll(0), 10, "for the end of the subscription")
        publisher.send(3)
        second.send(4)
        third.send(5)
        assert sorted(events(read(reader, 2))) == [4, 5]
        assert not reader.change({"addresses": [second.address], "largest": 2000})
        assert reader.notes == []


def test_a_name_that_is_none_is_a_note() -> None:
    reader = ZeroMQ("tcp://nowhere.invalid:5")
    reader.open(None)
    assert reader.read(0.05) is None
    assert len(reader.notes) == 1
    reader.close()


@pytest.fixture
def process():
    """A publisher in a process of its own: process(port, number of events, seconds it stays); 0 s: until nobody
    is subscribed."""
    with ExitStack() as stack:

        def start(port, number, stays):
            command = [sys.executable, "-c", PROGRAM, str(port), str(number), str(stays)]
            return stack.enter_context(subprocess.Popen(command))

        yield start


PROGRAM = """
import json, sys, time, zmq
port, number, stays = map(int, sys.argv[1:])
socket = zmq.Context().socket(zmq.XPUB)
socket.sndhwm = 0
socket.bind(f"tcp://127.0.0.1:{port}")
assert socket.poll(10_000) and socket.recv() == b"\\x01"
for each in range(number):
    socket.send(json.dumps({"number": each, "energy": 1.5}).encode())
time.sleep(stays) if stays else socket.poll(10_000)
"""


def test_from_another_process_at_full_rate_nothing_is_lost(process) -> None:
    port, number = free_port(), 20_000
    reader = ZeroMQ(f"tcp://127.0.0.1:{port}", limit=0)
    publisher = process(port, number, 0)
    reader.open(None)
    try:
        assert [event["number"] for event in events(read(reader, number))] == list(range(number))
    finally:
        reader.close()  # which ends the publisher
    assert publisher.wait(15) == 0


def test_a_publisher_that_hangs_is_not_connected(process, monkeypatch) -> None:
    monkeypatch.setattr(publishers, "HEARTBEAT", 100)
    monkeypatch.setattr(publishers, "SILENCE", 300)
    port = free_port()
    reader = ZeroMQ(f"tcp://127.0.0.1:{port}")
    publisher = process(port, 1, 60)
    reader.open(None)
    try:
        read(reader, 1)
        wait_for(lambda: reader.read(0.05) is None and not reader.notes, 10, "for no note")
        publisher.send_signal(signal.SIGSTOP)
        wait_for(lambda: reader.read(0.05) is None and reader.notes, 10, "for the note")
        publisher.send_signal(signal.SIGCONT)
        wait_for(lambda: reader.read(0.05) is None and not reader.notes, 10, "for no note")
    finally:
        reader.close()
        publisher.kill()
