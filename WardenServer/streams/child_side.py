"""The process of a stream: its reader and its processors. Serves the hub in lines of JSON (see process.py).

A call is [number, name, arguments]. An answer is [kind, what, number]; calls may be answered in any order.
"""

import dataclasses
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.errors import NoData
from WardenServer.loading.failure import explain_in
from WardenServer.loading.isolation.child_pipes import Answers, logger, take_pipes
from WardenServer.loading.isolation.wire import LONGEST, decode_table, describe, encode, encode_table
from WardenServer.machine.parent import die_with
from WardenServer.machine.state_file import StateFile
from WardenServer.results.result import Cleaned, clean
from WardenServer.settings.masking import mask
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams import sharing
from WardenServer.streams.code import Code, load
from WardenServer.streams.stream import Stream, make_reader
from WardenServer.streams.told import Run
from WardenServer.streams.trial import prove
from WardenServer.streams.turning import turn

#: What is added to the nice value of the process: the hub's tick comes first.
NICE = 5
#: Seconds that the reader, and each processor, may take to end.
LAST = 0.4
#: Samples that are shared with other hubs at the same time.
SHARING = 8
#: Version of the file with the position.
VERSION = 1


def main() -> None:
    """Serve one stream to the hub, until the hub closes the pipe, kills this process, or ends."""
    die_with(int(sys.argv[1]))
    with suppress(OSError):
        os.nice(NICE)
    calls, answers = take_pipes()
    logger(answers, "warden")
    side = Side(answers)
    answers.send("ready", None)
    for line in calls:
        number, call, arguments = json.loads(line)
        side.serve(number, call, arguments)
    os._exit(0)  # whatever threads the processors have


class Side:
    """What the hub can ask for. `serve` returns at once."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._codes: dict[tuple[str, int], Code] = {}
        self._paths: dict[str, Path] = {}
        self._intervals: dict[str, float] = {}
        self._sharing = ThreadPoolExecutor(SHARING, "sharing")
        self._turning = ThreadPoolExecutor(1, "runs")  # one after the other
        self._current: dict[str, int] = {}  # the version of the code that is at work, by processor
        self._cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()

    def serve(self, number: int, call: str, arguments: list[Any]) -> None:
        """Answer a call, now or later."""
        reply = partial(self._reply, number, call, arguments)
        if call == "sample":
            self._sample(reply, *arguments)
            return
        future: Future[Any] = Future()
        future.add_done_callback(reply)
        ask: Callable[..., Any] = getattr(self, f"_{call}")
        if call in ("prepare", "change", "end"):  # what may take long
            threading.Thread(target=_settle, args=(future, ask, arguments), name=call, daemon=True).start()
        elif call == "turn":
            self._turning.submit(_settle, future, ask, arguments)
        else:
            _settle(future, ask, arguments)

    def _reply(self, number: int, call: str, arguments: list[Any], future: "Future[Any]") -> None:
        error = future.exception()
        kind: str
        said: Any
        if error is not None:
            kind, said = self._failure(error, call, arguments)
        else:
            kind, said = "done", encode(future.result()) if call == "sample" else future.result()
        line = json.dumps([kind, said, number])
        if len(line) >= LONGEST:
            line = json.dumps(["failed", f"{call} returned more than {LONGEST} bytes of JSON; return less", number])
        self._answers.send_line(line)

    def _failure(self, error: BaseException, call: str, arguments: list[Any]) -> tuple[str, str | None]:
        if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
            return "no memory", None
        if isinstance(error, NoData):
            return "no data", str(error)
        said = mask(str(error))
        path = self._paths.get(arguments[0]) if call in ("sample", "prepare") else None
        return "failed", said if path is None or said.startswith(f"{path}:") else explain_in(error, path)

    # -- calls

    def _start(self, settings: dict[str, Any], positions: str, run: list[Any] | None) -> None:
        about = from_json(settings)
        self._stream = Stream(about, StateFile(Path(positions), VERSION, "positions of streams"))
        self._reader = make_reader(about)
        self._begun = False
        if run is not None:
            self._stream.turn(Run(*run))

    def _begin(self) -> None:
        """Read, now that the processors are there."""
        if not self._begun:
            self._begun = True
            self._stream.open(self._reader)

    def _change(self, settings: dict[str, Any]) -> None:
        self._stream.change(from_json(settings))

    def _end(self) -> None:
        """Read no more, with the position noted; what processors have gathered goes with the process."""
        self._stream.close(LAST)

    def _turn(self, number: int, is_open: bool, limit: float) -> list[str]:
        return turn(self._stream, Run(number, is_open), limit)

    def _notes(self) -> list[str]:
        return self._stream.notes

    def _prepare(
        self, name: str, version: int, path: str, kind: str, tick: float, table: str, terms: Any, limit: float
    ) -> dict[str, Any]:
        """Import the code of a processor. It is at work at once where there is no older code, else it is tried."""
        self._paths[name] = Path(path)
        interval = self._stream.settings.interval
        code, contract = load(name, Path(path), kind, tick, interval, decode_table(table), _trust(terms))
        if not contract.required:
            sharing.check(code.kind, self._stream.reader or self._reader)
            self._codes[name, version] = code
            self._intervals[name] = contract.interval
            if self._stream.host(name) is None:
                self._stream.add(name, code.make(), code.explain)
                self._current[name] = version
            else:
                prove(code.make, self._stream.recent, limit, run=self._stream.run)
        return describe(contract)

    def _sample(self, reply: "Callable[[Future[Any]], None]", name: str, version: int) -> None:
        """A sample by this version of the code, which takes over first where another one is at work."""
        host, code = self._stream.host(name), self._codes[name, version]
        assert host is not None

        def sample(processor: Any) -> Cleaned:
            if self._current[name] == version:
                return clean(self._stream.document(host, processor))
            new = code.after(processor)
            document = clean(self._stream.document(host, new, anew=True))
            host.replace(new, code.explain)
            self._current[name] = version
            return document

        own, reader = host.ask(sample), self._stream.reader
        if reader is None or not reader.shares:
            own.add_done_callback(reply)
            return
        interval = self._intervals[name]  # what follows takes a while, in which no event must wait
        self._sharing.submit(lambda: sharing.merged(reader, host, own.result(), interval)).add_done_callback(reply)

    def _restore(self) -> None:
        """Give processors that were taken out another chance, with the state that they had."""
        for name, version in list(self._current.items()):
            host, code = self._stream.host(name), self._codes[name, version]
            if host is not None and host.out is not None:
                host.ask(partial(code.take_over, host))

    def _keep_off(self, core: int) -> None:
        """Leave a core to the hub, where there are others; NONE: use all."""
        cores = self._cores - {core} or self._cores
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(int(thread.name), cores)

    def _drop(self, name: str, version: int) -> None:
        """Forget a version of a processor's code; where that is at work, the processor goes."""
        self._codes.pop((name, version), None)
        if self._current.get(name) == version:
            del self._current[name]
            self._stream.remove(name)


def as_json(settings: Settings) -> dict[str, Any]:
    """The settings of a stream on their way to its process."""
    return {**dataclasses.asdict(settings), "options": encode_table(settings.options)}


def from_json(said: dict[str, Any]) -> Settings:
    """The settings again."""
    return Settings(**{**said, "options": decode_table(said["options"])})


def _trust(terms: dict[str, Any] | None) -> Any:
    """What may run, where only known content may; imported here, since few processes need it."""
    if terms is None:
        return None
    from WardenServer.loading.trust import Trust
    from WardenServer.settings.config import Settings as Hub

    return Trust(Hub(**terms))


def _settle(future: "Future[Any]", what: Callable[..., Any], arguments: list[Any]) -> None:
    try:
        future.set_result(what(*arguments))
    except BaseException as error:  # a processor may raise anything
        future.set_exception(error)


if __name__ == "__main__":
    main()
