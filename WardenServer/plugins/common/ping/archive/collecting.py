"""Fetch raw data, PingER's getdata: a day of each monitoring host, several hosts side by side."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.archive import day_file, fetching, storing
from WardenServer.plugins.common.ping.archive.fetching import Silent
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.locking import held
from WardenServer.plugins.common.ping.archive.monitors import Monitor, name_trouble
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.serving import window
from WardenServer.plugins.common.ping.serving.window import Window

if TYPE_CHECKING:
    import httpx

#: Seconds between two looks whether to stop.
LOOK = 0.2


@dataclass(frozen=True)
class Got:
    """What became of one day of one host: how many lines it has now; `trouble` is a sentence where it could not be
    fetched, and what was there before is kept then; `had` is whether it was there already and whole."""

    monitor: Monitor
    day: date
    lines: int = 0
    trouble: str = ""
    had: bool = False


def collect(
    archive: Archive,
    monitors: Sequence[Monitor],
    days: Sequence[date],
    again: bool = False,
    got: Callable[[Got], None] = lambda got: None,
    stopping: threading.Event | None = None,
) -> list[Got]:
    """Fetch these days of these hosts. A day that is whole already is not fetched again, unless `again` is said: so a
    collection that was ended goes on where it was. Answers are streamed to disk. Two at once would disturb each other:
    the second waits for the first.

    Args:
        archive: where to, and the limits.
        monitors: which hosts.
        days: which days, in UTC; today and the future are left out.
        again: whether to fetch also what is there.
        got: told of each day of each host as it is done, in the caller's thread.
        stopping: once set, no more is begun, and what is being fetched is given up.

    Raises:
        WardenError: nothing can be fetched at all, such as where a library is missing; the text has the cure.
    """
    stopping = stopping or threading.Event()
    with held(archive.folder, stopping) as is_ours:
        return collect_held(archive, monitors, days, again, got, stopping) if is_ours else []


def collect_held(
    archive: Archive,
    monitors: Sequence[Monitor],
    days: Iterable[date],
    again: bool,
    got: Callable[[Got], None],
    stopping: threading.Event,
) -> list[Got]:
    """As `collect`, for who holds the archive already (locking.py)."""
    past = sorted({day for day in days if day < datetime.now(UTC).date()})
    return asyncio.run(_Collection(archive, past, again, got).run(list(dict.fromkeys(monitors)), stopping))


class _Collection:
    """One collection: a task for each host, of which some are at work at a time; all in one thread."""

    def __init__(self, archive: Archive, days: Sequence[date], again: bool, got: Callable[[Got], None]) -> None:
        self._archive, self._days, self._again, self._tell = archive, days, again, got
        self._free = asyncio.Semaphore(archive.at_once)
        self._client: httpx.AsyncClient | None = None
        self._done: list[Got] = []

    async def run(self, monitors: Sequence[Monitor], stopping: threading.Event) -> list[Got]:
        """All hosts; by host and day what became of them."""
        places = {monitor: place for place, monitor in enumerate(monitors)}
        async with AsyncExitStack() as stack:
            if self._days and any(monitor.url for monitor in monitors):
                self._client = await stack.enter_async_context(fetching.open_client(self._archive.patience))
            await _all_or_stopped([asyncio.ensure_future(self._host(monitor)) for monitor in monitors], stopping)
        return sorted(self._done, key=lambda one: (places[one.monitor], one.day))

    async def _host(self, monitor: Monitor) -> None:
        """Its days, one after the other; of a host that is not there, only the first is asked for."""
        async with self._free:
            given_up = trouble = name_trouble(monitor.name)
            for day in self._days:
                if trouble:
                    self._say(Got(monitor, day, trouble=trouble))
                else:
                    given_up = await self._day(monitor, day, given_up)

    async def _day(self, monitor: Monitor, day: date, given_up: str) -> str:
        """Have a day, if it is not there already; why the host was given up, if it was."""
        path = Folders(self._archive.folder).raw(monitor.name, day)
        old = day_file.look(path)
        if not self._again and not old.why and day_file.is_final(path, day):
            self._say(Got(monitor, day, old.lines, had=True))
            return given_up
        try:
            if given_up:
                raise Silent(given_up)
            async with aclosing(self._blocks(monitor, day)) as blocks:
                lines = await storing.store(path, monitor, day, blocks, old.lines)
            self._say(Got(monitor, day, lines))
        except WardenError as error:
            self._say(Got(monitor, day, old.lines, str(error)))
            return str(error) if isinstance(error, Silent) else ""
        return ""

    async def _blocks(self, monitor: Monitor, day: date) -> AsyncGenerator[bytes, None]:
        if monitor.url and self._client is not None:
            async with aclosing(fetching.answer(self._client, monitor, day, self._archive.largest)) as blocks:
                async for block in blocks:
                    yield block
        elif self._archive.own_folder is not None:
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
            for block in window.blocks(self._archive.own_folder, Window(begin, begin + 86399, True, True)):
                yield block

    def _say(self, got: Got) -> None:
        self._done.append(got)
        self._tell(got)


async def _all_or_stopped(tasks: Sequence["asyncio.Task[None]"], stopping: threading.Event) -> None:
    """Wait for all; once `stopping` is set, or one has failed, end the others."""
    pending = set(tasks)
    try:
        while pending and not stopping.is_set():
            done, pending = await asyncio.wait(pending, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
