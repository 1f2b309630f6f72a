"""What has happened to one job of a soak, and whether that was in order. Pure: no clock, no file, no server."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from WardenServer.plugins.common.jobs.steps import Step

#: Whether something had been done, before a time in Unix seconds, to the processor of this name.
IsHarmed = Callable[[str, float], bool]
#: How a job is.
WAITS, RUNS, ENDED, GONE = "waits", "runs", "has ended", "is gone"
#: What may happen to it, from which state to which; None: it stays as it is.
_WAYS: dict[str, dict[str, str | None]] = {
    Step.QUEUED: {"": WAITS},
    Step.STARTED: {WAITS: RUNS},
    Step.SUCCEEDED: {RUNS: ENDED},
    Step.FAILED: {RUNS: ENDED},
    Step.RETURNED: {RUNS: WAITS},
    Step.REASSIGNED: {RUNS: WAITS, WAITS: WAITS},
    Step.CHANGED: {RUNS: WAITS},
    Step.RETRIED: {ENDED: WAITS},
    Step.MOVED: {ENDED: GONE},
    Step.DELETED: {ENDED: GONE},
    Step.MISSING: {ENDED: GONE},
}
#: How the reason begins of a job that failed since its workers vanished.
VANISHED = "its processor vanished"
#: What may happen at any time.
_ANY = (Step.URGENT, Step.REFUSED, Step.LATE)


@dataclass(frozen=True)
class Happened:
    """One step of a job; `at` in Unix seconds."""

    at: float
    step: str
    reason: str
    processor: str | None = None


@dataclass
class History:
    """The course of one job. `wrong` are sentences on what should not have happened."""

    id: str
    state: str = ""
    starts: int = 0
    late: int = 0
    success: bool | None = None
    reason: str = ""  # of its end
    wrong: list[str] = field(default_factory=list)


def follow(id: str, steps: Iterable[Happened], is_harmed: IsHarmed) -> History:
    """Follow the steps of a job, in their order."""
    found = History(id)
    for each in steps:
        _take(found, each)
        dead = _taken_from(each)
        if dead is not None and not is_harmed(dead, each.at):
            found.wrong.append(f"was taken from {dead}, to which nothing had been done")
    return found


def _taken_from(each: Happened) -> str | None:
    """The processor that was taken for dead, if that is what happened."""
    if each.step == Step.REASSIGNED:
        return each.reason.partition(" is dead -> ")[0]
    return each.processor if each.step == Step.FAILED and each.reason.startswith(VANISHED) else None


def _take(found: History, each: Happened) -> None:
    found.late += each.step == Step.LATE
    if each.step in _ANY:
        return
    ways = _WAYS.get(each.step, {})
    if found.state not in ways:
        found.wrong.append(f"{each.step} though it {found.state or 'was not queued'} ({each.reason})")
    found.state = ways.get(found.state) or next(iter(ways.values()), None) or found.state
    found.starts += each.step == Step.STARTED
    if each.step in (Step.SUCCEEDED, Step.FAILED):
        found.success, found.reason = each.step == Step.SUCCEEDED, each.reason


def runs(lines: Sequence[str]) -> dict[str, list[str]]:
    """What each job's runs wrote into the journal, but for their ends: by id, "begin" or "half" of each."""
    found: dict[str, list[str]] = {}
    for line in lines:
        id, what, *_ = line.split(" ")
        if what != "end":
            found.setdefault(id, []).append(what)
    return found
