"""A method that replies as a test says."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import rounds
from WardenServer.plugins.common.ping.probe.methods import Methods
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply


class Fake:
    """Replies to each address as `behave` does, and notes what was asked of it, and by how many at a time."""

    name = "fake"

    def __init__(self, behave: Callable[[str, Pings], object] = lambda address, pings: None) -> None:
        self.behave = behave
        self.pings: list[tuple[str, Pings, float, float]] = []
        self.now = self.most = 0
        self.marks: tuple[str, ...] = ()
        self.is_closed = False

    async def ping(self, address: str, pings: Pings, wait: float, patience: float) -> Measured:
        self.pings.append((address, pings, wait, patience))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            said = self.behave(address, pings)
            if asyncio.iscoroutine(said):
                await said
            replies = () if said == "silent" else tuple(Reply(each, 1.5) for each in range(pings.number))
            return Measured(1e9, pings.number, replies, self.marks)
        finally:
            self.now -= 1

    def close(self) -> None:
        self.is_closed = True


async def hang() -> None:
    await asyncio.Event().wait()


def stand_in(monkeypatch: pytest.MonkeyPatch, method: Fake, notices: dict[int, str] | None = None) -> None:
    """Rounds use this method for all addresses."""

    async def open_methods(ping: Ping, families: Iterable[int], turn: float) -> Methods:
        return Methods(dict.fromkeys(families, method), notices or {})

    monkeypatch.setattr(rounds, "open_methods", open_methods)


def ping_of(folder: Path, *hosts: str, **more: object) -> Ping:
    """Settings that ask no DNS."""
    from WardenServer.plugins.common.ping.hosts import Host, read_lines

    made = read_lines(hosts, Host(""), "[ping]: hosts")
    return Ping(folder, "here", "192.0.2.250", made, **more)  # type: ignore[arg-type]
