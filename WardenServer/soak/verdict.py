"""The verdict on a soak, from what was recorded: per figure its value, its limit, and whether that was kept. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from WardenServer.soak.record import NO_PROCESSOR, QUIET, SoakRecord, share

#: Seconds from a fault's end until the board is whole in Memcached, and until valid change events come.
WHOLE, EVENTS = 2.0, 2.0
#: Seconds until the board is whole after the hub begins anew: all agents start at their offsets, processes too.
WHOLE_ANEW = 5.0
#: Seconds until events come after the hub was away: Tango's clients look every 10 s whether their server is there.
EVENTS_ANEW = 15.0
#: Seconds in which the device answers State, Stop and Reload.
ANSWER = 1.0
#: Lateness outside faults, 99th percentile: this, or so many times that of a bare loop meanwhile on this machine.
LATE, LATE_RATIO = 0.02, 3.0
#: Growth of the hub's memory in MB: per half hour, and what it goes up and down by anyway.
MEMORY_GROWTH, MEMORY_NOISE = 15.0, 40.0
#: More threads and descriptors than this are growth: Tango keeps some for clients that have gone for a while.
THREADS, DESCRIPTORS = 5.0, 10.0
#: The same of Python threads: those of the processes of agents that crash, which come and go with them.
PYTHON_THREADS = 4.0
#: Seconds from the start of a hub that count as warming up, and that it must have run beyond, to be judged.
WARM_UP, LIFE = 20.0, 20.0

#: What must not happen at all.
NEVER = (
    "ticks missed", "runs left out", "runs lost", "runs doubled", "documents lost or stale",
    "commands without an answer", "hub ended by itself", "faults not met as they should be", "processes left behind",
)  # fmt: skip
#: What takes time after a fault, with its limit.
RECOVERIES = {
    "documents whole": WHOLE,
    "documents whole, hub began anew": WHOLE_ANEW,
    "events valid": EVENTS,
    "events valid, hub began anew": WHOLE_ANEW,
    "events valid, hub was away": EVENTS_ANEW,
}


@dataclass(frozen=True)
class Sample:
    """What the hub's process has and holds at one moment without a fault; memory in MB."""

    at: float
    pid: int
    memory: float
    threads: int
    python_threads: int
    descriptors: int


@dataclass(frozen=True)
class VerdictLine:
    """One figure of the verdict; without a limit it is only stated."""

    figure: str
    value: float
    unit: str = ""
    limit: float | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the limit was kept."""
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True)
class FaultKind:
    """All faults of one kind: lateness of runs meanwhile, and the longest recoveries. Seconds; inf: not seen."""

    kind: str
    times: int
    late_p50: float
    late_p99: float
    late_max: float
    recovered: dict[str, float] = field(default_factory=dict)


def lines(record: SoakRecord, samples: Sequence[Sample], loop: Sequence[float]) -> list[VerdictLine]:
    """The whole verdict.

    Args:
        record: finished.
        samples: of the hub's processes.
        loop: how late a bare loop on this machine was meanwhile.
    """
    gaps = ", ".join(f"{kind} {count}" for kind, count in record.gaps.most_common())
    notes = {"runs left out": f"gaps: {gaps}" if gaps else ""}
    never = [VerdictLine(figure, record.faulty[figure], "", 0.0, notes.get(figure, "")) for figure in NEVER]
    return [
        VerdictLine("faults thrown", len([window for window in record.windows if window.recovered])),
        VerdictLine("runs seen", record.runs),
        *never,
        *_recoveries(record),
        *_answers(record),
        *_lateness(record, loop),
        *_growth(samples),
    ]


def clean(found: Iterable[VerdictLine]) -> bool:
    """Whether all limits were kept."""
    return all(line.ok for line in found)


def kinds(record: SoakRecord) -> list[FaultKind]:
    """What each kind of fault cost."""
    found = []
    for kind in [*sorted({window.kind for window in record.windows}), QUIET]:
        windows = [window for window in record.windows if window.kind == kind]
        late = record.late[kind]
        recovered = {name: worst for name in RECOVERIES if (worst := _worst(record, name, kind)) is not None}
        half, most = share(late, 0.5), share(late, 0.99)
        found.append(FaultKind(kind, len(windows), half, most, max(late, default=0.0), recovered))
    return found


def as_dict(record: SoakRecord, found: Sequence[VerdictLine]) -> dict[str, Any]:
    """The verdict for programs; what did not happen within the time waited is null."""
    return {
        "clean": clean(found),
        "lines": [{**asdict(line), "value": finite(line.value), "ok": line.ok} for line in found],
        "faults": [
            {**asdict(kind), "recovered": {name: finite(value) for name, value in kind.recovered.items()}}
            for kind in kinds(record)
        ],
        "examples": {figure: said for figure, said in record.examples.items() if said},
    }


def finite(value: float) -> float | None:
    """The value, or None where it is infinite, which JSON cannot hold."""
    return value if math.isfinite(value) else None


def _worst(record: SoakRecord, name: str, kind: str | None = None) -> float | None:
    """The longest recovery, infinite where one did not come; None when there was nothing to recover."""
    took = [w.recovered[name] for w in record.windows if name in w.recovered and kind in (None, w.kind)]
    return max((math.inf if seconds is None else seconds for seconds in took), default=None)


def _recoveries(record: SoakRecord) -> list[VerdictLine]:
    found = []
    for name, limit in RECOVERIES.items():
        worst = _worst(record, name)
        if worst is not None:
            which = {window.kind for window in record.windows if window.recovered.get(name, 0.0) in (worst, None)}
            said = f"{name} again after a fault, longest"
            found.append(VerdictLine(said, worst, "s", limit, ", ".join(sorted(which))))
    return found


def _answers(record: SoakRecord) -> list[VerdictLine]:
    found = []
    for command, said in sorted(record.answers.items()):
        limit = ANSWER if command in ("State", "Stop", "Reload") else None
        note = f"of {said.times}; {said.kind}"
        found.append(VerdictLine(f"{command} answered, longest", said.longest, "s", limit, note))
    return found


def _lateness(record: SoakRecord, loop: Sequence[float]) -> list[VerdictLine]:
    late, machine = record.late[QUIET], share(loop, 0.99)
    without = [window for window in record.windows if window.kind == NO_PROCESSOR]
    return [
        VerdictLine("late starts without fault, p50", share(late, 0.5), "s"),
        VerdictLine("late starts without fault, p99", share(late, 0.99), "s", max(LATE, LATE_RATIO * machine)),
        VerdictLine("late starts without fault, longest", max(late, default=0.0), "s"),
        VerdictLine("a bare loop meanwhile, p99", machine, "s"),
        VerdictLine("a bare loop meanwhile, longest", max(loop, default=0.0), "s"),
        VerdictLine(
            f"{NO_PROCESSOR}, in all",
            sum(each.ended - each.began for each in without),
            "s",
            None,
            f"{len(without)} times",
        ),
    ]


def _growth(samples: Sequence[Sample]) -> list[VerdictLine]:
    """Growth from after the warm-up to the end, of that life of the hub in which it was most over its limit."""
    lives = [_warm(list(life)) for _, life in groupby(samples, lambda sample: sample.pid)]
    ends = [(_part(life), _part(life[::-1])[::-1]) for life in lives if life and life[-1].at - life[0].at >= LIFE]
    found = []
    for name, noise, unit in (
        ("memory", MEMORY_NOISE, "MB"),
        ("threads", THREADS, ""),
        ("python_threads", PYTHON_THREADS, ""),
        ("descriptors", DESCRIPTORS, ""),
    ):
        judged = [_grown(name, noise, unit, early, late) for early, late in ends]
        found += [max(judged, key=lambda line: line.value - (line.limit or 0.0))] if judged else []
    return found


def _grown(name: str, noise: float, unit: str, early: Sequence[Sample], late: Sequence[Sample]) -> VerdictLine:
    before, after = (statistics.median(getattr(sample, name) for sample in part) for part in (early, late))
    minutes = (late[-1].at - early[0].at) / 60
    limit = noise + (MEMORY_GROWTH * minutes / 30 if name == "memory" else 0.0)
    note = f"{before:.0f} to {after:.0f} in {minutes:.1f} minutes"
    return VerdictLine(f"growth of the hub: {name.replace('_', ' ')}", after - before, unit, limit, note)


def _warm(life: Sequence[Sample]) -> list[Sample]:
    """The samples after the warm-up."""
    return [sample for sample in life if sample.at >= life[0].at + WARM_UP]


def _part(life: Sequence[Sample]) -> Sequence[Sample]:
    """The first quarter."""
    return life[: -(-len(life) // 4)]
