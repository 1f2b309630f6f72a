"""The process of an agent with `ISOLATE = True`: serves one plugin to the hub in lines of JSON (see isolation.py)."""

import ctypes
import json
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from WardenServer.agent import Agent, Contract
from WardenServer.config import Settings
from WardenServer.errors import NoData, WardenError
from WardenServer.isolation import START, encode
from WardenServer.loader import load_file
from WardenServer.result import clean
from WardenServer.trust import Trust


def main() -> None:
    """Run one plugin for the hub, until the hub closes the pipe or ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the plugin prints goes to the hub's output, not between the answers
    path, name, tick, settings, parent, terms = json.loads(sys.stdin.readline())[1]
    _die_with(parent)
    agent = Agent(name, json.loads(settings), _logger(out))
    try:
        trust = Trust(Settings(**terms))
        contract = load_file(Path(path), name, tick, {}, START, in_process=True, trust=trust)
    except WardenError as error:
        _answer(out, "failed", str(error))
        return
    contract = replace(contract, settings=agent.settings)
    ready = False
    for line in sys.stdin:
        call, argument = json.loads(line)
        ready = _serve(call, argument, contract, agent, ready, out)


def _serve(call: str, argument: Any, contract: Contract, agent: Agent, ready: bool, out: IO[str]) -> bool:
    """Answer one call; whether the plugin is set up."""
    try:
        if call == "load" and contract.load is not None:
            contract.load(argument)
            return ready
        if call == "work" and not ready:
            if contract.setup is not None:
                contract.setup(agent)
            ready = True
        _answer(out, "done", _call(call, contract, agent))
    except NoData as reason:
        _answer(out, "no data", str(reason))
    except BaseException as error:  # a plugin may raise anything
        _answer(out, "failed", f"{type(error).__name__}: {error}"[:2000])
    return ready


def _call(call: str, contract: Contract, agent: Agent) -> Any:
    if call == "work":
        fields, reasons = clean(contract.work(agent))
        agent.last = fields
        encoded = {name: encode(value) for name, value in fields.items()}
        return {**encoded, **{name: {"no data": reason} for name, reason in reasons.items()}}
    if call == "save":
        return contract.save() if contract.save is not None else None
    if contract.close is not None and call == "close":
        contract.close(agent)
    return None


def _answer(out: IO[str], kind: str, said: Any) -> None:
    out.write(json.dumps([kind, said]) + "\n")
    out.flush()


def _logger(out: IO[str]) -> logging.Logger:
    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            _answer(out, "log", [record.levelno, "%s", record.getMessage()])

    logger = logging.getLogger("warden.isolated")
    logger.handlers, logger.propagate = [Lines()], False
    logger.setLevel(logging.DEBUG)
    return logger


def _die_with(parent: int) -> None:
    """Linux shall kill this process when the hub ends, or the agent's thread does, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main()
