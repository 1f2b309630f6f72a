"""Agents with `ISOLATE = True`: the plugin runs in a process of its own, which can be killed.

The hub and the process talk in lines of JSON over pipes: nothing that comes from there is ever unpickled. A run that
takes longer than TIMEOUT, a crash or an exit costs that one run; the next starts the process again.
"""

import base64
import contextlib
import enum
import functools
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from WardenServer.agent import Agent, Contract
from WardenServer.errors import NoData, PluginError
from WardenServer.trust import Trust

#: Longest line taken from the process, in bytes.
LONGEST = 256 * 1024 * 1024
#: Seconds the process may take to start and import the plugin, besides the TIMEOUT of its first run.
START = 10.0
#: Seconds between looks whether the hub wants to end.
LOOK = 0.1
#: Seconds `close` may take.
CLOSE = 1.0


def isolate(contract: Contract, trust: Trust | None = None) -> Contract:
    """The same contract with functions that run in a process of their own, which runs what `trust` allows."""
    process = _Process(contract, trust)
    return replace(
        contract,
        work=process.work,
        setup=None,  # the process sets up before its first run, and again after it was killed
        close=process.close,
        save=process.save if contract.save is not None else None,
        load=process.load if contract.load is not None else None,
    )


class _Process:
    """The hub's side. Only the agent's own thread calls it, and the loader while the agent is not scheduled."""

    def __init__(self, contract: Contract, trust: Trust | None) -> None:
        self._contract = contract
        self._terms = trust.terms if trust is not None else {}
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._state: Any = None

    def work(self, agent: Agent) -> Any:
        """One run in the process; its failures come back as text."""
        limit = self._contract.timeout + (0.0 if self._runs() else START)
        return decode(self._ask("work", None, limit, agent))

    def save(self) -> Any:
        """The state of the plugin; what JSON can hold."""
        return self._ask("save", None, CLOSE, None) if self._runs() else None

    def load(self, state: Any) -> None:
        """Hand the state over when the process has started."""
        self._state = state

    def close(self, agent: Agent) -> None:
        """Let the plugin close what it has opened, and end the process."""
        try:
            if self._runs():
                self._ask("close", None, CLOSE, None)
        finally:
            self._kill()

    def _runs(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _start(self, agent: Agent) -> None:
        self._kill()
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "WardenServer.isolated"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        settings = json.dumps(dict(self._contract.settings), default=str)
        self._send("start", [str(self._contract.path), agent.name, self._tick(), settings, os.getpid(), self._terms])
        if self._state is not None:
            self._send("load", self._state)

    def _tick(self) -> float:
        return self._contract.interval / self._contract.interval_ticks

    def _send(self, call: str, argument: Any) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: the wait for its answer says how
            self._child.stdin.write(json.dumps([call, argument]).encode() + b"\n")
            self._child.stdin.flush()

    def _ask(self, call: str, argument: Any, limit: float, agent: Agent | None) -> Any:
        if agent is not None and not self._runs():
            self._start(agent)
        self._send(call, argument)
        until = time.monotonic() + limit
        while True:
            kind, said = json.loads(self._line(until, call, agent))
            if kind == "log":
                logging.getLogger(f"warden.agent.{self._contract.name}").log(*said)
            elif kind == "no data":
                raise NoData(said)
            elif kind == "failed":
                raise PluginError(said)
            else:
                return said

    def _line(self, until: float, call: str, agent: Agent | None) -> bytes:
        """The next line from the process; raises PluginError when there will be none."""
        while b"\n" not in self._buffer:
            self._read(until, call, agent)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _read(self, until: float, call: str, agent: Agent | None) -> None:
        assert self._child is not None
        assert self._child.stdout is not None
        if select.select([self._child.stdout], [], [], LOOK)[0]:
            part = os.read(self._child.stdout.fileno(), 1024 * 1024)
            if not part:
                raise PluginError(self._how_it_ended())
            self._buffer += part
        if time.monotonic() > until:
            self._give_up(f"{call} has not ended within TIMEOUT ({self._contract.timeout:g} s)")
        if len(self._buffer) > LONGEST:
            self._give_up(f"{call} returned more than {LONGEST} bytes")
        if agent is not None and agent.stopping.is_set():
            self._kill()
            raise PluginError("the hub ended while it ran")

    def _give_up(self, why: str) -> NoReturn:
        self._kill()
        raise PluginError(f"{why}; its process was killed and starts again with the next run")

    def _how_it_ended(self) -> str:
        assert self._child is not None
        code = self._child.wait(CLOSE)
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._kill()
        return f"its process ended with {how}; it starts again with the next run"

    def _kill(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._child, self._buffer = None, b""


# -- values on their way


def encode(value: Any) -> Any:
    """A clean value as JSON can hold it: arrays as their bytes, enum members with all labels."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "U":
            return {"texts": value.tolist()}
        raw = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": [value.dtype.str, value.shape, raw]}
    if isinstance(value, enum.Enum):
        return {"enum": [list(type(value).__members__), value.name]}
    return value


def decode(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as `work` returned them."""
    return {name: _decode_value(value) for name, value in fields.items()}


def _decode_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind, said = next(iter(value.items()))
    if kind == "array":
        dtype, shape, raw = said
        return np.frombuffer(base64.b64decode(raw), np.dtype(dtype)).reshape(shape)
    if kind == "enum":
        return _enum(tuple(said[0]))[said[1]]
    return NoData(said) if kind == "no data" else np.array(said)


@functools.cache
def _enum(labels: tuple[str, ...]) -> Any:
    return enum.Enum("Remote", labels)
