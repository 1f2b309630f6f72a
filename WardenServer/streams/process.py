"""The hub's side of a stream's process: starts it, and asks it.

Any thread may ask. What comes back is sorted by one thread, so that no processor waits for the sample of another.
"""

import contextlib
import itertools
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as Late
from functools import partial
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import NoData, PluginError, WardenError
from WardenServer.loading.isolation.piped_child import Ended, PipedChild
from WardenServer.machine.one_core import NONE
from WardenServer.settings.config import Settings as Hub
from WardenServer.settings.streams import Stream as Settings
from WardenServer.settings.units import megabytes
from WardenServer.streams.child_side import as_json
from WardenServer.streams.told import Run

log = logging.getLogger("warden.stream")

#: Seconds that the process may take to start, and that one line may take to be sent to it.
START, SEND = 15.0, 5.0
#: Seconds that it may take to read with other settings.
CHANGE = 15.0
#: Seconds that its reader may take to note where it is.
END = 0.5
#: Seconds between looks whether an agent that waits is to end.
LOOK = 0.2
#: Longest time that the thread waits for a line before it looks round, in seconds.
ROUND = 3600.0


class StreamProcess:
    """The process of one stream. It starts when it is first needed, and again after its end."""

    def __init__(self, settings: Settings, hub: Hub, run: Run | None = None) -> None:
        """`run` is the one of now, None where the hub has none."""
        self.settings = settings
        self._run_of_now = run
        self._told: PipedChild | None = None  # the child that knows of runs
        self._telling = threading.Lock()
        self.generation = 0  # how often it was started
        self._hub = hub
        self._memory = settings.memory or hub.isolate_memory
        self._notes: list[str] = []
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._asked_notes: Future[Any] | None = None
        self._child: PipedChild | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._sending = threading.Lock()
        self._kept_off = NONE, 0
        self._why = ""
        self._over: PipedChild | None = None  # the child whose answers are all read
        self._users: set[int] = set()  # versions of processors' code that need it
        self._prepared: dict[int, tuple[list[Any], float]] = {}
        self._unfit: dict[int, str] = {}  # why code could not be imported again
        self._closed = False

    @property
    def notes(self) -> list[str]:
        """What people should know, as the process said lately. Returns at once; about once a second."""
        if self._runs() and (self._asked_notes is None or self._asked_notes.done()):
            self._asked_notes = self._send("notes", [])
            self._asked_notes.add_done_callback(self._take_notes)
        return self._notes

    def _take_notes(self, future: "Future[Any]") -> None:
        self._notes = future.result() if future.exception() is None else []

    def prepare(self, version: int, arguments: list[Any], limit: float) -> dict[str, Any]:
        """Have it import a version of a processor's code; what that promises. It starts if need be, and from now on it
        imports this code whenever it starts again.

        Raises:
            PluginError: the code cannot be used.
        """
        self._users.add(version)
        try:
            self._run()
            said: dict[str, Any] = self.ask("prepare", arguments, limit)
        except BaseException:
            self.forget(version)
            raise
        self._prepared[version] = arguments, limit
        return said

    def begin(self) -> None:
        """Have it read events, now that its processors are there."""
        self.tell("begin", [])

    def sample(self, version: int, arguments: list[Any], limit: float, agent: Agent) -> Any:
        """A sample of a processor; it starts again where it has ended.

        Raises:
            NoData: that is the answer.
            PluginError: there is none.
        """
        self._run()
        if version in self._unfit:
            raise PluginError(self._unfit[version])
        return self.ask("sample", arguments, limit, agent)

    def forget(self, version: int) -> None:
        """A version of a processor's code is needed no more; without any, the process ends."""
        self._users.discard(version)
        self._prepared.pop(version, None)
        if not self._users:
            with self._starting:
                if not self._users:
                    self._end()

    def _run(self) -> None:
        with self._starting:
            if not self._runs():
                self._start()
                if self._prepared:
                    self._start_processors()

    def _start_processors(self) -> None:
        """After an end by itself: import all code again, and read events then."""
        asked = {version: self._send("prepare", said) for version, (said, _) in self._prepared.items()}
        self._unfit = {}
        for version, future in asked.items():
            try:
                future.result(self._prepared[version][1])
            except (WardenError, NoData) as error:
                self._unfit[version] = str(error)
            except Late:
                self._unfit[version] = "its code was not imported in time after the stream's process had ended; reload"
        self.begin()

    def ask(self, call: str, arguments: list[Any], limit: float, agent: Agent | None = None) -> Any:
        """Call it, and wait for the answer at most `limit` seconds, and while the agent is not to end.

        Raises:
            NoData: that is the answer.
            PluginError: it failed, or does not answer.
        """
        future = self._send(call, arguments)
        until = time.monotonic() + limit
        while not future.done() and time.monotonic() < until:
            try:
                future.result(min(LOOK, max(0.0, until - time.monotonic())))
            except Late:
                if agent is not None and agent.stopping.is_set():
                    break
            except (WardenError, NoData):
                break
        if not future.done():
            raise PluginError(f"{call} has not ended within {limit:g} s; let event and sample return sooner")
        return future.result()

    def tell(self, call: str, arguments: list[Any]) -> None:
        """Call it without waiting, if it runs."""
        if self._runs():
            self._send(call, arguments)

    def turn(self, run: Run, limit: float) -> "Future[list[str]] | None":
        """Tell its processors that a run begins or ends. Returns at once.

        Args:
            run: the one of now.
            limit: seconds for which the process waits for processors that end the run; 0: it does not wait.

        Returns:
            The names of processors that have ended it, in at most `limit` seconds; None where the process does not run:
            it will know when it starts.
        """
        with self._telling:
            self._run_of_now = run
            return self._send("turn", [*run, limit]) if self._told is not None and self._runs() else None

    def change(self, settings: Settings) -> None:
        """Have it take on other settings of the stream; where it cannot, the old ones go on.

        Raises:
            PluginError: why it cannot.
        """
        if self._runs():
            self.ask("change", [as_json(settings)], CHANGE)
        self.settings, self._memory = settings, settings.memory or self._hub.isolate_memory

    def keep_off(self, core: int) -> None:
        """Have it leave a core to the hub. Returns at once; about once a second."""
        if (core, self.generation) != self._kept_off and self._runs():
            self._kept_off = core, self.generation
            self._send("keep_off", [core])

    def kill(self) -> None:
        """End it, for good."""
        self._closed = True
        child = self._child
        if child is not None and self._starting.locked():
            child.stop()  # while it starts
        with self._starting:
            self._end()

    # -- the process

    def _runs(self) -> bool:
        return self._child is not None and self._child.alive

    def _end(self) -> None:
        child = self._child
        with self._telling:
            self._told = None
        if child is not None:
            if child.alive:
                with contextlib.suppress(WardenError):  # then it goes without
                    self.ask("end", [], END)
                self._why = ""
            child.stop()
        if self._thread is not None:
            self._thread.join()  # it reads what is left, and no more comes
        self._child = None
        if child is not None:
            with self._sending:
                child.kill()

    def _start(self) -> None:
        self._end()
        if self._closed:
            raise PluginError(f"stream {self.settings.name} has ended")
        if self._prepared and self._why:
            log.warning("stream %s starts again: its process %s", self.settings.name, self._why)
        command = [sys.executable, "-P", "-m", "WardenServer.streams.child_side", str(os.getpid())]
        try:
            child = PipedChild(command, f"process of {self.settings.name}", lambda: None)
        except Ended as how:
            raise PluginError(f"the process of stream {self.settings.name} {how}; free memory or processes") from None
        ready: Future[Any] = Future()
        self._child, self._why = child, ""
        self._waiting = {0: ready}
        self.generation += 1
        name = f"answers {self.settings.name}"
        self._thread = threading.Thread(target=self._sort, args=(child,), name=name, daemon=True)
        self._thread.start()
        child.limit_memory(2 * self._memory, final=True)
        place = self._hub.state_folder / f"{self._hub.instance}-stream-{self.settings.name}.json"
        try:
            ready.result(START)
            self._send_start(child, str(place)).result(START)
        except Late:
            self._end()
            why = f"the process of stream {self.settings.name} has not started within {START:g} s"
            raise PluginError(f"{why}; the machine may lack memory or time") from None
        except PluginError:
            self._end()
            raise

    def _send_start(self, child: PipedChild, place: str) -> "Future[Any]":
        with self._telling:
            self._told = child
            return self._send("start", [as_json(self.settings), place, self._run_of_now])

    def _send(self, call: str, arguments: list[Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        child = self._child
        if child is None:
            future.set_exception(PluginError(f"the process of stream {self.settings.name} does not run"))
            return future
        number = next(self._numbers)
        self._waiting[number] = future
        line = json.dumps([number, call, arguments]).encode()
        try:
            with self._sending:
                child.send(line, time.monotonic() + SEND, lambda: None)
        except (TimeoutError, ValueError):  # ValueError: its pipe is closed
            _fail([future], f"the process of stream {self.settings.name} takes no calls")
        if self._over is child:  # nobody reads its answers any more
            _fail([future], f"the process of stream {self.settings.name} {self._why or 'has ended'}")
        return future

    # -- the thread that sorts what comes back

    def _sort(self, child: PipedChild) -> None:
        while True:
            try:
                kind, said, *number = json.loads(child.receive(time.monotonic() + ROUND, partial(self._look, child)))
                self._take(kind, said, number[0] if number else 0)
            except TimeoutError:
                continue
            except Ended as how:
                self._why = self._why or str(how)
                break
            except (ValueError, TypeError, LookupError, PluginError) as error:
                self._why = str(error)
                child.stop()
                break
        self._over = child
        waiting, self._waiting = self._waiting, {}
        _fail(waiting.values(), f"the process of stream {self.settings.name} {self._why}; it starts again")

    def _take(self, kind: str, said: Any, number: int) -> None:
        if kind == "log":
            log.log(int(said[0]), "%s", said[1])
            return
        future = self._waiting.pop(number)
        with contextlib.suppress(InvalidStateError):  # it was given up
            if kind in ("done", "ready"):
                future.set_result(said)
            elif kind == "no memory":
                future.set_exception(PluginError(self._too_much()))
            else:
                future.set_exception(NoData(said) if kind == "no data" else PluginError(said))

    def _look(self, child: PipedChild) -> None:
        """Raises PluginError when it must not go on."""
        if child.memory() > self._memory:
            raise PluginError(self._too_much())

    def _too_much(self) -> str:
        most, name = megabytes(self._memory), self.settings.name
        return f"wanted more memory than the {most} it may hold; keep less, or set memory in [streams.{name}]"


def _fail(futures: Iterable["Future[Any]"], why: str) -> None:
    """What was asked will not be answered."""
    for future in futures:
        with contextlib.suppress(InvalidStateError):  # it was, or somebody else has said so
            future.set_exception(PluginError(why))
