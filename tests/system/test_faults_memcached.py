"""Memcached goes, hangs, crawls, lies: the tick does not notice, the hub says so, and soon after all is whole again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest
import tango
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError

from tests.conftest import wait_for
from tests.system.conftest import (
    Hub,
    MakeHub,
    about,
    check_commands,
    check_tick,
    clean_environment,
    free_port,
    make_hub,
)
from tests.system.fake_memcached import FakeMemcached, Lie, dripping, endless, refusing, saying, slow, too_much
from WardenServer.errors import WardenError
from WardenServer.local import local_servers
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.results.board import HUB, Board
from WardenServer.results.result import Result
from WardenServer.servers import client
from WardenServer.settings import config
from WardenServer.sinks.memcached import Memcached

#: Seconds within which the board is whole again after the server's return, and some for the test itself.
RETURN = 2.0 + 0.5

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
#: Runs once while the test goes on; 600 bytes.
ONCE = "INTERVAL = 1000\nOFFSET = 0\ndef work(agent):\n    return {'name': agent.name, 'text': 'x' * 600}\n"
ONCES = [f"once{number}" for number in range(20)]

#: Lies that make no other way of failing in the sink; they are told to the sink alone, without a hub.
SIMILAR = (
    "a byte every 0.9 s",
    "nonsense that looks right",
    "a list without items",
    "bytes",
    "a line without end",
    "no memory at all",
    "not stored",
)
#: Lies under which one exchange of a few bytes is still answered.
SHORT = ("a byte every 0.1 s", "more than was asked")
NO_MEMORY = b"SERVER_ERROR out of memory storing object\r\n"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeMemcached]:
    with FakeMemcached() as server:
        yield server


@pytest.fixture(scope="module")
def shared(fake: FakeMemcached, database: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all lies."""
    agents = {"quick": QUICK, **dict.fromkeys(ONCES, ONCE)}
    with make_hub("faults_memcached", agents, tmp_path_factory.mktemp("faults"), database, fake.address) as server:
        yield server


def missing(hub: Hub, held: dict[str, bytes]) -> list[str]:
    """Keys whose document does not stand there as it stands on the board."""
    proxy = hub.proxy
    wrong = []
    for key in ONCES:
        there = held.get(hub.settings.prefix + key)
        if there is None or json.loads(there) != json.loads(proxy.GetDocument(key)):
            wrong.append(key)
    return wrong


def wait_whole(hub: Hub, held: Callable[[], dict[str, bytes]], limit: float = RETURN) -> None:
    """Every document stands there as on the board, and those that change go on."""
    until = time.monotonic() + limit
    wait_for(lambda: not missing(hub, held()), limit, f"for {missing(hub, held())}; {hub.log()[-1500:]}")
    newest = json.loads(hub.proxy.GetDocument("quick"))["n"]
    quick = hub.settings.prefix + "quick"
    wait_for(lambda: json.loads(held().get(quick, b"{}")).get("n", 0) >= newest, max(0.5, until - time.monotonic()))


LIES: dict[str, tuple[Lie, str]] = {
    "slow": (slow(5), "does not answer (timed out)"),
    "a byte every 0.1 s": (dripping(0.1), "does not answer (timed out)"),
    "a byte every 0.9 s": (dripping(0.9), "does not answer (timed out)"),
    "half a line, then silence": (saying(b"STOR"), "does not answer (timed out)"),
    "another protocol": (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "answers as no Memcached does"),
    "nonsense that looks right": (saying(b"VALUE x 0 5\r\nabcde\r\nEND\r\n"), "answers as no Memcached does"),
    "a list without items": (saying(b"VALUE\r\nSTAT\r\nEND\r\n"), "answers as no Memcached does"),
    "bytes": (saying(bytes(range(128, 256)) + b"\r\n"), "answers as no Memcached does"),
    "a line without end": (endless, "answers as no Memcached does"),
    "more than was asked": (too_much, "answers as no Memcached does"),
    "closes at once": (saying(None), "does not answer"),
    "no memory at all": (refusing(NO_MEMORY), "out of memory storing object"),
    "no memory for documents": (refusing(NO_MEMORY, 100), "out of memory storing object"),
    "not stored": (refusing(b"NOT_STORED\r\n", 100), "not stored"),
}


@pytest.mark.parametrize("name", [name for name in LIES if name not in SIMILAR])
def test_a_memcached_that_lies(shared: Hub, fake: FakeMemcached, name: str) -> None:
    shared.wait_state("RUNNING")
    wait_whole(shared, lambda: fake.held)
    fake.lie, said = LIES[name]
    fake.held = {}
    try:
        wait_for(
            lambda: said in shared.proxy.status(), 6, f"for {said}: {shared.proxy.status()}; {shared.log()[-3000:]}"
        )
        assert fake.address in shared.proxy.status()
        check_tick(shared)
        check_commands(shared)
        assert said in shared.proxy.status()
    finally:
        fake.come_to_its_senses()
    wait_whole(shared, lambda: fake.held)
    shared.wait_state("RUNNING", 3)
    assert "Traceback" not in shared.log()


@contextmanager
def sink_alone(settings: Callable[..., config.Settings]) -> Iterator[tuple[FakeMemcached, Memcached, Board]]:
    """The sink without a hub, with its board and a Memcached that can lie; its thread ends."""
    with FakeMemcached() as server:
        sink, board = Memcached(settings(memcached=[server.address])), Board()
        sink.open(board)
        sink.begin()
        try:
            yield server, sink, board
        finally:
            sink.close()
            assert sink.join(5)


@pytest.mark.parametrize("name", SIMILAR)
def test_a_memcached_that_lies_to_the_sink(settings: Callable[..., config.Settings], name: str) -> None:
    with sink_alone(settings) as (server, sink, board):
        put_all(board, 0)
        wait_for(lambda: len(server.held) == 3)
        server.lie, said = LIES[name]
        wait_for(lambda: put_all(board, 1) and said in str((sink.problem, sink.problems)), 5, f"for {said}")
        assert not sink.ok
        server.come_to_its_senses()
        wait_for(lambda: put_all(board, 2) and sink.ok, RETURN)
        wait_for(lambda: b'"x": 2' in server.held.get("document", b""), RETURN, str(server.held))


@pytest.mark.parametrize(("size", "lie"), [(600_000, None), (600, "not stored")], ids=["too large", "not stored"])
def test_no_problem_is_left_of_a_document_whose_agent_has_gone(
    settings: Callable[..., config.Settings], size: int, lie: str | None
) -> None:
    with sink_alone(settings) as (server, sink, board):
        put_all(board, 0)
        wait_for(lambda: len(server.held) == 3)
        server.lie = LIES[lie][0] if lie else server.lie
        board.put(Result("bad", "bad", time.time(), {"text": "x" * size, "more": "x" * size}, expire=100))
        wait_for(lambda: "document bad" in sink.problems.get("bad", ""), 5)
        board.remove("bad")
        wait_for(lambda: put_all(board, 1) and "bad" not in sink.problems, 5)
        server.come_to_its_senses()
        wait_for(lambda: put_all(board, 2) and sink.ok, RETURN)


def put_all(board: Board, value: int) -> bool:
    """New results of an agent and of the hub itself."""
    fields = {"x": value, "text": "x" * 200}
    for agent, key in (("one", "document"), (HUB, "warden.local")):
        board.put(Result(agent, key, time.time(), fields, expire=100))
    return True


# -- a Memcached that is away

Write = Callable[..., Path]


@pytest.fixture
def own_memcached(tmp_path: Path) -> Iterator[LocalMemcached]:
    """A Memcached of the test's own, not started."""
    server = LocalMemcached(free_port(), tmp_path)
    yield server
    if server.alive:
        os.kill(server.pid or 0, signal.SIGCONT)
    server.stop()


@pytest.fixture
def agents(write: Write) -> None:
    write("quick", QUICK)
    for name in ONCES:
        write(name, ONCE)


def held_by(server: Hub) -> Callable[[], dict[str, bytes]]:
    """What a real Memcached holds of this hub."""

    def look() -> dict[str, bytes]:
        try:
            keys = [*ONCES, "quick", server.settings.hub_key]
            return dict(server.memcached.get_many([server.settings.prefix + key for key in keys]))
        except (MemcacheError, OSError):
            return {}

    return look


def end(server: local_servers.Child) -> None:
    os.kill(server.pid or 0, signal.SIGKILL)
    wait_for(lambda: not server.alive)


@contextmanager
def black_hole(port: int) -> Iterator[None]:
    """A port at which no connection is accepted or refused: packets to it vanish."""
    with ExitStack() as stack:
        stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
        for _ in range(3):  # one more than fit into its queue
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize("hole", [nullcontext, black_hole], ids=["refuses connections", "black hole"])
def test_memcached_comes_after_the_hub(
    hub: MakeHub, own_memcached: LocalMemcached, hole: Callable[[int], AbstractContextManager[None]]
) -> None:
    with hole(own_memcached.port):
        server = hub(own_memcached.address)
        status = server.wait_state("ALARM")
        assert f"Memcached {own_memcached.address} does not answer (" in status
        assert f"Memcached {own_memcached.address} does not answer (" in server.log()
        wait_for(lambda: not server.proxy.MemcachedOk)
        check_tick(server)
        check_commands(server)
    own_memcached.start()
    wait_whole(server, held_by(server))
    assert own_memcached.address not in server.wait_state("RUNNING")
    wait_for(lambda: server.proxy.MemcachedOk)
    assert server.log().count("does not answer") == 1, "said once, not at every attempt"
    runs = {agent["runs"] for name, agent in about(server)["agents"].items() if name in ONCES}
    assert runs == {2}, "once for each Start: the documents were sent again, not made again"


@pytest.mark.usefixtures("agents")
def test_memcached_is_killed_and_comes_back_empty(hub: MakeHub, own_memcached: LocalMemcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, held_by(server))
    server.wait_state("RUNNING")
    end(own_memcached)
    server.wait_state("ALARM")
    check_tick(server)
    own_memcached.start()
    wait_whole(server, held_by(server))
    server.wait_state("RUNNING")
    end(own_memcached)
    own_memcached.start()  # at once
    wait_whole(server, held_by(server))


@pytest.mark.usefixtures("agents")
def test_memcached_is_flushed_at_any_moment(hub: MakeHub, own_memcached: LocalMemcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    key = server.settings.prefix + server.settings.hub_key
    wait_whole(server, held_by(server))
    for quick_runs in (0, 5, 8):  # of the ten between two documents of the hub about itself
        hub_itself = server.memcached.get(key)
        wait_for(lambda old=hub_itself: server.memcached.get(key) not in (None, old))
        server.wait_document("quick", "n", server.document("quick")["n"] + quick_runs)
        server.memcached.flush_all()
        wait_for(lambda: not server.document(ONCES[0]) or "sent again" in server.log(), 2)
        wait_whole(server, held_by(server))


@pytest.mark.usefixtures("agents")
def test_memcached_hangs_and_goes_on(hub: MakeHub, own_memcached: LocalMemcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, held_by(server))
    server.wait_state("RUNNING")
    os.kill(own_memcached.pid or 0, signal.SIGSTOP)
    status = server.wait_state("ALARM", 5)
    assert f"Memcached {own_memcached.address} does not answer (timed out)" in status
    check_tick(server)
    check_commands(server)
    began = time.monotonic()
    server.proxy.Reload()
    assert time.monotonic() - began < 1.0
    os.kill(own_memcached.pid or 0, signal.SIGCONT)
    wait_whole(server, held_by(server))
    server.wait_state("RUNNING")


@pytest.mark.usefixtures("agents")
def test_a_hub_whose_memcached_hangs_ends_in_time(hub: MakeHub, own_memcached: LocalMemcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, held_by(server))
    os.kill(own_memcached.pid or 0, signal.SIGSTOP)
    server.wait_state("ALARM", 5)
    admin = tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")
    began = time.monotonic()
    admin.Kill()
    wait_for(lambda: not server.alive, 5)
    assert (server.code, time.monotonic() - began < 4) == (0, True)


# -- one of several


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize("lie", ["half a line, then silence", "another protocol"])
def test_one_of_several_lies_and_the_others_do_not_wait_for_it(
    hub: MakeHub, own_memcached: LocalMemcached, fake: FakeMemcached, lie: str
) -> None:
    fake.come_to_its_senses()
    own_memcached.start()
    server = hub(f"{own_memcached.address},{fake.address}")
    real = held_by(server)
    wait_whole(server, lambda: {**fake.held, **real()})
    server.wait_state("RUNNING")
    there = set(fake.held)
    assert there
    fake.lie, said = LIES[lie]
    try:
        wait_for(lambda: said in server.proxy.status(), 6, f"for {said}: {server.proxy.status()}; {server.log()}")
        wait_whole(server, real)
        assert fake.address in server.proxy.status()
        assert not server.proxy.MemcachedOk
        assert longest_gap(server, 2.5) < 0.8
    finally:
        fake.come_to_its_senses()
    wait_for(lambda: set(fake.held) >= there, RETURN, f"for {there}, there are {set(fake.held)}; {server.log()}")
    server.wait_state("RUNNING")


def longest_gap(server: Hub, seconds: float) -> float:
    """Seconds for which an agent's document that changes ten times a second stayed the same."""
    until = time.monotonic() + seconds
    last, since, longest = None, time.monotonic(), 0.0
    while time.monotonic() < until:
        newest = server.document("quick")
        longest = max(longest, time.monotonic() - since)
        if newest != last:
            last, since = newest, time.monotonic()
        time.sleep(0.02)
    return longest


# -- limits


def test_a_slow_memcached_has_all_that_is_new(settings: Callable[..., config.Settings]) -> None:
    with FakeMemcached() as server:
        server.lie = slow(0.2)
        sink, board = Memcached(settings(memcached=[server.address])), Board()
        sink.open(board)
        sink.begin()
        try:
            for value in (1, 2, 3):
                put_all(board, value)
                wait_for(lambda value=value: b'"x": %d' % value in server.held.get("document", b""), 3)
                assert sink.ok
        finally:
            sink.close()
            assert sink.join(5)


def test_an_answer_without_end_takes_no_memory(shared: Hub, fake: FakeMemcached) -> None:
    shared.wait_state("RUNNING")
    peak = peak_memory(shared)
    fake.lie, said = LIES["a line without end"]
    try:
        wait_for(lambda: said in shared.proxy.status(), 6)
        check_tick(shared, 20)
        assert peak_memory(shared) - peak < 80_000_000
    finally:
        fake.come_to_its_senses()
    shared.wait_state("RUNNING")


def peak_memory(server: Hub) -> int:
    """The most bytes the process ever had in memory."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


@pytest.mark.parametrize(
    "name", [name for name, (_, said) in LIES.items() if "store" not in said and "storing" not in said]
)
def test_readers_get_one_sentence_from_a_memcached_that_lies(
    settings: Callable[..., config.Settings], name: str
) -> None:
    with FakeMemcached() as server:
        server.lie, said = LIES[name]
        made = settings(memcached=[server.address])
        began = time.monotonic()
        with pytest.raises(WardenError, match=re.escape(said) if name not in SHORT else None):
            client.document(made, "key")
        assert time.monotonic() - began < 2.0


def test_watch_waits_for_a_document_and_for_memcached(own_memcached: LocalMemcached, tmp_path: Path) -> None:
    own_memcached.start()
    command = [sys.executable, "-u", "-m", "WardenServer", "watch", "ring", f"--set=memcached={own_memcached.address}"]
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("w") as stdout, err.open("w") as stderr:
        watch = subprocess.Popen(command, env=clean_environment(), stdout=stdout, stderr=stderr)
    try:
        wait_for(lambda: 'has no document "ring"; waiting for it' in err.read_text())
        put(own_memcached, b'{"x": 1}')
        wait_for(lambda: out.read_text() == '{"x": 1}\n')
        end(own_memcached)
        wait_for(lambda: "does not answer" in err.read_text())
        own_memcached.start()
        wait_for(lambda: err.read_text().count("has no document") == 2)
        put(own_memcached, b'{"x": 2}')
        wait_for(lambda: out.read_text() == '{"x": 1}\n{"x": 2}\n')
        watch.send_signal(signal.SIGINT)
        assert watch.wait(5) == 0
        lines = err.read_text().split("\n")
        assert all(line.startswith("warden: Memcached ") for line in lines[:-1])
        assert len(lines) - 1 <= 4, "each once: no document, does not answer (closed or refused), no document"
    finally:
        watch.kill()
        watch.wait()


def put(server: LocalMemcached, value: bytes) -> None:
    writer = Client(server.address)
    writer.set("ring", value, noreply=False)
    writer.close()
