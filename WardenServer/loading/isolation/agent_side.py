"""The process of an agent with `ISOLATE = True`: serves one plugin to the hub in lines of JSON (see hub_side.py)."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import NoData
from WardenServer.loading.beside import any_absolute, imported
from WardenServer.loading.contract import read_contract
from WardenServer.loading.failure import explain
from WardenServer.loading.isolation.child_pipes import Answers, logger, take_pipes
from WardenServer.loading.isolation.wire import LONGEST, check_state, decode_table, describe, encode
from WardenServer.loading.legacy.old_file import is_old
from WardenServer.loading.plugin_file import import_plugin
from WardenServer.machine.parent import die_with
from WardenServer.results.result import clean
from WardenServer.servers import documents


def main() -> None:
    """Serve one plugin to the hub, until the hub closes the pipe, kills this process, or ends."""
    die_with(int(sys.argv[1]))
    bell = int(sys.argv[2])
    os.set_inheritable(bell, False)
    os.set_blocking(bell, False)
    calls, answers = take_pipes()
    answers.send("done", None)
    plugin = None
    for line in calls:
        call, argument = json.loads(line)
        if plugin is None:
            plugin = _Plugin(answers, partial(_ring, bell), *argument)
        answers.send_line(plugin.answer(call, argument))
    os._exit(0)  # whatever threads the plugin has


def _ring(bell: int) -> None:
    """Ask the hub for a run, at any time; where it has not heard the last ones yet, it is asked already."""
    with suppress(BlockingIOError):
        os.write(bell, b".")


class _Plugin:
    """The plugin, imported with the first call."""

    def __init__(
        self,
        answers: Answers,
        ring: Callable[[], None],
        path: str,
        name: str,
        tick: float,
        table: str,
        terms: dict[str, Any] | None,
        hub: list[Any] | None,
    ) -> None:
        if hub is not None:
            documents.hub = documents.Hub(*hub)
        self._answers = answers
        self._path = Path(path)
        self._agent = Agent(name, log=logger(answers, "warden.isolated"), ask_for_run=ring)
        self._tick = tick
        self._table = decode_table(table)
        self._trust = _trust(terms) if terms is not None else None
        self._ready = False

    def answer(self, call: str, argument: Any) -> str:
        """The line to answer with, whatever the plugin does."""
        line = self._line(call, argument)
        while self._agent.told:
            self._answers.send("event", asdict(self._agent.told.popleft()))
        return line

    def _line(self, call: str, argument: Any) -> str:
        serve: Callable[[Any], Any] = getattr(self, f"_{call}")
        try:
            line = json.dumps(["done", serve(argument)])
            if len(line) < LONGEST:
                return line
            return _failed(f"{self._path}: {call} returned more than {LONGEST} bytes of JSON; return less")
        except NoData as reason:
            return json.dumps(["no data", str(reason)])
        except MemoryError:
            return '["no memory", null]'
        except BaseException as error:  # a plugin may raise anything
            if isinstance(error.__cause__, MemoryError):
                return '["no memory", null]'
            return _failed(str(error) if call == "import" else explain(error, self._contract))

    def _import(self, _: Any) -> dict[str, Any]:
        content = self._path.read_bytes()
        beside = any_absolute(content, self._path, imported(content, self._path, Path.read_bytes))
        name, old, original = self._agent.name, is_old(content), bool(self._table.get("original", False))
        module, self._origin = import_plugin(self._path, name, self._trust, beside, old, original)
        self._contract = read_contract(module, self._path, self._agent.name, self._tick, self._table)
        self._agent.settings = self._contract.settings
        return describe(self._contract)

    def _work(self, _: Any) -> dict[str, Any]:
        self._set_up()
        came = clean(self._contract.work(self._agent))
        self._agent.last = came[0]
        return encode(came)

    def _set_up(self) -> None:
        if not self._ready and self._contract.setup is not None:
            self._contract.setup(self._agent)
        self._ready = True

    def _answer(self, request: Any) -> Any:
        assert self._contract.answer is not None
        self._set_up()
        return self._contract.answer(self._agent, request)

    def _save(self, _: Any) -> Any:
        return None if self._contract.save is None else check_state(self._contract.save())

    def _load(self, state: Any) -> None:
        if self._contract.exclusive:
            self._set_up()
        if self._contract.load is not None:
            self._contract.load(state)

    def _close(self, _: Any) -> None:
        is_open, self._ready = self._ready, False
        if self._contract.close is not None and is_open:
            self._contract.close(self._agent)


def _trust(terms: dict[str, Any]) -> Any:
    """What may run, where only known content may; imported here, since few processes need it."""
    from WardenServer.loading.trust import Trust
    from WardenServer.settings.config import Settings

    return Trust(Settings(**terms))


def _failed(sentence: str) -> str:
    return json.dumps(["failed", sentence])


if __name__ == "__main__":
    main()
