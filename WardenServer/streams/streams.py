"""All streams of a hub: their processes, and the contracts of the processors in them."""

import itertools
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.pool import ThreadPool

from WardenServer.errors import WardenError
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

log = logging.getLogger("warden.stream")


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
            self._processes[stream.name] = StreamProcess(about, settings)
        return Processor(self._processes[stream.name], candidate, next(self._versions), settings, trust)
