"""Ours and the rivals of one group, in turn, round after round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figure import Run
from tests.bench.measure import measure

#: The measurements of all rounds, by contender.
Runs = dict[str, list[Run]]
#: Seconds that one measurement may take.
LIMIT = 120.0


@dataclass(frozen=True)
class Contender:
    """Something to measure: a function of the group's module, and what it is called with."""

    name: str
    function: str
    arguments: dict[str, Any] = field(default_factory=dict)


def compete(
    module: str,
    contenders: Sequence[Contender],
    rounds: int,
    say: Callable[[str, int], None],
) -> Runs:
    """Measure all contenders in every round, in turn and then in the opposite order; `say` is told before each."""
    runs: Runs = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            say(contender.name, number)
            runs[contender.name].append(measure(module, contender.function, contender.arguments, LIMIT))
    return runs
