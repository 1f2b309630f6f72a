"""When a packet came, on the clock that never steps, from the kernel's stamp by the clock that may."""

import time
from typing import NamedTuple

#: Two clocks read within so many ns were read at once. One in a thousand reads takes longer, where the machine did
#: something else in between.
_AT_ONCE, _TRIES = 10_000, 5


class Moment(NamedTuple):
    """One moment on both clocks, in ns."""

    monotonic: int
    wall: int


def now() -> Moment:
    """This moment."""
    for _ in range(_TRIES):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after - before < _AT_ONCE:
            break
    return Moment((before + after) // 2, wall)


def arrival(stamp: int | None, read: Moment, sent: int) -> tuple[int, bool]:
    """When a packet came, in monotonic ns, and whether its stamp says so. Where that cannot be, as the wall clock was
    stepped between the stamp and the reading, it is the moment of reading.

    Args:
        stamp: the kernel's, in ns since 1970; None: there is none.
        read: a moment after the packet was read.
        sent: when its request went, in monotonic ns.
    """
    if stamp is None:
        return read.monotonic, False
    age = read.wall - stamp
    if 0 <= age <= read.monotonic - sent:
        return read.monotonic - age, True
    return read.monotonic, False
