"""The verdict on a soak of jobs: what must not happen at all, how often it did, with examples. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from WardenServer.soak.jobs import history
from WardenServer.soak.jobs.collector import Pair
from WardenServer.soak.jobs.evidence import Evidence
from WardenServer.soak.jobs.history import VANISHED, History
from WardenServer.soak.jobs.job import BAD, GOOD, PURPOSE
from WardenServer.soak.verdict import VerdictLine

#: Examples kept of one thing that went wrong.
EXAMPLES = 10
#: What must not happen at all.
NEVER = (
    "pairs never processed", "pairs lost", "files in a wrong place", "half files", "steps without a cause",
    "runs without a cause", "late results not kept", "last runs that saw half of their files", "ends of another kind",
    "taken though nobody asked", "jobs left", "requests left", "programs that ended by themselves", "errors in logs",
    "processes left behind", "not over in time",
)  # fmt: skip
_CHANGED = "its files changed while they were processed, also at"


@dataclass
class Judged:
    """What went wrong, counted, and what is only stated."""

    wrong: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    stated: dict[str, int] = field(default_factory=dict)

    def fault(self, figure: str, said: str) -> None:
        """Take note of one thing that should not be."""
        self.wrong[figure] += 1
        if len(self.examples[figure]) < EXAMPLES:
            self.examples[figure].append(said)

    def lines(self) -> list[VerdictLine]:
        """The verdict."""
        stated = [VerdictLine(figure, value) for figure, value in self.stated.items()]
        return [*stated, *(VerdictLine(figure, self.wrong[figure], "", 0.0) for figure in NEVER)]


def judge(
    pairs: Sequence[Pair], evidence: Evidence, place: Callable[[str], Sequence[str]], is_harmed: history.IsHarmed
) -> Judged:
    """Judge all jobs.

    Args:
        pairs: that were put.
        evidence: what is left of them.
        place: the paths of an id's files in any storage.
        is_harmed: see `history.follow`.
    """
    judged, taken = Judged(), [pair for pair in pairs if not pair.is_deferred or pair.is_asked]
    spared = [path for pair in pairs if pair.is_deferred and not pair.is_asked for path in place(pair.id)]
    begun = history.runs(evidence.journal)
    histories = {id: history.follow(id, steps, is_harmed) for id, steps in evidence.steps.items()}
    for pair in taken:
        found = histories.get(pair.id) or History(pair.id)
        _judge_course(judged, pair, found, begun.get(pair.id, []), evidence.late[pair.id])
        _judge_files(judged, pair, found, place(pair.id), evidence)
    known = {pair.id for pair in taken}
    for path in set(spared) - evidence.deferred:
        judged.fault("pairs lost", f"{path} (nobody has asked for it)")
    for id in begun.keys() - known:
        judged.fault("taken though nobody asked", id)
    _judge_rest(judged, evidence, known, [each for pair in pairs for each in place(pair.id)])
    judged.stated = _stated(evidence, histories, len(taken), begun)
    return judged


def _judge_course(judged: Judged, pair: Pair, found: History, begun: Sequence[str], late: int) -> None:
    for said in found.wrong:
        judged.fault("steps without a cause", f"{pair.id} {said}")
    if not begun:
        judged.fault("pairs never processed", f"{pair.id} ({found.state or 'not queued'})")
    if len(begun) > found.starts:
        judged.fault("runs without a cause", f"{pair.id} ran {len(begun)} times, and was begun {found.starts} times")
    if late != found.late:
        judged.fault("late results not kept", f"{pair.id}: {found.late} came, {late} are kept")
    if begun and begun[-1] == "half" and not pair.dawdled:
        judged.fault("last runs that saw half of their files", pair.id)
    if not _is_as_meant(pair, found):
        judged.fault("ends of another kind", f"{pair.id}, a {pair.fate} one: {found.success} ({found.reason})")


def _is_as_meant(pair: Pair, found: History) -> bool:
    """A job ends as it is meant to, or has failed since its workers vanished or its files changed all the time."""
    if found.success is False and found.reason.startswith((VANISHED, _CHANGED)):
        return True
    if pair.fate == BAD:
        return found.success is False and PURPOSE in found.reason
    return pair.fate == GOOD and found.success is True


def _judge_files(judged: Judged, pair: Pair, found: History, paths: Sequence[str], evidence: Evidence) -> None:
    right, other = evidence.successful, evidence.failed
    if found.success is False:
        right, other = other, right
    for path in paths:
        if path in other or path in evidence.standard or path in evidence.deferred:
            judged.fault("files in a wrong place", f"{path} ({found.state}, {found.success})")
        elif path not in right:
            judged.fault("pairs lost", f"{path} ({found.state}, {found.success})")
        elif not right[path] and not pair.dawdled:
            judged.fault("half files", path)


def _judge_rest(judged: Judged, evidence: Evidence, known: set[str], all_of_them: Sequence[str]) -> None:
    """What is there and should not be."""
    there = {*evidence.standard, *evidence.deferred, *evidence.successful, *evidence.failed}
    for path in sorted(there.difference(all_of_them)):
        judged.fault("files in a wrong place", path)
    for figure, count in (("jobs left", evidence.rows), ("requests left", evidence.requests)):
        judged.wrong[figure] += count


def _stated(
    evidence: Evidence, histories: dict[str, History], pairs: int, begun: dict[str, list[str]]
) -> dict[str, int]:
    vanished = [each for each in histories.values() if each.reason.startswith(VANISHED)]
    steps = [each.step for several in evidence.steps.values() for each in several]
    runs = sum(map(len, begun.values()))
    return {
        "pairs processed": pairs, "runs": runs, "runs beyond the first, each with its cause": runs - len(begun),
        **{f"steps: {name}": steps.count(name) for name in ("reassigned", "returned", "changed", "late", "urgent")},
        "jobs that failed since their workers vanished": len(vanished),
    }  # fmt: skip
