"""Opens and closes runs, by command or by what the settings say, and has snapshots taken of them."""

import logging
import threading
import time
from collections.abc import Callable

from WardenServer.errors import WardenError
from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.configured import runs_of
from WardenServer.hub.runs.control import Control
from WardenServer.hub.runs.delivery import Delivery
from WardenServer.hub.runs.follower import Follower, followed
from WardenServer.hub.runs.taker import Step, Streams, Taker
from WardenServer.hub.runs.waiting import WaitingRecords
from WardenServer.machine.clock import Clock
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.opening import libraries, open_store
from WardenServer.plugins.common.runs.source import Run
from WardenServer.results.board import Board
from WardenServer.settings.config import Settings

log = logging.getLogger("warden.runs")

#: The agent that looks for differences.
AGENT = "run_differ"
#: Seconds that a start waits to learn from the store which numbers are taken, where nobody knows.
LEARNING = 0.5
#: Why nobody can begin or end runs.
NO_TABLE = 'the settings have no table [runs]; add one with documents = ["Petra"]'
OF_OTHERS = "runs come from a run database, which begins and ends them; take database out of [runs] for runs of the hub"


class Recorder:
    """The runs of a hub. Any thread may call it, and all return at once, or within the seconds they are given."""

    def __init__(
        self, settings: Settings, board: Board, streams: Streams, soon: Callable[[str], None], clock: Clock
    ) -> None:
        """Begin nothing yet. `soon` has an agent run at the next tick."""
        folder = settings.shared_folder("runs")
        self._streams = streams
        self._refusal = "the hub has not begun yet; try again"  # why no run can be begun or ended
        self._problem = ""
        self._runs: Runs | None = None  # where the hub has runs of its own
        self._waiting = WaitingRecords(folder / "waiting.db")
        self._delivery = Delivery(self._waiting, settings.instance, self._learn, lambda: soon(AGENT))
        self._book = Book(folder / "open.json", self._delivery.add, clock)
        self._taker = Taker(board, settings.hub_key, streams, soon, self._book, self._delivery.add)
        self._control = Control(self._book, self._taker.put, lambda: self._taker.is_full, self._delivery.has)
        self._follower = Follower(self._control.follow)
        self._threads = (self._follower, self._taker, self._delivery)
        self._has_begun = False
        self._learned = threading.Event()  # what runs the store has

    def take_on(self, settings: Settings) -> None:
        """Go by these settings from now on. The open run stays open; the first time it is that of the last hub."""
        try:
            self._use(self._own(settings))
        except WardenError as error:
            self._refusal = "" if self._runs is not None else str(error)
            self._problem = f"{error}; the old settings of runs go on" if self._runs is not None else str(error)

    def _own(self, settings: Settings) -> Runs | None:
        """What the table says of runs of the hub; None where it has none."""
        self._problem = self._refusal = ""
        if "runs" not in settings.shared:
            self._refusal = NO_TABLE
            return None
        runs = runs_of(settings)
        if not runs.is_own:
            self._refusal = OF_OTHERS
            return None
        if self._runs is None or self._runs.url != runs.url:
            with libraries():
                self._delivery.use(open_store(runs))
        return runs

    def _use(self, runs: Runs | None) -> None:
        self._runs = runs
        self._taker.use(runs)
        self._follower.use(runs)
        if runs is not None and not self._has_begun:
            self._has_begun = True
            self._book.open()
            self._go_on()  # before the store is asked, which may know of an open run
            for thread in self._threads:
                thread.open()

    def _go_on(self) -> None:
        """Tell streams of the open run, and make up for the snapshot of its start where that was not taken."""
        run = self._book.opened
        if run is None:
            self._streams.no_run()
        elif self._book.started:
            self._taker.tell_of(run)
        else:
            self._taker.put(Step(None, run))

    def close(self) -> None:
        """Tell all threads to end. The open run stays open."""
        for thread in self._threads:
            thread.close()

    def join(self, left: Callable[[], float]) -> None:
        """Wait for their end, as many seconds as are `left`."""
        for thread in self._threads:
            if not thread.join(left()):
                log.warning("a thread of runs still waits for an answer, and is left behind")

    # -- what people see

    @property
    def problems(self) -> list[str]:
        """Sentences on what is wrong."""
        count = self._waiting.lost
        lost = f"{count} records of runs are lost, for which there was no room" if count else ""
        away = f"{self._delivery.problem}; what is taken of runs waits" if self._delivery.problem else ""
        return [each for each in (self._problem, self._follower.problem, away, self._waiting.problem, lost) if each]

    @property
    def notes(self) -> list[str]:
        """Sentences on what is no failure but should be known."""
        run = self._book.opened if self._runs is not None else None
        since = f"run {run.number} is open since {time.strftime('%F %T', time.localtime(run.at))}" if run else ""
        return [each for each in (since, self._follower.note, self._waiting.notice) if each]

    # -- commands

    def start(self, number: int | None, by: str) -> int:
        """Open a run with this number, or the next one; its number. `by` says who wants it.

        Raises:
            WardenError: that cannot be, for a reason and with the cure.
        """
        self._check_commands()
        if self._book.largest is None:
            self._learned.wait(LEARNING)
        return self._control.start(number, by)

    def stop(self, number: int | None, by: str) -> int:
        """Close the open run, which must have this number where one is given; its number. Raises as `start`."""
        self._check_commands()
        return self._control.stop(number, by)

    def _check_commands(self) -> None:
        if self._runs is None:
            raise WardenError(self._refusal)
        if place := followed(self._runs):
            raise WardenError(f"runs follow {place}; begin and end them there, or take that out of [runs]")

    def _learn(self, newest: Run | None) -> None:
        """Take note of the newest run of the store."""
        if self._book.learn(newest):
            self._go_on()
        self._learned.set()
