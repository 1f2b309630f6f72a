"""Processors as agents of the hub: a contract, whose runs are samples that the process of their stream gives."""

from dataclasses import replace
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import PluginError
from WardenServer.loading.contract import Contract
from WardenServer.loading.failure import without_path
from WardenServer.loading.isolation.wire import decode, encode_table, understand
from WardenServer.loading.loader import Candidate
from WardenServer.loading.trust import Trust
from WardenServer.settings.config import Settings
from WardenServer.streams.process import StreamProcess


class Processor:
    """One version of a processor's code, in the process of its stream. Its agent's thread calls it, and the loader."""

    def __init__(self, process: StreamProcess, candidate: Candidate, version: int, hub: Settings, trust: Trust) -> None:
        self._process = process
        self._name, self._version = candidate.name, version
        terms = trust.terms if trust.pinned else None
        table = encode_table({name: value for name, value in candidate.configured.items() if name != "stream"})
        self._asked = [candidate.name, version, str(candidate.path), candidate.kind, hub.tick, table, terms]
        self._candidate, self._limit = candidate, hub.load_timeout
        self._timeout = 0.0

    def prepare(self) -> Contract:
        """Have the process import it, and try it where older code is at work; its contract.

        Raises:
            PluginError: it cannot become an agent.
        """
        limit = 2 * self._limit  # for its import, and its trial
        said = self._process.prepare(self._version, [*self._asked, self._limit], limit)
        said.pop("functions")
        self._timeout = said["timeout"]
        contract = understand(said, name=self._name, path=self._candidate.path, work=self.work, discard=self.discard)
        return replace(contract, stream=self._process.settings.name, digest=self._candidate.digest)

    def work(self, agent: Agent) -> Any:
        """A sample. The process starts again where it has ended."""
        asked = [self._name, self._version]
        try:
            return decode(self._process.sample(self._version, asked, self._timeout, agent))
        except PluginError as error:
            raise PluginError(without_path(str(error), self._candidate.path)) from None

    def discard(self) -> None:
        """Forget this code; without any the process ends."""
        self._process.tell("drop", [self._name, self._version])
        self._process.forget(self._version)
