"""Values that people were told last stay those to compare with, also when a later run becomes the base.

So slow drift is seen in the end, and what could not be read for a while is compared with what it was before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from WardenServer.plugins.common.differ.change import MISSING, Comparison, Pair, Unavailable
from WardenServer.plugins.common.differ.compare import is_same
from WardenServer.plugins.common.runs.progress import Progress, Told

#: Partition and parameter.
Key = tuple[str, str]


class Carried:
    """The pairs of one base and one run, on their way to the comparison. `unreadable` counts those that could not be
    read in the run."""

    def __init__(self, progress: Progress, base: int, run: int) -> None:
        self.unreadable = 0
        self._told, self._base, self._run = progress.told, base, run
        self._pairs: list[Pair] = []

    def through(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The pairs as they are to be compared: where there is a value that was told last, with that as the old one."""
        for pair in pairs:
            if (known := self._told.get(_key(pair))) is not None:
                pair = replace(pair, old=known.value, since=known.run)
            self.unreadable += isinstance(pair.new, Unavailable)
            self._pairs.append(pair)
            yield pair

    def remember(self, told: dict[Key, Told], comparison: Comparison, is_base: bool) -> None:
        """Bring the values that were told last up to date.

        Args:
            told: to be changed.
            comparison: what came of the pairs.
            is_base: whether the run becomes the base.
        """
        settled = {(partition, change.parameter) for change in comparison.changes for partition in change.partitions}
        settled.update((each.partition, each.parameter) for each in comparison.masked)
        for pair in self._pairs:
            key = _key(pair)
            kept = None if is_base and key in settled else self._kept(pair, is_base)
            if kept is None:
                told.pop(key, None)
            else:
                told[key] = kept

    def _kept(self, pair: Pair, is_base: bool) -> Told | None:
        """What is to be remembered of a parameter whose change nobody was told of; None where the base says it."""
        if isinstance(pair.old, Unavailable):  # this value is the first: the base has none
            is_first = not is_base and pair.new is not MISSING and not isinstance(pair.new, Unavailable)
            return Told(pair.new, self._run) if is_first else None
        if not is_base:
            return self._told.get(_key(pair))
        if pair.old is MISSING or (not isinstance(pair.new, Unavailable) and is_same(pair.old, pair.new)):
            return None
        return Told(pair.old, self._base if pair.since is None else pair.since)


def _key(pair: Pair) -> Key:
    return pair.partition, pair.parameter
