"""One run compared with the bases of its partitions: the rules of CMS HCAL's RunInfoDiffer. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from WardenServer.plugins.common.differ import compare, short
from WardenServer.plugins.common.differ.change import Comparison
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.runs.carrying import Carried
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.progress import Progress
from WardenServer.plugins.common.runs.source import Run, Side, Source
from WardenServer.plugins.common.runs.telling import SHORT, cut

#: Most characters of the text of a difference.
LONGEST = 10_000


@dataclass(frozen=True)
class Found:
    """What came of a run.

    Args:
        progress: where the search stands after it.
        differences: one for each base from which something has changed.
        unreadable: how many parameters could not be read; None where nothing was compared.
        gone: bases that the source has no longer.
    """

    progress: Progress
    differences: Sequence[Difference] = ()
    unreadable: int | None = None
    gone: Sequence[int] = ()


@dataclass(frozen=True)
class _Compared:
    base: int
    partitions: tuple[str, ...]
    comparison: Comparison
    carried: Carried


def begin(source: Source, run: Run) -> Found:
    """Nothing was looked at before: this run is the base of all partitions, and nothing has changed."""
    return Found(Progress(run.number, dict.fromkeys(source.partitions([run.number]), run.number)))


def find(source: Source, rules: Rules, progress: Progress, run: Run, at: float) -> Found:
    """Compare a run with the last one with a change, for each of its partitions.

    If anything has changed, the run becomes the base of all its partitions. A partition that has no base, or one whose
    base is gone, gets this run.

    Args:
        source: of the runs.
        rules: what is no change.
        progress: where the search stands.
        run: the run.
        at: the time of now, in Unix seconds.

    Raises:
        Unreachable: the database cannot be used.
    """
    groups, first, gone = _groups(source, progress.bases, _included(source, run))
    compared = [_compare(source, rules, progress, base, run, each) for base, each in groups.items()]
    differences = [_difference(each, run, at) for each in compared if each.comparison.changes]
    bases = {**progress.bases, **dict.fromkeys(first, run.number)}
    told = dict(progress.told)
    for each in compared:
        if differences:
            bases.update(dict.fromkeys(each.partitions, run.number))
        each.carried.remember(told, each.comparison, bool(differences))
    unreadable = sum(each.carried.unreadable for each in compared) if compared else None
    return Found(Progress(run.number, bases, told), differences, unreadable, gone)


def _included(source: Source, run: Run) -> list[str]:
    """The partitions that take part and have values, sorted. One that lacks all of them has lost nothing: it was not
    asked."""
    if run.is_ready:
        return sorted(set(source.partitions([run.number])).intersection(run.partitions))
    there = {taken.partition for taken in source.values(Side(run.number), run.partitions)}
    return sorted(there.intersection(run.partitions))


def _groups(
    source: Source, bases: Mapping[str, int], included: Sequence[str]
) -> tuple[dict[int, list[str]], list[str], list[int]]:
    """The partitions by their base, those that have none, and the bases that are gone."""
    asked = sorted({bases[each] for each in included if each in bases})
    there = {base: set(source.partitions([base])) for base in asked}
    groups: dict[int, list[str]] = {}
    first = []
    for partition in included:
        base = bases.get(partition)
        if base is None or partition not in there[base]:
            first.append(partition)
        else:
            groups.setdefault(base, []).append(partition)
    return groups, first, [base for base, partitions in there.items() if not partitions]


def _compare(
    source: Source, rules: Rules, progress: Progress, base: int, run: Run, partitions: Sequence[str]
) -> _Compared:
    carried = Carried(progress, base, run.number)
    pairs = source.pairs(Side(base), Side(run.number), partitions)
    return _Compared(base, tuple(partitions), compare.compare(carried.through(pairs), rules), carried)


def _difference(compared: _Compared, run: Run, at: float) -> Difference:
    said = short.text(compared.comparison, SHORT)
    if not run.is_ready:
        said = f"Run {run.number} never reached Running.\n{said}"
    changes = sum(len(change.partitions) for change in compared.comparison.changes)
    return Difference(compared.partitions, compared.base, run.number, at, changes, cut(said, LONGEST))
