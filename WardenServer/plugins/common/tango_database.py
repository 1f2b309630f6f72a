"""The Tango database, and which of the devices it knows answer: without ever waiting long for one that hangs.

Tango's time-outs do not bound a call: with a database that hangs, one takes from 9 s to minutes, with a device that
hangs 3 to 6 s. So the calls run in a small pool of threads, and the agent's thread waits for as long as it wants to.

Only `Database()`, `command_inout`, `DeviceProxy()` and `ping` are used: they let other Python threads run. Methods such
as `Database.get_device_exported`, and `set_timeout_millis` of a proxy that is not connected, stop all threads of the
process until the other side answers (109 s with a database that hangs; pytango 10.3.1).
"""

import os
import random
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from WardenServer.errors import NoData, Unreachable
from WardenServer.servers.tango_reading import first_reason

WORKERS = 8


@dataclass(frozen=True, slots=True)
class Contents:
    """Names in the database. The device of a server itself is `dserver/<server>`; those `exported` should run."""

    servers: list[str]
    devices: list[str]
    exported: list[str]


class TangoDatabase:
    """Looks into the Tango database that TANGO_HOST names, and pings devices. Used by one thread; `close` it."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds that the database or a device has to answer."""
        self._patience = patience
        self._pool = _pool(WORKERS)
        self._database_pool = _pool(1)  # of its own, so that hung devices do not hold up the database
        self._asking: Future[Contents] | None = None
        self._pings: dict[str, Future[bool]] = {}
        self._answers: dict[str, bool] = {}
        self._proxies: dict[str, Any] = {}

    def contents(self) -> Contents:
        """What the database knows.

        Raises:
            NoData: there is no Tango database here.
            Unreachable: it does not answer.
        """
        if self._asking is None:
            self._asking = self._database_pool.submit(_contents)
        wait([self._asking], self._patience)
        if not self._asking.done():
            raise Unreachable(f"{_where()} does not answer within {self._patience:g} s; see whether it hangs")
        asked, self._asking = self._asking, None
        return asked.result()

    def ping(self, devices: Iterable[str]) -> dict[str, bool]:
        """Whether each device answered when it was last asked; one that was not asked yet is left out.

        Takes up to twice the patience, however many hang: who is not asked by then, is so in the next call.
        """
        names = list(devices)
        self._forget_all_but(names)
        # Those that did not answer come last, to cost the others nothing; at random, so that all have their turn.
        order = sorted(random.sample(names, len(names)), key=lambda name: self._answers.get(name) is False)
        self._pings |= {name: self._pool.submit(self._ping, name) for name in order if name not in self._pings}
        self._wait()
        self._collect()
        return dict(self._answers)

    def close(self) -> None:
        """End the threads; waits for those in the middle of a call."""
        for pool in (self._pool, self._database_pool):
            pool.shutdown(wait=True, cancel_futures=True)

    def _forget_all_but(self, names: list[str]) -> None:
        for known in (self._answers, self._proxies):
            for name in known.keys() - set(names):
                del known[name]

    def _ping(self, name: str) -> bool:
        import tango

        try:
            if name not in self._proxies:
                self._proxies[name] = tango.DeviceProxy(name)
            self._proxies[name].ping()
        except tango.DevFailed:
            return False
        return True

    def _wait(self) -> None:
        """Until all have answered; else nobody more is asked, and those just asked get their time."""
        _, unfinished = wait(self._pings.values(), self._patience)
        wait([ping for ping in unfinished if not ping.cancel()], self._patience)

    def _collect(self) -> None:
        for name, ping in list(self._pings.items()):
            if not ping.cancelled():
                self._answers[name] = ping.done() and ping.result()
            if ping.done():
                del self._pings[name]


def _pool(workers: int) -> ThreadPoolExecutor:
    from tango.utils import PyTangoThreadPoolExecutor

    pool: ThreadPoolExecutor = PyTangoThreadPoolExecutor(workers, "tango")
    return pool


def _contents() -> Contents:
    """Ask a new connection: a used one tries for minutes to reach a database that hangs, a new one for 9 s."""
    import tango

    try:
        database = tango.Database()
        commands = ("DbGetServerList", "DbGetDeviceWideList", "DbGetDeviceExportedList")
        return Contents(*(sorted(database.command_inout(command, "*")) for command in commands))
    except tango.DevFailed as error:
        if error.args[0].reason == "API_TangoHostNotSet":
            raise NoData(f"no Tango database: {first_reason(error)}") from None
        raise Unreachable(f"{_where()} does not answer: {first_reason(error)}") from None


def _where() -> str:
    return f"the Tango database {os.environ.get('TANGO_HOST', '')}".rstrip()
