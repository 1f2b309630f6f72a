import os
import re
import signal
import socket
import threading
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.system.pouchdb import PouchDB
from tests.system.streams.conftest import events, read
from WardenServer.errors import Unreachable, WardenError
from WardenServer.streams.readers import changes_feed
from WardenServer.streams.readers.couchdb import CouchDB


@pytest.fixture
def database(pouchdb, request):
    """An empty database of the test's own: its name."""
    name = re.sub(r"\W", "_", request.node.name.lower())
    httpx.put(f"{pouchdb.url}/{name}").raise_for_status()
    return name


@pytest.fixture
def make(pouchdb, database):
    made = []

    def one(position=None, **settings):
        reader = CouchDB(pouchdb.url, database, **settings)
        made.append(reader)
        reader.open(position)
        return reader

    yield one
    for reader in made:
        reader.close()


def put(url, database, *numbers):
    with httpx.Client() as client:
        for number in numbers:
            client.put(f"{url}/{database}/d{number}", json={"n": number}).raise_for_status()


def numbers(batches):
    return [event["n"] for event in events(batches)]


def test_a_reader_follows_a_database(pouchdb, database, make) -> None:
    put(pouchdb.url, database, 0)
    new, old = make(), make(since="start")
    put(pouchdb.url, database, 1, 2)
    assert numbers(read(new, 2)) == [1, 2]
    assert numbers(read(old, 3)) == [0, 1, 2]
    assert new.read(0.1) is None
    assert new.position() == old.position()


def test_it_goes_on_where_it_was(pouchdb, database, make) -> None:
    reader = make()
    put(pouchdb.url, database, 1)
    read(reader, 1)
    reader.close()
    put(pouchdb.url, database, *range(2, 50))
    assert numbers(read(make(reader.position()), 48)) == list(range(2, 50))


def test_deleted_and_design_documents_are_left_out_and_a_mapper_says_what_is_an_event(pouchdb, database, make) -> None:
    def mapper(document):
        return None if document["n"] == 2 else document["n"] * 10

    reader = make(mapper=mapper)
    put(pouchdb.url, database, 1, 2)
    there = httpx.get(f"{pouchdb.url}/{database}/d1").json()
    assert events(read(reader, 1)) == [10]
    httpx.delete(f"{pouchdb.url}/{database}/d1", params={"rev": there["_rev"]}).raise_for_status()
    httpx.put(f"{pouchdb.url}/{database}/_design/x", json={"n": 7}).raise_for_status()
    httpx.put(f"{pouchdb.url}/{database}/text", json={"n": "x" * 100}).raise_for_status()
    put(pouchdb.url, database, 3)
    assert events(read(reader, 2)) == ["x" * 1000, 30]


def test_a_database_that_is_missing(pouchdb) -> None:
    reader = CouchDB(pouchdb.url, "nothing_of_this_name")
    with pytest.raises(WardenError, match="nothing_of_this_name does not exist; make the database"):
        reader.open(None)


def test_a_server_that_hangs_goes_and_comes_back_empty(pouchdb, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(changes_feed, "ANSWER", 1.0)
    with PouchDB(free_port(), tmp_path) as server:
        reader = CouchDB(server.url, "runs")
        httpx.put(f"{server.url}/runs").raise_for_status()
        reader.open(None)
        put(server.url, "runs", 1, 2)
        assert numbers(read(reader, 2)) == [1, 2]
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unreachable, match="does not answer"):
                wait_for(lambda: reader.read(0.1), 10)
            reader.close()
            with pytest.raises(Unreachable, match="does not answer"):
                reader.open(reader.position())
        finally:
            os.kill(server.pid, signal.SIGCONT)
        server.stop()
        with pytest.raises(Unreachable, match="does not answer"):
            reader.open(reader.position())
        server.start()
        httpx.put(f"{server.url}/runs").raise_for_status()
        put(server.url, "runs", 3)
        reader.open(reader.position())  # it is beyond what is there
        assert numbers(read(reader, 1)) == [3]
        reader.close()


@contextmanager
def serving(*answers):
    """A server that gives each connection one answer, and ends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for answer in answers:
                connection, _ = server.accept()
                with connection, suppress(OSError):  # it may have heard enough
                    connection.recv(10_000)
                    connection.sendall(answer)

        server.settimeout(20)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://u:hidden@127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join(20)


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#: The client must not send its next request on this connection: the server ends it.
NEWEST = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{"update_seq":5}'
CHANGE = b'{"seq":6,"id":"a","doc":{"n":6}}\n'


MUCH = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000
ENDS = {"cut": b"", "no size": b"zz\r\n", "short": b"5\r\nhalf\r\n", "end": b"0\r\n\r\n"}


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", HEAD, HEAD + b"zz\r\n", MUCH])
def test_a_server_that_is_none(answer) -> None:
    with serving(answer) as url, pytest.raises(WardenError, match="does not answer") as raised:
        CouchDB(url, "runs").open(None)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_feed_that_ends_in_the_middle_keeps_what_came(end) -> None:
    with serving(NEWEST, HEAD + b"%x\r\n%s\r\n" % (len(CHANGE) + 5, CHANGE + b"{half") + end) as url:
        reader = CouchDB(url, "runs")
        reader.open(None)
        with pytest.raises(Unreachable) as raised:
            found = read(reader, 1)
            reader.read(0.1)
        assert numbers(found) == [6]
        assert reader.position() == 6
        assert "hidden" not in str(raised.value)
        reader.close()
