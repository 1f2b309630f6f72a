"""When rounds begin. Time is divided into slots of `every` seconds, counted from 1970 in UTC; each slot has one round.

A slot is known by its number. None has two rounds, also where the clock is put back by less than a period; where it is
put back by more, the slots that come again are new ones, since else there would be no rounds for as long.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Begin(NamedTuple):
    """The round of a slot, and when it begins, in Unix seconds."""

    slot: int
    at: float


@dataclass(frozen=True)
class Rule:
    """How slots and the begins of rounds lie. Times in seconds.

    Args:
        every: the period.
        phase: when within its slot a round begins; None: drawn anew each time.
        longest: what a round may take; a phase is drawn so that it ends within its slot, if it can.
        draw: gives a number from 0 to 1.
    """

    every: float
    phase: float | None = None
    longest: float = 0.0
    draw: Callable[[], float] = random.random

    def slot(self, now: float) -> int:
        """The slot of a time in Unix seconds."""
        return math.floor(now / self.every)

    def first(self, now: float, last: int | None) -> Begin:
        """The round after a start: at once, unless the slot of now has had one. `last` is the slot of the newest
        round, None where that is not known."""
        slot = self.slot(now)
        if last is None or not slot <= last <= slot + 1:
            return Begin(slot, now)
        return self.after(now, last)

    def after(self, now: float, last: int) -> Begin:
        """The round after that of the slot `last`."""
        slot = self.slot(now)
        if last > slot + 1:  # the clock was put back
            last = slot
        return self._in(max(slot, last + 1), now)

    def judged(self, begin: Begin, now: float) -> Begin:
        """The same round, or another one where the clock has been set since this one was planned: where it is overdue
        by a period or more, or lies more than two slots ahead."""
        slot = self.slot(now)
        if now - begin.at >= self.every:
            return self._in(slot, now)
        return self._in(slot + 1, now) if begin.slot > slot + 2 else begin

    def _in(self, slot: int, now: float) -> Begin:
        room = max(0.0, self.every - self.longest)
        phase = room * self.draw() if self.phase is None else self.phase
        return Begin(slot, max(now, slot * self.every + phase))
