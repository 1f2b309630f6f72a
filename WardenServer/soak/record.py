"""What a soak has seen, told apart by the fault that was on. Pure: no clock, no thread, no server.

All times are seconds on the monotonic clock unless named otherwise.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

#: What a fault may excuse: documents that are stale, runs left out, a device that does not answer, counts begun anew.
DOCUMENTS, RUNS, DEVICE, COUNTS = "documents", "runs", "device", "counts"
#: The kind of the time in which no fault is on.
QUIET = "no fault"
#: The kind of the time in which the machine, not the hub, was to blame.
NO_PROCESSOR = "this machine had no processor"
#: Examples kept of one thing that went wrong.
EXAMPLES = 10
#: Windows looked through for the one of a moment: what was seen is judged soon after.
RECENT = 20


@dataclass(frozen=True)
class Window:
    """The time of one fault, up to when all was well again, and what it excuses."""

    kind: str
    began: float
    ended: float
    excuses: frozenset[str] = frozenset()
    #: Seconds from the end of the fault until these were well again, by name; None: not within the time waited.
    recovered: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class SeenRun:
    """One run of an agent that counts: its number `n`, and when it began."""

    agent: str
    n: int
    began: float


@dataclass
class _Course:
    """An agent's runs so far; `first` and `count` are those of the stretch without an excuse for leaving runs out."""

    last: SeenRun
    first: float
    count: int = 0


@dataclass
class Answers:
    """How often the device has answered a command, and the longest time it took, with the fault that was on then."""

    times: int = 0
    longest: float = 0.0
    kind: str = QUIET

    def add(self, took: float, kind: str) -> None:
        """One more."""
        self.times += 1
        if took > self.longest:
            self.longest, self.kind = took, kind


class SoakRecord:
    """Takes note of everything that was seen, once the windows of that time are known. For one thread."""

    def __init__(self, intervals: dict[str, float]) -> None:
        self.windows: list[Window] = []
        self.late: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self.gaps: Counter[str] = Counter()  # runs that gaps had room for, by the fault that was on
        self.runs = 0
        self.anew = 0
        self.faulty: defaultdict[str, int] = defaultdict(int)
        self.examples: defaultdict[str, list[str]] = defaultdict(list)
        self.answers: defaultdict[str, Answers] = defaultdict(Answers)
        self._intervals = intervals
        self._courses: dict[str, _Course] = {}

    # -- faults

    def open(self, window: Window) -> None:
        """Take note of a window; one that overlaps the last one of its kind makes that longer."""
        last = self.windows[-1] if self.windows else None
        if last is not None and last.kind == window.kind and last.began <= window.ended and window.began <= last.ended:
            began, ended = min(last.began, window.began), max(last.ended, window.ended)
            self.windows[-1] = replace(last, began=began, ended=ended)
        else:
            self.windows.append(window)

    def over(self, began: float, ended: float) -> Iterator[Window]:
        """The recent windows that have a part of this time, the last added first."""
        for window in reversed(self.windows[-RECENT:]):
            if window.began <= ended and began <= window.ended:
                yield window

    def kind(self, began: float, ended: float) -> str:
        """The fault that was on."""
        return next((window.kind for window in self.over(began, ended)), QUIET)

    def excused(self, what: str, began: float, ended: float) -> bool:
        """Whether a fault of this time explains it."""
        return any(what in window.excuses for window in self.over(began, ended))

    def fault(self, figure: str, example: str, count: int = 1) -> None:
        """Count what went wrong, once or several times."""
        self.faulty[figure] += count
        if len(self.examples[figure]) < EXAMPLES:
            self.examples[figure].append(example)

    # -- runs

    def run(self, run: SeenRun) -> None:
        """The next run of an agent."""
        self.runs += 1
        course = self._courses.get(run.agent)
        if course is None:
            self._courses[run.agent] = _Course(run, run.began)
            return
        before, course.last = course.last, run
        self._number(before, run)
        self.late[self.kind(before.began, run.began)].append(
            max(0.0, run.began - before.began - self._intervals[run.agent])
        )
        if self.excused(RUNS, before.began, run.began):
            self._end_stretch(run.agent, course.first, before.began, course.count)
            course.first, course.count = run.began, 0
        else:
            course.count += 1
            self._note_gap(before, run)

    def _note_gap(self, before: SeenRun, run: SeenRun) -> None:
        """Where runs may have been left out, for the reader; `_end_stretch` counts them."""
        room = round((run.began - before.began) / self._intervals[run.agent]) - 1
        if room > 0:
            self.gaps[self.kind(before.began, run.began)] += room

    def _number(self, before: SeenRun, run: SeenRun) -> None:
        """Each run counts one on, by whatever code: else a run was lost or its state handed over twice."""
        if run.n == before.n + 1:
            return
        kind = self.kind(before.began, run.began)
        if run.n <= before.n and self.excused(COUNTS, before.began, run.began):
            self.anew += 1
        elif run.n > before.n + 1:
            self.fault("runs lost", f"{run.agent} counted {before.n}, then {run.n} at {run.began:.3f} ({kind})")
        else:
            self.fault("runs doubled", f"{run.agent} counted {before.n}, then {run.n} at {run.began:.3f} ({kind})")

    def _end_stretch(self, agent: str, first: float, last: float, count: int) -> None:
        """Count the starts that a stretch lacks: over its whole length, so that none is taken for missing when late."""
        lacking = round((last - first) / self._intervals[agent]) - count
        if lacking > 0:
            self.fault("runs left out", f"{agent}: {lacking} between {first:.3f} and {last:.3f}", lacking)

    def finish(self) -> None:
        """The soak is over: judge what is still open."""
        for agent, course in self._courses.items():
            self._end_stretch(agent, course.first, course.last.began, course.count)
        self._courses.clear()

    # -- looks from outside

    def document(self, key: str, age: float | None, limit: float, at: float) -> None:
        """A document was looked at; `age` in seconds, None when it was not there."""
        if (age is None or age > limit) and not self.excused(DOCUMENTS, at - limit, at):
            said = "was not there" if age is None else f"was {age:.2f} s old"
            self.fault("documents lost or stale", f"{key} {said} at {at:.3f} ({self.kind(at, at)})")

    def missed(self, count: int, began: float, ended: float) -> None:
        """The hub says that it has missed ticks."""
        if not self.excused(RUNS, began, ended):
            self.fault("ticks missed", f"{count} before {ended:.3f} ({self.kind(began, ended)})", count)

    def answer(self, command: str, began: float, ended: float, error: str) -> None:
        """The device answered a command, or did not."""
        if self.excused(DEVICE, began, ended):
            return
        self.answers[command].add(ended - began, self.kind(began, ended))
        if error:
            self.fault("commands without an answer", f"{command} at {began:.3f} ({self.kind(began, ended)}): {error}")


def share(values: Iterable[float], part: float) -> float:
    """The value below which this part of all lies; 0 of nothing."""
    ordered = sorted(values)
    return ordered[int(part * (len(ordered) - 1) + 0.5)] if ordered else 0.0
