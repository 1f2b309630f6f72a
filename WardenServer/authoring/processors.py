"""Processors by themselves, for `warden try` and `warden check`: fed from a file, in this process."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import WardenError
from WardenServer.loading import import_thread
from WardenServer.loading.contract import Contract
from WardenServer.loading.processor_file import Named
from WardenServer.settings import secret
from WardenServer.settings.config import Settings
from WardenServer.settings.streams import Stream
from WardenServer.streams.batch import Batch
from WardenServer.streams.code import Code, load
from WardenServer.streams.host import give
from WardenServer.streams.readers.json_lines import JSONLines

#: Seconds that the file is waited for.
WAIT = 0.1


def contract(settings: Settings, path: Path, named: Named, events: Path | None) -> Contract:
    """The contract of a processor that gets the events of a file, in JSON lines, before its first sample.

    Raises:
        WardenError: it cannot become an agent.
    """
    table = secret.resolve(named.name, settings.table(named.name))
    interval = settings.streams.get(str(table.pop("stream", "")), Stream("")).interval
    job = partial(load, named.name, path, named.kind, settings.tick, interval, table)
    (outcome,) = import_thread.run([(path, job)], settings.load_timeout)
    if isinstance(outcome, Exception):
        raise outcome
    code, found = outcome
    if found.required:
        return found
    return replace(found, work=_Alone(code, events).work)


class _Alone:
    """A processor, made at its first sample."""

    def __init__(self, code: Code, events: Path | None) -> None:
        self._code, self._events = code, events
        self._processor: Any = None

    def work(self, agent: Agent) -> Any:
        """A sample."""
        if self._processor is None:
            self._processor = self._code.make()
            for batch in _read(self._events) if self._events is not None else ():
                give(self._processor, batch)
        return self._processor.sample()


def _read(path: Path) -> Iterator[Batch]:
    """The events of a file.

    Raises:
        WardenError: it cannot be read.
    """
    if not path.is_file():
        raise WardenError(f"{path} does not exist; make it with: warden stream record {path}")
    reader = JSONLines([str(path)], follow=False)
    reader.open(None)
    try:
        while not reader.ended:
            if (batch := reader.read(WAIT)) is not None:
                yield batch
    finally:
        reader.close()
