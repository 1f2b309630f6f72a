"""What is no change: small differences of numbers, and what a mask hides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


def fits(pattern: str, partition: str, parameter: str) -> bool:
    """Whether a pattern, such as `Pos*` or `p02/motor/*:Position`, means this parameter. Case matters."""
    return fnmatchcase(parameter, pattern) or fnmatchcase(f"{partition}:{parameter}", pattern)


@dataclass(frozen=True)
class Tolerance:
    """How far a number may go without a change: by `absolute`, or by this part of the old value, whichever is more."""

    absolute: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True)
class Mask:
    """Hides parameters; with `lines`, only what this matches in each of their lines. What is no text is seen as JSON
    with a line for each leaf; where the mask matches there, it is compared as that text, and tolerances do not count.
    """

    pattern: str
    reason: str
    lines: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Rules:
    """All of them. The first pattern that fits counts; of masks with `lines`, all that fit."""

    tolerances: Sequence[tuple[str, Tolerance]] = ()
    masks: Sequence[Mask] = ()

    def tolerance(self, partition: str, parameter: str) -> Tolerance:
        """Of a parameter."""
        return next((each for pattern, each in self.tolerances if fits(pattern, partition, parameter)), Tolerance())

    def masks_of(self, partition: str, parameter: str) -> list[Mask]:
        """Of a parameter."""
        return [mask for mask in self.masks if fits(mask.pattern, partition, parameter)]
