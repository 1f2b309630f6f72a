"""Connections in place of pings: accepted, refused, silent, and those whose first packet was lost."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.system.conftest import free_port
from tests.system.ping.namespaces import skip_without_ipv6
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import tcp
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.sample import Measured
from WardenServer.plugins.common.ping.probe.tcp import Connections


def measure(port: int, address: str = "127.0.0.1", number: int = 3, patience: float = 1.0) -> Measured:
    async def run() -> Measured:
        return await Connections(port, Pace(1000.0)).ping(address, Pings(number, 100), 0.05, patience)

    return asyncio.run(run())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_host_that_accepts_or_refuses_is_there(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if family == socket.AF_INET6:
        skip_without_ipv6()
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen(10)
        accepted = measure(server.getsockname()[1], address)
    refused = measure(free_port(), address)
    for found in (accepted, refused):
        assert (found.sent, found.received, "tcp" in found.marks) == (3, 3, True)
        assert sorted(reply.sequence for reply in found.replies) == [0, 1, 2]
        assert all(reply.rtt > 0 for reply in found.replies)


def test_without_a_way_there_it_is_lost() -> None:
    found = measure(80, "2001:db8::1", patience=0.2)
    assert (found.sent, found.replies) == (3, ())


@pytest.fixture
def full() -> Iterator[socket.socket]:
    """A server that takes no more connections: the kernel drops their first packets."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        client = stack.enter_context(socket.socket())
        client.connect(server.getsockname())
        yield server


def test_a_host_that_says_nothing_is_silent(full: socket.socket) -> None:
    assert measure(full.getsockname()[1], patience=0.2).replies == ()


def test_a_first_packet_that_was_lost_counts_as_lost_though_the_kernel_sends_it_again(full: socket.socket) -> None:
    async def check() -> Measured:
        connections = Connections(full.getsockname()[1], Pace(1000.0))
        running = asyncio.create_task(connections.ping("127.0.0.1", Pings(1, 100), 1.0, 10.0))
        while not _has_asked(full.getsockname()[1]):
            await asyncio.sleep(0.01)
        full.accept()[0].close()
        return await running

    assert asyncio.run(check()).replies == ()


def _has_asked(port: int) -> bool:
    """Whether the first packet of a connection to this port has gone, and was not answered."""
    ours = psutil.Process().net_connections("tcp4")
    return any(each.status == psutil.CONN_SYN_SENT and each.raddr.port == port for each in ours)


def test_without_descriptors_nothing_is_said_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 30, hard))
        with pytest.raises(Unreachable, match=r"127.0.0.1 cannot be measured .*; lower at_once"):

            async def run() -> None:
                with ExitStack() as held:
                    while True:
                        try:
                            held.enter_context(socket.socket())
                        except OSError:
                            break
                    await Connections(9, Pace(1000.0)).ping("127.0.0.1", Pings(3, 100), 0.01, 1.0)

            asyncio.run(run())


def test_whether_a_family_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tcp.why_not(socket.AF_INET) == ""

    def refuse(*arguments: object) -> socket.socket:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(tcp.socket, "socket", refuse)
    said = tcp.why_not(socket.AF_INET6)
    assert said == "this machine makes no connections of AF_INET6 (Address family not supported by protocol)"
