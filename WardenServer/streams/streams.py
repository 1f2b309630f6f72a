"""All streams of a hub: their processes, and the contracts of the processors in them."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from multiprocessing.pool import ThreadPool

from WardenServer.errors import NoData, WardenError
from WardenServer.loading import import_thread
from WardenServer.loading.contract import Contract
from WardenServer.loading.loader import Candidate
from WardenServer.loading.trust import Trust
from WardenServer.settings import secret, streams
from WardenServer.settings.config import Settings
from WardenServer.settings.streams import Stream
from WardenServer.streams.agents import Processor
from WardenServer.streams.process import StreamProcess
from WardenServer.streams.stream import make_reader
from WardenServer.streams.told import Run

log = logging.getLogger("warden.stream")

#: Seconds that an answer takes on its way from a process.
ANSWER = 0.1


def _prepare(processor: Processor | WardenError) -> Contract | Exception:
    return import_thread.attempt(processor.prepare) if isinstance(processor, Processor) else processor


class Streams:
    """The loader's Processors. `problems` are sentences on streams whose settings cannot be used."""

    def __init__(self, reads: bool = True) -> None:
        """Without `reads`, no event is read: to look at what the files and settings say."""
        self.problems: list[str] = []
        self._reads = reads
        self._processes: dict[str, StreamProcess] = {}
        self._versions = itertools.count(1)
        self._run: Run | None = None
        self._turning = threading.Lock()

    @property
    def notes(self) -> list[str]:
        """What people should know of the streams. Returns at once."""
        return [note for process in list(self._processes.values()) for note in process.notes]

    def load(self, candidates: Sequence[Candidate], settings: Settings, trust: Trust) -> list[Contract | Exception]:
        """See Processors. A stream whose settings are new takes them on; where it cannot, the old ones stay. Processors
        that were taken out begin again."""
        self.problems = []
        usable = {name: each for name in settings.streams if (each := self._usable(settings.streams[name])) is not None}
        for name, process in self._processes.items():
            if name in usable and usable[name] != process.settings:
                self._change(process, usable[name])
        for process in self._processes.values():
            process.tell("restore", [])
        processors = [self._processor(each, usable, settings, trust) for each in candidates]
        with ThreadPool(os.cpu_count()) as threads:  # side by side; the threads do not hold up the hub's end
            outcomes = threads.map(_prepare, processors)
        for process in self._processes.values():
            process.begin()
        return outcomes

    # -- runs: any thread may call this, also before there is any process

    def no_run(self) -> None:
        """The hub has runs, and none is open: processors with stop_run get no events. Returns at once."""
        self._turn(Run(0, False), 0.0)

    def start_run(self, number: int) -> None:
        """A run begins, before all events that are read from now on. Returns at once."""
        self._turn(Run(number, True), 0.0)

    def stop_run(self, number: int, limit: float) -> list[str]:
        """A run ends; the agents that have ended it, whose last sample is waiting. Those that have not after `limit`
        seconds are named in the log, and end it when they can."""
        until = time.monotonic() + limit
        ended: list[str] = []
        for name, future in self._turn(Run(number, False), max(0.0, limit - ANSWER)).items():
            try:
                ended += future.result(max(0.0, until - time.monotonic()))
            except Late:
                log.warning("stream %s has not ended run %d within %g s; let event return sooner", name, number, limit)
            except (WardenError, NoData) as error:
                log.warning("stream %s has not ended run %d: %s", name, number, error)
        return ended

    def _turn(self, run: Run, limit: float) -> "dict[str, Future[list[str]]]":
        with self._turning:
            self._run = run
            asked = {name: process.turn(run, limit) for name, process in self._processes.items()}
        return {name: future for name, future in asked.items() if future is not None}

    def keep_off(self, core: int) -> None:
        """Leave a core to the threads of short runs: they would wait for what a stream computes. Returns at once."""
        for process in list(self._processes.values()):
            process.keep_off(core)

    def close(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.kill()

    def _usable(self, stream: Stream) -> Stream | None:
        """A stream with its secrets; None where its settings cannot be used."""
        where = f"[streams.{stream.name}]"
        try:
            options = {name: secret.value(f"{where}: {name}", said) for name, said in stream.options.items()}
            made = replace(stream, options=options)
            make_reader(made)
        except WardenError as error:
            self.problems.append(str(error))
            return None
        return made

    def _change(self, process: StreamProcess, settings: Stream) -> None:
        try:
            process.change(settings)
        except WardenError as error:
            self.problems.append(f"[streams.{settings.name}]: {error}; the old settings go on")

    def _processor(
        self, candidate: Candidate, usable: dict[str, Stream], settings: Settings, trust: Trust
    ) -> Processor | WardenError:
        try:
            stream = streams.of(candidate.name, candidate.configured, settings.streams)
        except WardenError as error:
            return error
        if stream.name not in self._processes:
            if stream.name not in usable:
                return WardenError(f"[agents.{candidate.name}]: stream {stream.name} cannot be used; see its problem")
            about = usable[stream.name] if self._reads else replace(stream, reader="", options={})
            with self._turning:
                self._processes[stream.name] = StreamProcess(about, settings, self._run)
        return Processor(self._processes[stream.name], candidate, next(self._versions), settings, trust)
