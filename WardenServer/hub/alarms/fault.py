"""The life of a fault, from its first sign to its end, and which events it gives out. Pure: it is told the time."""

import datetime
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from WardenServer.hub.alarms.watch import Is, Verdict
from WardenServer.results.event import LONGEST_TEXT, Event, Severity, own_id
from WardenServer.settings.notify import Rule

#: So many changes within so many seconds are flapping; it is over after as many seconds without one.
CHANGES, WITHIN = 4, 600.0


@dataclass
class Fault:
    """One thing that a rule watches. `subject` is which, where a rule watches several. Times in Unix seconds.

    `begin` is when it was bad for the first time, `active` whether it has been bad for as many results, and as long,
    as the rule wants, `told` whether people were told of it, `quiet` why they are not told now, `unknown` why nothing
    is known, `lacks` whether that is for want of data or because the agent fails.
    While it `flaps`, people who were told so (`flap_told`) are told nothing more.
    """

    rule: Rule
    subject: str = ""
    agent: str = ""
    begin: float = 0.0
    count: int = 0
    active: bool = False
    told: bool = False
    acknowledged: bool = False
    quiet: str = ""
    unknown: str = ""
    lacks: Is | None = None
    text: str = ""
    reminded: float = 0.0
    flaps: bool = False
    flap_told: bool = False
    changes: deque[float] = field(default_factory=lambda: deque(maxlen=CHANGES))

    @property
    def name(self) -> str:
        """The rule, and which of the things it watches."""
        return f"{self.rule.name}: {self.subject}" if self.subject else self.rule.name

    @property
    def state(self) -> str:
        """For people: alarm, no data, failing or good."""
        if self.active:
            return "alarm"
        return str(self.lacks) if self.lacks is not None else "good"

    @property
    def is_over(self) -> bool:
        """Whether there is nothing about it that must be remembered."""
        return not (self.active or self.count or self.flaps or self.unknown)

    def see(self, verdict: Verdict, stamp: float, now: float) -> Iterator[Event]:
        """Take what the rule says of a result, which has the time `stamp`; what becomes of it.

        A fault neither begins nor ends by what is unknown.
        """
        self.lacks = verdict.state if verdict.state in (Is.UNKNOWN, Is.FAILING) else None
        self.unknown = verdict.text if self.lacks is not None else ""
        if verdict.state is Is.BAD:
            self.text = verdict.text
            if not self.active:
                yield from self._count(stamp, now)
        elif verdict.state is Is.GOOD and self.active:
            self.text, self.count = verdict.text, 0
            yield from self._end(stamp, now)
        elif verdict.state is Is.CHANGED:
            yield from self._flap(now)
            yield self._event("change", stamp, f"{self._what}: {verdict.text}", self._may_tell)
        elif self.lacks is None and not self.active:
            self.count = 0

    def look(self, now: float) -> Iterator[Event]:
        """What is due without a result: an alarm that was held back, a reminder, the end of flapping."""
        if self.flaps and now - self.changes[-1] >= WITHIN:
            self.flaps = False
            if not self.active:
                yield self._event("steady", now, f"{self._what}: steady again, and good", self.flap_told)
        if self.active and not self.told:
            yield from self._tell(now)
        if self._wants_reminder(now):
            self.reminded = now
            yield self._event("remind", now, f"{self._what}: still {self.text}, since {clock(self.begin)}")

    @property
    def _may_tell(self) -> bool:
        return not self.quiet and not self.flaps

    def _wants_reminder(self, now: float) -> bool:
        is_due = 0 < self.rule.reminder <= now - self.reminded
        return is_due and self.active and self.told and not self.acknowledged and self._may_tell

    def _count(self, stamp: float, now: float) -> Iterator[Event]:
        self.begin = stamp if self.count == 0 else self.begin
        self.count += 1
        lasted = stamp - self.begin >= self.rule.after or bool(self.rule.stale)  # a stale one has waited already
        if self.count < self.rule.cycles or not lasted:
            return
        self.active, self.told, self.acknowledged = True, False, False
        yield from self._flap(now)
        if not self._may_tell:
            said = f"{self._what}: {self.text} (not told: {self.quiet or 'it flaps'})"
            yield self._event("quiet", self.begin, said, tells=False)
        yield from self._tell(now)

    def _tell(self, now: float) -> Iterator[Event]:
        if self._may_tell:
            self.told, self.reminded = True, now
            late = f", since {clock(self.begin)}" if now - self.begin > 60 else ""
            yield self._event("alarm", self.begin, f"{self._what}: {self.text}{late}")

    def _end(self, stamp: float, now: float) -> Iterator[Event]:
        self.active = False
        yield from self._flap(now)
        lasted = datetime.timedelta(seconds=max(0, round(stamp - self.begin)))
        said = f"{self._what} is over: {self.text}; from {clock(self.begin)} to {clock(stamp)} ({lasted})"
        yield self._event("clear", stamp, said, self.told and not (self.flaps and self.flap_told))

    def _flap(self, now: float) -> Iterator[Event]:
        self.changes.append(now)
        if not self.flaps and len(self.changes) == CHANGES and now - self.changes[0] < WITHIN:
            said = f"{self._what} flaps: {CHANGES} changes in {_long(now - self.changes[0])}"
            rest = f"more is told when it has been steady for {_long(WITHIN)}"
            self.flap_told = self._may_tell
            yield self._event("flap", now, f"{said}; {rest}", self.flap_told)
            self.flaps = True

    @property
    def _what(self) -> str:
        text = self.rule.text or self.rule.name
        return f"{text}: {self.subject}" if self.subject else text

    def _event(self, kind: str, when: float, text: str, tells: bool = True) -> Event:
        """An event; its id says for good which fault it belongs to."""
        stamp = self.begin if kind in ("alarm", "quiet", "clear") else when
        severity = self.rule.severity if kind in ("alarm", "remind", "flap", "change") else "info"
        id, to = own_id(kind, self.rule.name, self.subject, stamp), self.rule.to if tells else ()
        return Event(id, when, self.agent or "hub", Severity(severity), text[:LONGEST_TEXT], to)


def clock(stamp: float) -> str:
    """A time for people, local."""
    return datetime.datetime.fromtimestamp(stamp).strftime("%Y-%m-%d %H:%M:%S")


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} s"
