"""How often each value of a field comes, as a spectrum.

    [agents.energies]
    plugin = "histogram"
    stream = "daq"
    field = "energy"
    low = 0.0
    high = 10.0

Settings: `field` ("hit.energy" is energy in the record hit), `low` and `high` (where the first bin begins and the last
ends), `bins` (100), `grow` (false; true shows up to 5000 bins more on either side, once one is needed), `reference` (a
JSON file with `counts` and `edges`, such as a document of this agent) and `reset` (false; true begins anew at each
sample).

Publishes `counts`, `edges` (one more), `entries` (all numbers), `underflow` (below the first bin), `overflow`,
`unusable` (missing, null, text, NaN, infinite), and `chi2`: how far the counts differ from those of the reference, per
degree of freedom, about 1 where they agree. Limits make it an alarm:

    [agents.energies.fields]
    chi2 = { max_warning = 2.0, max_alarm = 5.0 }

It needs `pip install 'wardenserver[histogram]'`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common.bins import Bins, Row, chi_squared
from WardenServer.plugins.common.event_fields import Numbers
from WardenServer.plugins.common.gathering import Gathering

#: Bytes of a reference that are read.
LARGEST = 20_000_000
#: By how much of a bin's width the bins lie lower. Without this, rounding would put whole numbers on an edge into the
#: bin below: 29 with 100 bins from 0 to 100.
_SHIFT = 1e-9


class Histogram(Gathering):
    """A histogram over boost-histogram. The lock is held while it is filled and while it is read: two threads that fill
    one at the same time lose counts."""

    name = "histogram"
    FIELDS: ClassVar[dict[str, dict[str, Any]]] = {
        "counts": {"dtype": "int", "dims": 1},
        "edges": {"dtype": "float", "dims": 1},
        "entries": {"dtype": "int", "format": "%d"},
        "underflow": {"dtype": "int", "format": "%d"},
        "overflow": {"dtype": "int", "format": "%d"},
        "unusable": {"dtype": "int", "format": "%d"},
        "chi2": {"dtype": "float", "format": "%8.3f", "doc": "Per degree of freedom, against the reference."},
    }

    def __init__(
        self,
        field: str,
        low: float,
        high: float,
        bins: int = 100,
        grow: bool = False,
        reference: str = "",
        reset: bool = False,
    ) -> None:
        """Begin with nothing.

        Raises:
            SettingError: a setting means nothing, or the reference does not fit.
            WardenError: boost-histogram is missing.
        """
        super().__init__(field)
        self.bins = Bins(low, high, bins, grow)
        self.reset = reset
        self.histogram = _empty(self.bins)
        self.reference = _read(reference, self.bins) if reference else None

    def take(self, values: Numbers) -> None:
        """Fill them in."""
        self.histogram.fill(values)

    def sample(self) -> dict[str, Any]:
        """The histogram of now."""
        with self.lock:
            self.settle()
            flow, unusable = self.histogram.view(flow=True).copy(), self.unusable
            if self.reset:
                self.histogram.reset()
                self.unusable = 0
        return self._document(flow[1:-1], int(flow[0]), int(flow[-1]), unusable)

    def _document(self, counts: Row, under: int, over: int, unusable: int) -> dict[str, Any]:
        shown = self.bins.shown(counts)
        return {
            "counts": counts[shown],
            "edges": self.bins.edges[shown.start : shown.stop + 1],
            "entries": int(counts.sum()) + under + over,
            "underflow": under,
            "overflow": over,
            "unusable": unusable,
            "chi2": None if self.reference is None else chi_squared(counts, self.reference),
        }

    def load(self, old: Any) -> None:
        """Take the counts of `old`, if it has the same field and bins; else begin anew."""
        if (getattr(old, "path", ""), getattr(getattr(old, "bins", None), "key", ())) == (self.path, self.bins.key):
            super().load(old)
            self.histogram.view(flow=True)[...] = old.histogram.view(flow=True)

    def merge(self, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """One histogram of several; those without data are passed over.

        Raises:
            SettingError: one has other bins.
        """
        counts, sums = np.zeros(len(self.bins.edges) - 1, dtype=np.int64), dict.fromkeys(_SUMS, 0)
        for sample in samples:
            if sample.get("counts") is None:
                continue
            try:
                counts += self.bins.place(sample["counts"], sample.get("edges")).astype(np.int64)
            except (TypeError, ValueError) as error:
                raise SettingError(f"samples cannot be merged: of one, {error}; give all hubs the same bins") from None
            sums = {name: sums[name] + (sample.get(name) or 0) for name in _SUMS}
        return self._document(counts, *sums.values())


#: Fields of which a merge has the sums, beside the counts.
_SUMS = ("underflow", "overflow", "unusable")


def _empty(bins: Bins) -> Any:
    try:
        import boost_histogram
    except ImportError:
        cure = "pip install 'wardenserver[histogram]'"
        raise WardenError(f"histogram needs the library boost-histogram; install it: {cure}") from None
    shift = _SHIFT * bins.width
    axis = boost_histogram.axis.Regular(len(bins.edges) - 1, bins.edges[0] - shift, bins.edges[-1] - shift)
    return boost_histogram.Histogram(axis, storage=boost_histogram.storage.Int64())


def _read(reference: str, bins: Bins) -> Row:
    """The counts of a reference over these bins."""
    try:
        with Path(reference).expanduser().open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        said = json.loads(text)
        return bins.place(said["counts"], said["edges"])
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SettingError(f"reference {reference} cannot be used ({error!s:.200}); correct it, or the bins") from None
