"""Mean, deviation, limits and quantiles of a field.

    [agents.energy]
    plugin = "stats"
    stream = "daq"
    field = "energy"

Settings: `field` ("hit.energy" is energy in the record hit), `window` (10000 numbers) and `reset` (false; true begins
anew at each sample).

Publishes `count`, `mean`, `deviation` (sample standard deviation), `min` and `max` of all numbers since the start;
`q05`, `median` and `q95` of the last `window` numbers, exactly; and `unusable` (missing, null, text, NaN, infinite).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from WardenServer.errors import SettingError
from WardenServer.plugins.common import moments
from WardenServer.plugins.common.event_fields import Numbers
from WardenServer.plugins.common.gathering import Gathering
from WardenServer.plugins.common.moments import Moments

#: Most numbers in a window: 80 MB.
MOST = 10_000_000
#: Fields with a quantile, and which.
QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}


class Stats(Gathering):
    """Keeps the moments of all numbers, and the last of them in a ring."""

    name = "stats"
    FIELDS: ClassVar[dict[str, dict[str, Any]]] = {
        "count": {"dtype": "int", "format": "%d"},
        "unusable": {"dtype": "int", "format": "%d"},
        **{each: {"dtype": "float"} for each in ("mean", "deviation", "min", "max", *QUANTILES)},
    }

    def __init__(self, field: str, window: int = 10_000, reset: bool = False) -> None:
        """Begin with nothing; raises SettingError where a setting means nothing."""
        super().__init__(field)
        if isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= MOST:
            raise SettingError(f"window is {window!r:.40}; write how many numbers, from 1 to {MOST}")
        self.reset = reset
        self.moments = Moments()
        #: The last numbers, and how many were ever put there.
        self.ring, self.put = np.empty(window), 0

    def take(self, values: Numbers) -> None:
        """Add them to the moments, and put them into the ring over the oldest."""
        self.moments = moments.pooled(self.moments, moments.of(values))
        last = values[-len(self.ring) :]
        self.put += len(last)
        self.ring[np.arange(self.put - len(last), self.put) % len(self.ring)] = last

    def last(self) -> Numbers:
        """The numbers of the window, the oldest first."""
        window = len(self.ring)
        return self.ring[: self.put] if self.put < window else np.roll(self.ring, -(self.put % window))

    def sample(self) -> dict[str, Any]:
        """What is known of the numbers until now; null of none."""
        with self.lock:
            self.settle()
            document = _document(self.moments, _quantiles(self.last()), self.unusable)
            if self.reset:
                self.moments, self.put, self.unusable = Moments(), 0, 0
        return document

    def load(self, old: Any) -> None:
        """Take all over from `old`, if it has the same field; a smaller window forgets the oldest numbers."""
        if getattr(old, "path", "") == self.path:
            super().load(old)
            self.moments = Moments(*old.moments)
            last = old.last()[-len(self.ring) :]
            self.ring[: len(last)], self.put = last, len(last)

    def merge(self, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """All numbers together. Quantiles cannot be merged: null, unless only one sample has numbers."""
        some = [sample for sample in samples if sample.get("count")]
        total = Moments()
        for sample in some:
            total = moments.pooled(total, _moments(sample))
        quantiles = {each: some[0].get(each) if len(some) == 1 else None for each in QUANTILES}
        return _document(total, quantiles, sum(sample.get("unusable") or 0 for sample in samples))


def _quantiles(values: Numbers) -> dict[str, float | None]:
    if not len(values):
        return dict.fromkeys(QUANTILES)
    with np.errstate(all="ignore"):
        found = np.quantile(values, list(QUANTILES.values()))
    return {each: float(value) if np.isfinite(value) else None for each, value in zip(QUANTILES, found, strict=True)}


def _document(known: Moments, quantiles: dict[str, float | None], unusable: int) -> dict[str, Any]:
    some = known.number > 0
    return {
        "count": known.number,
        "mean": known.mean if some else None,
        "deviation": known.deviation,
        "min": known.low if some else None,
        "max": known.high if some else None,
        **quantiles,
        "unusable": unusable,
    }


def _moments(sample: dict[str, Any]) -> Moments:
    """The moments that a document was made of; a deviation that was too large is so again."""
    count, deviation = sample["count"], sample["deviation"]
    squares = 0.0 if count < 2 else np.inf if deviation is None else deviation * deviation * (count - 1)
    return Moments(count, sample["mean"], squares, sample["min"], sample["max"])
