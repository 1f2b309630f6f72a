"""The web with two hundred listeners, of whom fifty stop to read: what that costs it, and the others.

A hub of five hundred agents is imitated in a real Memcached: all its documents change every second.
"""

import asyncio
import json
import os
import re
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, limit, quantiles
from tests.bench.servers import free_port
from WardenServer.machine.child import Child

AGENTS, CLIENTS, STOPPED = 500, 200, 50
#: Seconds that a client which has stopped is waited for.
PATIENCE = 30.0
_READ = re.compile(rb'^event: change\nid: \d+\ndata: \{"id":\d+,"read":([\d.]+)', re.MULTILINE)


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    return [Contender("web", "web", {"seconds": 12.0 if quick else 30.0})]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    ours, what = runs["web"], f"{CLIENTS} listeners to {AGENTS} agents, {STOPPED} of whom stop"
    return [
        limit(f"{what}: change read to the others' receipt, p99", ours, "p99", "ms", 250),
        limit(f"{what}: memory more", ours, "memory", "MB", 30),
        limit(f"{what}: the last that stopped is gone after", ours, "gone", "s", 10),
        limit(f"{what}: CPU of the web", ours, "cpu", "%", 100),
    ]


class Web(Child):
    """The web, as `warden web` runs it."""

    patience = 3.0

    def __init__(self, memcached: str, folder: Path) -> None:
        self.port = free_port()
        given = {"memcached": memcached, "state_folder": folder / "state", "web_listen": f"127.0.0.1:{self.port}"}
        command = [sys.executable, "-m", "WardenServer", "web", *(f"--set={name}={v}" for name, v in given.items())]
        nowhere = {"WARDEN_CONFIG": os.devnull, "TANGO_HOST": "127.0.0.1:1"}
        super().__init__("web", command, folder / "web.out", nowhere)

    def answers(self) -> bool:
        """See Child."""
        return "The web page is at" in self.output.read_text(encoding="utf-8")


def web(folder: Path, seconds: float) -> Run:
    """One measurement."""
    from WardenServer.local.local_servers import LocalMemcached

    with ExitStack() as stack:
        memcached = stack.enter_context(LocalMemcached(free_port(), folder))
        server = stack.enter_context(Web(memcached.address, folder))
        return asyncio.run(_measure(server, memcached.address, seconds))


async def _measure(server: Web, memcached: str, seconds: float) -> Run:
    writing = asyncio.create_task(_write(memcached))
    process, late, memory = psutil.Process(server.pid), list[float](), list[float]()
    await _listen(server.port, [], 3.0)  # so that all has been used once
    before, busy, began = process.memory_info().rss, sum(process.cpu_times()[:2]), time.monotonic()
    watching = asyncio.create_task(_watch(process, memory))
    reading = [asyncio.create_task(_listen(server.port, late, seconds)) for _ in range(CLIENTS - STOPPED)]
    await asyncio.sleep(3.0)
    gone = await asyncio.gather(*(_stop(server.port, process) for _ in range(STOPPED)))
    await asyncio.gather(*reading)
    cpu = 100 * (sum(process.cpu_times()[:2]) - busy) / (time.monotonic() - began)
    watching.cancel()
    writing.cancel()
    return {
        "p99": 1e3 * quantiles(late)["p99"],
        "memory": (max(memory) - before) / 1e6,
        "gone": max(gone),
        "cpu": cpu,
    }


async def _write(memcached: str) -> None:
    """All that a hub writes, each second."""
    from pymemcache import Client

    client, names = Client(memcached), [f"agent{number}" for number in range(AGENTS)]
    fields = {
        f"{name}.field{n}": {"agent": name, "key": name, "field": f"field{n}", "type": "float", "quality": "VALID"}
        for name in names
        for n in range(5)
    }
    entry = {"state": "good", "interval": 1.0, "runs": 1, "failures": 0, "age": 0.1, "lateness_p99": 0.001}
    while True:
        now = time.time()
        agents = {name: {**entry, "runs": int(now), "age": now % 1} for name in names}
        documents: dict[str, Any] = {
            name: {"timestamp": now, **{f"field{n}": now * n % 7 for n in range(5)}} for name in names
        }
        documents["warden.local"] = {"state": "RUNNING", "status": "", "timestamp": now, "agents": agents}
        documents["warden.local.fields"] = fields
        await asyncio.to_thread(client.set_many, {key: json.dumps(said) for key, said in documents.items()})
        await asyncio.sleep(1.0)


class Listener(asyncio.Protocol):
    """Asks for the stream, and notes how late the end of each change comes after it was read. It looks at little of it:
    all of them share a processor with each other."""

    def __init__(self, port: int, late: list[float]) -> None:
        self._port, self._late = port, late
        self._read = 0.0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self.transport = transport
        transport.write(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if found := _READ.search(data[:200]):
            self._read = float(found[1])
        if self._read and data.endswith(b"\n\n\r\n"):
            self._late.append(time.time() - self._read)
            self._read = 0.0


async def _open(port: int, late: list[float]) -> Listener:
    _, listener = await asyncio.get_running_loop().create_connection(lambda: Listener(port, late), "127.0.0.1", port)
    return listener


async def _listen(port: int, late: list[float], seconds: float) -> None:
    """Read for some seconds."""
    listener = await _open(port, late)
    await asyncio.sleep(seconds)
    listener.transport.close()


async def _stop(port: int, process: psutil.Process) -> float:
    """Ask, and read nothing; seconds until the server has let go."""
    listener = await _open(port, [])
    listener.transport.pause_reading()
    ours, began = listener.transport.get_extra_info("sockname")[1], time.monotonic()
    while time.monotonic() - began < PATIENCE and ours in await asyncio.to_thread(_held, process):
        await asyncio.sleep(0.5)
    listener.transport.abort()
    return time.monotonic() - began


def _held(process: psutil.Process) -> set[int]:
    """The ports of the clients that the server still has."""
    return {each.raddr.port for each in process.net_connections("tcp") if each.raddr}


async def _watch(process: psutil.Process, memory: list[float]) -> None:
    while True:
        memory.append(process.memory_info().rss)
        await asyncio.sleep(0.2)
