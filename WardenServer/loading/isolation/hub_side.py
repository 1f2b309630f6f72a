"""Agents with `ISOLATE = True`: the plugin is imported and runs in a process of its own, which can be killed.

The hub never imports such a file: its process reads the contract, stays, and serves the runs. A run that takes longer
than TIMEOUT or more than MEMORY, a crash or an exit costs that one run; the next starts the process again.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from WardenServer.agent import Agent
from WardenServer.errors import FieldError, NoData, PluginError
from WardenServer.loading.contract import Contract
from WardenServer.loading.failure import without_path
from WardenServer.loading.isolation.piped_child import Ended, PipedChild
from WardenServer.loading.isolation.wire import check_state, decode, encode_table, understand
from WardenServer.loading.trust import Trust
from WardenServer.results import event
from WardenServer.servers import documents
from WardenServer.settings.units import megabytes

#: Seconds the process may take to start, besides those to import the plugin.
START = 10.0
#: Seconds `close` may take, and `save` or `load`.
CLOSE, STATE = 1.0, 5.0
#: Seconds a run may go on when its agent is told to end.
GRACE = 0.5


def isolate(
    path: Path, name: str, tick: float, configured: Mapping[str, Any], limit: float, memory: int, trust: Trust | None
) -> Contract:
    """Have a process of its own import a plugin file: its contract, with functions that run there.

    It runs what `trust` allows, also when it starts again, and may take `limit` seconds to import the file and `memory`
    bytes where the contract says nothing else.
    `discard` ends it, and does no harm at any time.

    Raises:
        PluginError: the file cannot become an agent; its process is gone.
    """
    terms = trust.terms if trust is not None and trust.pinned else None
    asked = [str(path), name, tick, encode_table(configured), terms, documents.hub]
    process = _Process(path, name, asked, limit, memory)
    try:
        said = process.start(None)
        functions = said.pop("functions")
        return understand(
            said,
            name=name,
            path=path,
            work=process.work,
            close=process.close,  # there is no setup: the process sets up before its first run
            save=process.save if "save" in functions else None,
            load=process.load if "load" in functions else None,
            answer=process.answer if "answer" in functions else None,
            discard=process.kill,
        )
    except BaseException:
        process.kill()
        raise


class _Process:
    """The hub's side. Only the agent's own thread calls it, and the loader while the agent is not scheduled."""

    def __init__(self, path: Path, name: str, request: list[Any], limit: float, memory: int) -> None:
        self._path = path
        self._log = logging.getLogger(f"warden.agent.{name}")
        self._name = name
        self._request = request
        self._limit = limit
        self._timeout = limit
        self._memory = memory
        self._child: PipedChild | None = None
        self._told: float | None = None
        self._agent: Agent | None = None

    def _rung(self) -> None:
        """The plugin asks for a run. On the thread of the child."""
        if self._agent is not None:
            self._agent.soon()

    def start(self, agent: Agent | None) -> dict[str, Any]:
        """Start the process and have it import the plugin; what the plugin promises (see wire.py)."""
        self.kill()
        self._agent = agent or self._agent
        try:
            program = "WardenServer.loading.isolation.agent_side"
            self._child = PipedChild(
                [sys.executable, "-P", "-m", program, str(os.getpid())], f"process of {self._name}", self._rung
            )
        except Ended as how:
            self._give_up(f"its process {how}; free memory, processes or file descriptors")
        slow = f"its process has not started within {START:g} s; the machine may lack memory or time"
        self._receive("start", START, slow, agent)
        self._child.limit_memory(2 * self._memory, final=False)
        late = f"still importing after {self._limit:g} s; move slow work from the top of the file into setup"
        said: dict[str, Any] = self._ask("import", self._request, self._limit, late, agent)
        self._timeout = said["timeout"]
        self._memory = said["memory"] or self._memory
        # What is held is looked at; the kernel's limit, on what is reserved, is for what goes faster than that.
        self._child.limit_memory(2 * self._memory, final=True)
        return said

    def work(self, agent: Agent) -> Any:
        """One run in the process; its failures come back as text."""
        if self._child is not None and not self._child.alive:
            self._log.warning("its process %s between two runs; it starts again", self._child.how_it_ended())
        self._told, self._agent = None, agent
        try:
            if not self._runs():
                self.start(agent)
            late = f"work has not ended within TIMEOUT ({self._timeout:g} s); its process was killed"
            return decode(self._ask("work", None, self._timeout, late, agent))
        except PluginError as error:
            again = "" if self._runs() else "; it starts again with the next run"
            raise PluginError(f"{without_path(str(error), self._path)}{again}") from None

    def answer(self, agent: Agent, request: Any) -> Any:
        """What the plugin replies to a request, which may ask for a run before there was any."""
        self._agent = agent
        if not self._runs():
            self.start(agent)
        limit = self._timeout
        return self._ask("answer", request, limit, f"answer has not ended within TIMEOUT ({limit:g} s)", agent)

    def save(self) -> Any:
        """The state of the plugin; None when its process has ended, and the state with it."""
        return self._ask("save", None, STATE, f"save has not ended within {STATE:g} s") if self._runs() else None

    def load(self, state: Any) -> None:
        """Hand a state over. After a crash the plugin begins anew, without it."""
        if state is None:
            return
        if not self._runs():
            self.start(None)
        self._ask("load", check_state(state), STATE, f"load has not ended within {STATE:g} s")

    def close(self, _agent: Agent) -> None:
        """Let the plugin close what it has opened; the process stays until `kill`."""
        if self._runs():
            self._ask("close", None, CLOSE, f"close has not ended within {CLOSE:g} s")

    def kill(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _runs(self) -> bool:
        return self._child is not None and self._child.alive

    def _ask(self, call: str, argument: Any, limit: float, late: str, agent: Agent | None = None) -> Any:
        """Call the process, and wait for its answer; both within `limit` seconds, otherwise it is too `late`."""
        assert self._child is not None
        line = json.dumps([call, argument]).encode()
        try:
            self._child.send(line, time.monotonic() + limit, partial(self._look, agent))
        except TimeoutError:
            self._give_up(late)
        said = self._receive(call, limit, late, agent)
        self._look(agent)
        return said

    def _receive(self, call: str, limit: float, late: str, agent: Agent | None) -> Any:
        """The next answer; raises NoData or PluginError where that is the answer, or there is none."""
        try:
            kind, said = self._answer(time.monotonic() + limit, agent)
        except TimeoutError:
            self._give_up(late)
        except Ended as how:
            self._give_up(f"its process {how} in {call}; correct the file")
        except (ValueError, TypeError, LookupError) as error:
            self._give_up(f"its process sent what is no answer to {call} ({error}) and was killed; correct the file")
        if kind == "no data":
            raise NoData(said)
        if kind == "failed":
            raise PluginError(said)
        if kind == "no memory":
            self._give_up(self._too_much())
        return said

    def _answer(self, until: float, agent: Agent | None) -> tuple[str, Any]:
        """The next answer; lines for the log, and events, may come before it."""
        assert self._child is not None
        while True:
            kind, said = json.loads(self._child.receive(until, partial(self._look, agent)))
            if kind == "log":
                self._log.log(int(said[0]), "%s", said[1])
            elif kind == "event":
                self._tell(agent, said)
            else:
                return str(kind), said
            self._look(agent)

    def _tell(self, agent: Agent | None, said: dict[str, Any]) -> None:
        """Have an event go out with the run's result. Nobody sees what is told while the process ends."""
        try:
            told = event.make(said["id"], float(said["timestamp"]), self._name, said["severity"], said["text"])
        except FieldError as error:
            raise ValueError(str(error)) from None
        if agent is not None and len(agent.told) < event.MOST:
            agent.told.append(told)

    def _look(self, agent: Agent | None) -> None:
        """Raises PluginError, and the process is gone, when it must not go on."""
        assert self._child is not None
        if self._child.memory() > self._memory:
            self._give_up(self._too_much())
        if agent is not None and agent.stopping.is_set():
            self._told = time.monotonic() if self._told is None else self._told
            if time.monotonic() - self._told > GRACE:
                self._give_up("its agent was ended while it ran, and its process killed")

    def _too_much(self) -> str:
        assert self._child is not None
        used, most = megabytes(self._child.memory()), megabytes(self._memory)
        return (
            f"its process used {used} and wanted more than MEMORY ({most}) allows, so it was killed; keep less, or"
            f" allow more: MEMORY in the file, or memory in [agents.{self._name}]"
        )

    def _give_up(self, why: str) -> NoReturn:
        self.kill()
        raise PluginError(f"{self._path}: {why}")
