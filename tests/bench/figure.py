"""Figures: ours against a rival, medians of several rounds. A ratio is always ours / rival: less is better."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

#: What one measurement of one contender gave: numbers by name.
Run = dict[str, float]
#: The lowest and the highest of all rounds.
Spread = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ours` and `rival` are medians over the rounds in `unit`; less is better.

    `ratio` is ours / rival, None where the rival is 0. `target` is what the ratio must get to, as text; `met` whether
    it does, None where there is no target. The spread of the ratio is that of the rounds, each taken by itself.
    """

    figure: str
    ours: float
    rival: float
    unit: str
    ratio: float | None
    target: str
    met: bool | None
    rival_name: str
    ours_spread: Spread
    rival_spread: Spread
    ratio_spread: Spread | None
    rounds: int

    @property
    def limit(self) -> float | None:
        """The target as a number."""
        return float(self.target.removeprefix("<= ")) if self.target else None

    def plain(self) -> dict[str, Any]:
        """As it stands in the JSON file."""
        return asdict(self)


def against(
    figure: str,
    ours: Sequence[Run],
    rival: Sequence[Run],
    value: str,
    unit: str,
    rival_name: str,
    target: float | None = None,
) -> Figure:
    """Compare the value of this name in the rounds of ours with that in the rounds of a rival."""
    mine, other = [run[value] for run in ours], [run[value] for run in rival]
    ratio = _ratio(median(mine), median(other))
    pairs = [pair for pair in map(_ratio, mine, other) if pair is not None]
    return Figure(
        figure=figure,
        ours=median(mine),
        rival=median(other),
        unit=unit,
        ratio=ratio,
        target="" if target is None else f"<= {target:g}",
        met=None if target is None else ratio is not None and ratio <= target,
        rival_name=rival_name,
        ours_spread=_spread(mine),
        rival_spread=_spread(other),
        ratio_spread=_spread(pairs) if pairs else None,
        rounds=len(mine),
    )


def limit(figure: str, ours: Sequence[Run], value: str, unit: str, most: float) -> Figure:
    """Compare a value of ours with what it may be at most."""
    return against(figure, ours, [{value: most}] * len(ours), value, unit, f"the limit of {most:g} {unit}", 1.0)


def _ratio(ours: float, rival: float) -> float | None:
    return ours / rival if rival else None


def _spread(values: Sequence[float]) -> Spread:
    return min(values), max(values)


def quantiles(values: Sequence[float]) -> Run:
    """p50, p99 and max."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {"p50": ordered[round(0.5 * last)], "p99": ordered[round(0.99 * last)], "max": ordered[last]}
