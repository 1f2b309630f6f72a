"""Ours and the rivals of one group, in turn, round after round."""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figure import Figure, Run
from tests.bench.measure import measure
from WardenServer.errors import WardenError

#: The measurements of all rounds, by contender.
Runs = dict[str, list[Run]]
#: Seconds that a measurement may take where nothing is said.
LIMIT = 120.0


@dataclass(frozen=True)
class Contender:
    """Something to measure: a function of the group's module, or of another `module`, and what it is called with.

    `limit` is how many seconds it may take; one that takes minutes is measured in the first round only (`once`).
    """

    name: str
    function: str
    arguments: dict[str, Any] = field(default_factory=dict)
    module: str = ""
    limit: float = LIMIT
    once: bool = False


class Contest:
    """One group: a module with `contenders(quick)`, what to measure, and `figures(runs)`, what the measurements say.

    `took` is how many seconds the last round has taken, `trouble` why the group could not be measured.
    """

    def __init__(self, group: str, quick: bool) -> None:
        self.group = group
        self.took = 0.0
        self.trouble = ""
        self._module: Any = importlib.import_module(f"tests.bench.{group}")
        self.contenders: list[Contender] = self._module.contenders(quick)
        self._runs: Runs = {contender.name: [] for contender in self.contenders}

    def compete(self, number: int, say: Callable[[str], None]) -> None:
        """Measure all contenders once, in the opposite order in every second round; `say` is told before each."""
        began = time.monotonic()
        for contender in self.contenders if number % 2 == 0 else reversed(self.contenders):
            if contender.once and number > 0:
                continue
            say(f"{self.group}: {contender.name}")
            try:
                run = measure(contender.module or self.group, contender.function, contender.arguments, contender.limit)
            except WardenError as error:
                self.trouble = str(error)
                return
            self._runs[contender.name].append(run)
        self.took = time.monotonic() - began

    def figures(self) -> list[Figure]:
        """What the measurements say; nothing where one has failed."""
        return [] if self.trouble else list(self._module.figures(self._runs))
