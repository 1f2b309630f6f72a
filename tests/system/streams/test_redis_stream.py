import functools
import json
import os
import signal
import threading

import msgpack
import numpy as np
import pytest

from tests.conftest import wait_for
from tests.system.streams.conftest import Redis, events, lost, read, undecodable
from WardenServer.errors import Unreachable, WardenError
from WardenServer.streams import feed
from WardenServer.streams.batch import MOST
from WardenServer.streams.readers import redis_group, redis_losses
from WardenServer.streams.readers import redis_server as ours
from WardenServer.streams.readers.redis_stream import RedisStream


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks at losses and at what others left at every read, and a server that is given up soon."""
    monkeypatch.setattr(redis_losses, "LOOK", 0.0)
    monkeypatch.setattr(redis_group, "TAKE_OVER", 0.0)
    monkeypatch.setattr(redis_group, "client", functools.partial(ours.client, answer=1.0))


@pytest.fixture
def client(redis_server):
    with redis_server.client as one:
        yield one


@pytest.fixture
def make(redis_server):
    """Make a reader, and open it."""
    made = []

    def one(**settings):
        reader = RedisStream(**{"url": redis_server.url, "key": "daq", "group": "hub", **settings})
        made.append(reader)
        reader.open(None)
        return reader

    yield one
    for reader in made:
        reader.close()


def add(client, *entries):
    for entry in entries:
        client.xadd("daq", {"event": json.dumps(entry)})


def acknowledged(client):
    return client.xpending("daq", "hub")["pending"] == 0


def test_a_new_group_gets_what_comes_or_what_is_there(client, make) -> None:
    add(client, 1, 2)
    new, old = make(), make(group="other", begin="start")
    add(client, 3)
    assert events(read(new, 1)) == [3]
    assert events(read(old, 3)) == [1, 2, 3]
    assert new.read(0.01) is None
    assert acknowledged(client)


def test_an_entry_has_an_event_or_a_list_of_them_or_fields(client, make) -> None:
    reader = make(largest=200)
    add(client, {"a": 1}, [2, 3], [])
    client.xadd("daq", {"n": "5", "ä": b"\xff"})
    client.xadd("daq", {"event": b"{"})
    client.xadd("daq", {"event": json.dumps("x" * 200)})
    add(client, None)
    batches = read(reader, 7)
    assert events(batches) == [{"a": 1}, 2, 3, {"n": "5", "ä": "\ufffd"}, None]
    assert undecodable(batches) == 2
    assert sum(batch.size for batch in batches) > 200


def test_msgpack_in_a_field_of_another_name(client, make) -> None:
    reader = make(form="msgpack", field="data")
    client.xadd("daq", {"data": msgpack.packb([{"a": 1}, {"a": 2.5}])})
    assert events(read(reader, 2)) == [{"a": 1}, {"a": 2.5}]


def test_batches_are_about_as_large_as_they_should_be(client, make) -> None:
    reader = make()
    pipeline = client.pipeline()
    for number in range(0, 100_000, 100):
        pipeline.xadd("daq", {"event": json.dumps(list(range(number, number + 100)))})
    pipeline.execute()
    batches = read(reader, 100_000)
    assert events(batches) == list(range(100_000))
    assert max(map(len, batches[1:])) in range(MOST - 100, MOST + 1)
    assert lost(batches) == 0


def test_what_was_read_and_not_handed_over_comes_again(redis_server, client, make) -> None:
    reader = make()
    add(client, *range(3))
    while client.xpending("daq", "hub")["pending"] < 2:
        reader.read(0.2)
    pending = client.xpending("daq", "hub")["pending"]
    again = RedisStream(redis_server.url, "daq", "hub")
    again.open(None)  # as after kill -9: the first one never says that it is done
    try:
        assert events(read(again, pending)) == list(range(3 - pending, 3))
        add(client, 3)
        assert events(read(again, 1)) == [3]
        again.read(0.01)
        assert acknowledged(client)
    finally:
        again.close()


def test_the_end_acknowledges_what_was_handed_over(client, make) -> None:
    reader = make()
    add(client, 1)
    read(reader, 1)
    assert not acknowledged(client)
    reader.close()
    assert acknowledged(client)
    add(client, 2)
    assert events(read(make(), 1)) == [2]


@pytest.mark.parametrize("begin", ["new", "start"])
def test_entries_trimmed_before_they_were_read_are_counted(client, make, begin) -> None:
    add(client, "old")
    reader = make(begin=begin)
    if begin == "start":
        read(reader, 1)
    add(client, *range(10))
    read(reader, 10)
    add(client, *range(100))
    client.xtrim("daq", maxlen=30, approximate=False)
    batches = read(reader, 100)
    assert (events(batches), lost(batches)) == (list(range(70, 100)), 70)
    add(client, *range(20))
    client.xtrim("daq", maxlen=0, approximate=False)
    assert lost(read(reader, 20)) == 20
    for _ in range(50):  # the writer trims all the time
        client.xadd("daq", {"event": "1"}, maxlen=5, approximate=False)
    batches = read(reader, 50)
    assert (len(events(batches)), lost(batches)) == (5, 45)
    assert reader.read(0.01) is None


def test_entries_trimmed_while_the_hub_was_away_are_counted(client, make) -> None:
    reader = make()
    add(client, 1, 2)
    read(reader, 2)
    reader.close()
    add(client, *range(10))
    client.xtrim("daq", maxlen=4, approximate=False)
    batches = read(make(), 10)
    assert (events(batches), lost(batches)) == ([6, 7, 8, 9], 6)


def test_entries_that_vanish_while_they_are_pending_are_counted(redis_server, client, make) -> None:
    dead = RedisStream(redis_server.url, "daq", "hub", consumer="warden")
    dead.open(None)
    add(client, *range(3))
    read(dead, 3)
    dead._group.drop()  # it ends without a word
    dead.close()
    pending = client.xpending("daq", "hub")["pending"]
    assert pending
    client.xtrim("daq", maxlen=0, approximate=False)
    reader = make(consumer="warden")
    assert lost(read(reader, pending)) == pending
    assert acknowledged(client)


def test_hubs_that_share_a_group_see_each_entry_once_and_tell_of_each_loss_once(client, make) -> None:
    one, two = make(consumer="one", share=True), make(consumer="two", share=True)
    add(client, *range(200))
    found = []
    while len(events(found)) < 200:
        found += [batch for reader in (one, two) if (batch := reader.read(0.05)) is not None]
    assert sorted(events(found)) == list(range(200))
    for reader in (one, two):
        reader.read(0.01)
    add(client, *range(50))
    client.xtrim("daq", maxlen=10, approximate=False)
    found = []
    while len(events(found)) + lost(found) < 50:
        found += [batch for reader in (one, two) if (batch := reader.read(0.05)) is not None]
    for _ in range(3):
        found += [batch for reader in (one, two) if (batch := reader.read(0.01)) is not None]
    assert (sorted(events(found)), lost(found)) == (list(range(40, 50)), 40)


def test_what_a_hub_that_is_gone_has_left_is_taken_over(client, make, monkeypatch) -> None:
    gone = make(consumer="gone", share=True)
    add(client, *range(5))
    read(gone, 5)
    left = client.xpending("daq", "hub")["pending"]
    gone._group.drop()
    gone.close()
    monkeypatch.setattr(redis_group, "GONE", 1)
    assert events(read(make(consumer="here", share=True), left)) == list(range(5 - left, 5))


def test_a_stream_that_vanished_is_read_from_its_new_beginning(client, make) -> None:
    reader = make()
    add(client, 1)
    read(reader, 1)
    client.flushall()
    client.xadd("daq", {"event": "2"}, id="1-1")  # older than what was read
    with pytest.raises(WardenError, match="has lost the group of consumers; it is made again"):
        read(reader, 1)
    reader.close()
    reader.open(None)
    assert events(read(reader, 1)) == [2]
    client.xgroup_destroy("daq", "hub")
    add(client, 3)
    with pytest.raises(WardenError, match="has lost the group of consumers; it is made again"):
        read(reader, 1)
    reader.close()
    reader.open(None)
    assert events(read(reader, 1)) == [3]


def test_a_server_that_goes_and_comes_back_costs_nothing(tmp_path, make) -> None:
    with Redis(tmp_path / "own", "--appendonly", "yes", "--appendfsync", "always") as server, server.client as client:
        reader = RedisStream(server.url, "daq", "hub")
        reader.open(None)
        add(client, 1)
        assert events(read(reader, 1)) == [1]
        server.stop()
        with pytest.raises(Unreachable, match=r"does not answer \(.*\); start the server, or correct `url`"):
            reader.read(0.1)
        with pytest.raises(Unreachable):
            reader.open(None)
        server.start()
        add(client, 2)
        reader.close()
        reader.open(None)
        assert events(read(reader, 1)) == [2]  # the first was handed over, and is not read again
        reader.close()
        assert acknowledged(client)


def test_a_server_that_does_not_answer_is_given_up(redis_server, client, make) -> None:
    reader = make()
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unreachable, match="does not answer"):
            reader.read(0.1)
        with pytest.raises(Unreachable, match="does not answer"):
            reader.exchange("count", {}, 10)
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    reader.close()
    reader.open(None)
    add(client, 1)
    assert events(read(reader, 1)) == [1]


def test_a_key_that_is_no_stream(client, make) -> None:
    client.set("daq", "x")
    with pytest.raises(WardenError, match=r"daq at .* is no stream; correct `key`"):
        make()


def test_a_wrong_password_is_said_and_not_shown(tmp_path) -> None:
    with Redis(tmp_path, "--requirepass", "right") as server:
        for user in ("", ":wrongword@"):
            reader = RedisStream(server.url.replace("//", f"//{user}"), "daq", "hub")
            with pytest.raises(WardenError, match=r"does not let us in .*; correct user and password") as raised:
                reader.open(None)
            assert "wrongword" not in str(raised.value)


def test_samples_are_exchanged_by_the_clock_of_the_server(client, make, monkeypatch) -> None:
    one, two = make(consumer="one"), make(consumer="two")
    assert one.exchange("spectrum", {"n": 1, "x": np.array([1.5, np.nan]), "y": float("nan")}, 60) == [
        {"n": 1, "x": [1.5, None], "y": None}
    ]
    both = two.exchange("spectrum", {"n": 2}, 60)
    assert [sample["n"] for sample in both] == [1, 2]
    assert two.exchange("count", {"n": 3}, 60) == [{"n": 3}]
    assert two.exchange("spectrum", {"n": 4}, 0) == []
    name = "daq:hub:samples:spectrum"
    client.hset(name, mapping={"garbage": b"\xff", "list": b"99999999999 []", "half": b"99999999999 {", "old": b"1 {}"})
    assert [sample["n"] for sample in one.exchange("spectrum", {"n": 5}, 60)] == [5, 4]
    assert set(client.hkeys(name)) == {b"one", b"two", b"list", b"half"}
    assert client.ttl(name) in range(590, 601)
    with pytest.raises(WardenError, match="the sample of count cannot be shared"):
        one.exchange("count", {"n": object()}, 60)


def test_samples_are_exchanged_by_many_threads(make) -> None:
    reader = make()
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(reader.exchange("count", {"n": 1}, 60) for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [[{"n": 1}]] * 80
    reader.close()
    assert reader.exchange("count", {"n": 2}, 60) == [{"n": 2}]  # whether it reads or not


def test_connections_that_break_cost_no_entry_and_repeat_none(redis_server, client, monkeypatch, caplog) -> None:
    monkeypatch.setattr(feed, "PAUSES", (0.01, 0.01))
    taken, losses = [], []

    def take(batch):
        taken.extend(batch.events)
        losses.append(batch.lost)

    reading = feed.Feed("daq", take)
    reading.open(RedisStream(redis_server.url, "daq", "hub", begin="start"))
    try:
        for number in range(60):
            if number % 2:  # one that waits for an answer; the others are cut wherever they are
                wait_for(lambda: any("b" in one["flags"] for one in client.client_list()))
            else:
                add(client, *range(number * 10, number * 10 + 10))
            client.client_kill_filter(_type="normal", skipme=True)
            if number % 2:
                add(client, *range(number * 10, number * 10 + 10))
            wait_for(lambda least=number * 5: len(taken) >= least)  # so that some are cut while they are read
        wait_for(lambda: len(taken) >= 600)
    finally:
        reading.close()
        assert reading.join(10)
    assert taken == list(range(600))
    assert sum(losses) == 0
    assert acknowledged(client)
    assert "does not answer" in caplog.text
