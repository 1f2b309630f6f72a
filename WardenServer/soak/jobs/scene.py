"""What a fault of a soak of jobs is, and what it works on."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from WardenServer.soak.jobs.collector import Collector
from WardenServer.soak.jobs.stage import Stage


@dataclass
class Scene:
    """What a fault works on."""

    stage: Stage
    collector: Collector
    random: random.Random


Throw = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """One kind of fault, and how many seconds it holds."""

    kind: str
    throw: Throw
    seconds: tuple[float, float] = (0.0, 3.0)
    times: int = 1  # in one round of all faults
