"""The thread that measures: it begins rounds when they are due, one at a time, until it is closed."""

import asyncio
import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.machine.state_file import StateFile
from WardenServer.plugins.common.ping import configuration
from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.probe.board import Board, Snapshot
from WardenServer.plugins.common.ping.probe.lists import Lists
from WardenServer.plugins.common.ping.probe.records import Records
from WardenServer.plugins.common.ping.probe.rounds import Rounds
from WardenServer.plugins.common.ping.probe.schedule import Begin, Rule

#: Seconds after which the clock is looked at again: it may have been set.
LOOK = 5.0
#: Seconds in which the thread must end.
ENDING = 1.0
#: Seconds that the agent's thread may keep the interpreter while a ping is to go: CPython's own 5 ms make that late.
SWITCH = 0.0005


class Loop:
    """What the agent holds. Its methods are for the agent's thread.

    Args:
        ping: what all goes by.
        rounds: does them.
        board: has what they saw.
        last: the begin of the slot that had a round last, in Unix seconds; None where that is not known.
        remember: takes it whenever a slot has its round, for the next start.
        log: told where the thread does not end.
        clock: Unix seconds.
    """

    def __init__(
        self,
        ping: Ping,
        rounds: Rounds,
        board: Board,
        last: float | None,
        remember: Callable[[float], None],
        log: logging.Logger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ping, self._rounds, self._board = ping, rounds, board
        self._last, self._remember, self._log, self._clock = last, remember, log, clock
        self._failure = ""
        self._is_asked = False
        self._running: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        self._thread: threading.Thread | None = None

    @property
    def attributes(self) -> int:
        """How many hosts have attributes."""
        return self._ping.attributes

    def start(self) -> None:
        """Begin."""
        sys.setswitchinterval(min(SWITCH, sys.getswitchinterval()))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, args=(self._loop,), name="ping", daemon=True)
        self._thread.start()

    def ask(self) -> bool:
        """Ask for a round at once; False where one is running, or all has ended."""
        is_running = self._running is not None and not self._running.done()
        if is_running or self._thread is None or not self._thread.is_alive():
            return False
        self._is_asked = True
        self._call(self._wake.set)
        return True

    def snapshot(self) -> Snapshot:
        """What was seen, and the events that are next.

        Raises:
            WardenError: the thread has ended by itself.
        """
        if self._failure:
            raise WardenError(f"pings have ended ({self._failure}); start the agent again, and report it")
        return self._board.snapshot()

    def close(self) -> None:
        """End it, also amid a round."""
        self._rounds.stop()
        self._call(self._stop.set)
        if self._thread is None:
            return
        self._thread.join(ENDING)
        if self._thread.is_alive():
            self._log.warning("the thread of pings has not ended within %g s", ENDING)

    def _call(self, function: Callable[[], None]) -> None:
        """Call something on the loop's thread, as long as that runs."""
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """The thread."""
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._until_stopped())
        except Exception as error:  # nobody else would hear of it
            self._failure = f"{type(error).__name__}: {error}"
        self._rounds.close()

    async def _until_stopped(self) -> None:
        turning = asyncio.create_task(self._turn())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait((turning, stopping), return_when=asyncio.FIRST_COMPLETED)
        if turning.done():
            turning.result()

    async def _turn(self) -> None:
        """Begin rounds. What still runs when this ends, the runner cancels."""
        begin = self._rule().first(self._clock(), self._slot())
        while True:
            begin = self._look(begin, self._clock())
            self._board.planned(begin.at)
            self._wake.clear()
            try:
                async with asyncio.timeout(min(LOOK, max(0.0, begin.at - self._clock()))):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _look(self, begin: Begin, now: float) -> Begin:
        """Begin what is due; the round after that."""
        rule = self._rule()
        begin = rule.judged(begin, now)
        if now >= begin.at:
            self._remember(begin.slot * self._ping.every)
            self._begin_round(is_due=True)
            return rule.after(now, begin.slot)
        if self._is_asked:
            self._begin_round(is_due=False)
        return begin

    def _begin_round(self, is_due: bool) -> None:
        self._is_asked = False
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._rounds.run())
        elif is_due:
            self._board.say(skipped=self._board.state.skipped + 1)

    def _rule(self) -> Rule:
        return Rule(self._ping.every, self._ping.phase, self._rounds.longest)

    def _slot(self) -> int | None:
        return None if self._last is None else self._rule().slot(self._last)


class News:
    """Asks the agent for a run: at begin and end of a round, and where there are few hosts, amid it once a second."""

    def __init__(self, is_few: bool, soon: Callable[[], None]) -> None:
        self._is_few, self._soon = is_few, soon
        self._asked = 0.0

    def __call__(self, is_due: bool) -> None:
        """There is something new; where it `is_due`, the agent shall run whatever was before."""
        now = time.monotonic()
        if is_due or (self._is_few and now - self._asked >= 1.0):
            self._asked = now
            self._soon()


def open_loop(table: Mapping[str, Any], log: logging.Logger, soon: Callable[[], None]) -> Loop:
    """The loop for a table [ping], not started. Raises SettingError where the table is wrong."""
    ping = configuration.read_ping(table)
    board = Board(News(len(ping.hosts) <= ping.attributes and not ping.beacons, soon))
    rounds = Rounds(ping, Lists(ping, board), Records(ping.folder, ping.keep_months, log), board, log)
    file = StateFile(ping.folder / "ping.json", 1, "rounds of pings")
    last: float | None = file.read(_understood, None)

    def remember(slot: float) -> None:
        file.write({"slot": slot})

    return Loop(ping, rounds, board, last, remember, log)


def _understood(version: int, content: Any) -> float:
    slot = float(content["slot"])
    if not math.isfinite(slot):
        raise ValueError(f"slot is {slot}")
    return slot
