"""Holds every result against the rules of the notifier, and makes events of what begins and ends.

It takes results as the sinks of the log do: each one, in order, on a thread of its own, so that no run waits for it.
What it finds goes back to the board as a result of the hub: the document `warden.INSTANCE.alarms`, with the events.

Which alarms there are at a start is read from the store of events: an alarm that was told is not told again, and its
end is, whatever happened meanwhile.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub.alarms import watch
from WardenServer.hub.alarms.fault import Fault, clock
from WardenServer.hub.alarms.mutes import ALL, Mutes, Said
from WardenServer.hub.alarms.watch import Is, Verdict, Watch
from WardenServer.machine.clock import Clock
from WardenServer.results.board import HUB_ALARMS, Board, keys_of
from WardenServer.results.event import CLEAR, Event, Severity, own_id, read_id
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Notify, Rule
from WardenServer.sinks.base import LogSink
from WardenServer.sinks.events import store

log = logging.getLogger("warden.rules")

#: Seconds that the document of alarms lives, and after which it is put again though nothing has changed.
LIFE, AGAIN = 30.0, 10.0
#: Seconds after which it is put again where nothing has begun or ended, but values have changed.
OFTEN = 1.0
#: Most lines in the log for what happens at once.
LINES = 50
#: Most things that one rule watches.
MOST = 20_000
_ORDER = list(Severity)


class Judge(LogSink):
    """The rules of a hub. Its own thread judges; commands may come from any."""

    def __init__(self, settings: Settings, mutes: Mutes, events: Path, clock: Clock) -> None:
        super().__init__("rules")
        self._key, self._mutes, self._events, self._clock = settings.alarms_key, mutes, events, clock
        self._notify = settings.notify
        self._faults: dict[str, dict[str, Fault]] = {}  # by rule, and by what it watches
        self._watches: dict[str, Watch] = {}
        self._by_key: dict[str, list[Watch]] = {}
        self._of_all: list[Watch] = []
        self._took_on: Notify | None = None
        self._began = 0.0
        self._said = Said()
        self._shown: dict[str, Any] = {}
        self._put = -AGAIN
        self._restored = False

    # -- called by any thread

    def open(self, board: Board) -> None:
        """See Sink."""
        super().open(board)
        self._began = self._clock.monotonic()

    def take_on(self, settings: Settings) -> None:
        """Judge by these rules from now on. Those that are the same keep their faults."""
        self._notify = settings.notify
        self._rouse()

    def wants(self, result: Result) -> bool:
        """See LogSink."""
        if result.agent == HUB_ALARMS or not self._notify.rules:
            return False
        return bool(self._of_all or result.places or result.key in self._by_key or self._took_on is not self._notify)

    def targets(self, event: Event) -> tuple[str, ...]:
        """Who is told of an event: of one that an agent has told, whom the rules for `events` name."""
        notify = self._notify
        if (own := read_id(event.id)) is not None:
            rule = notify.rules.get(own[1])
            severity = Severity(rule.severity) if rule is not None else event.severity
            return tuple(name for name in event.to if self._is_for(name, severity))
        rules = [rule for rule in notify.rules.values() if rule.events in ("*", event.agent)]
        wanted = [rule for rule in rules if _ORDER.index(event.severity) >= _ORDER.index(Severity(rule.severity))]
        said, now = self._said, self._clock.time()
        told = [rule for rule in wanted if said.mute_of(rule.name, now) is None]
        names = dict.fromkeys(name for rule in told for name in rule.to)
        return tuple(name for name in names if self._is_for(name, event.severity))

    def _is_for(self, target: str, severity: Severity) -> bool:
        known = self._notify.targets.get(target)
        return known is not None and _ORDER.index(severity) >= _ORDER.index(Severity(known.severity))

    def check(self, rule: str) -> None:
        """Raise WardenError where there is no such rule."""
        if rule not in self._notify.rules and rule != ALL:
            known = ", ".join(self._notify.rules) or "none"
            raise WardenError(f'there is no rule "{rule}"; there are: {known}')

    def begins(self, name: str) -> dict[str, float]:
        """The alarms of a rule, or the one that the document names so, with their begin.

        Raises:
            WardenError: there is none.
        """
        alarms = [fault for fault in self._all() if fault.active]
        found = {fault.name: fault.begin for fault in alarms if name in (ALL, fault.rule.name, fault.name)}
        if not found:
            known = ", ".join(fault.name for fault in alarms[:20]) or "none"
            raise WardenError(f'"{name}" has no alarm; alarms are: {known}')
        return found

    # -- its own thread

    def write(self, results: Sequence[Result]) -> None:
        """See LogSink."""
        self._restore()
        now, made = self._clock.time(), self._change_rules()
        if not (self._watches or self._faults or made):
            return
        made += self._people(now)
        self._hush(now)
        monotonic = self._clock.monotonic()
        for result in results:
            for each in self._interested(result):
                for verdict in each.of(result, monotonic, self._faults.get(each.rule.name, ())):
                    made += self._see(each.rule, verdict, result.agent, result.timestamp, now)
        for each in self._watches.values():
            for verdict in each.by_time(monotonic):
                made += self._see(each.rule, verdict, "hub", now, now)
        made += self._look(now)
        self._publish(made, now)

    def _interested(self, result: Result) -> Iterator[Watch]:
        yield from self._of_all
        for key in keys_of(result):
            yield from self._by_key.get(key, ())

    def _change_rules(self) -> list[Event]:
        """Watch what the newest rules say. Faults follow their rules, and those without one are over."""
        notify = self._notify
        if notify is self._took_on:
            return []
        before = self._watches
        self._watches = {
            name: before[name] if name in before and before[name].rule == rule else watch.make(rule)
            for name, rule in notify.rules.items()
        }
        self._of_all = [each for each in self._watches.values() if each.keys is None]
        self._by_key = {}
        for each in self._watches.values():
            for key in each.keys or ():
                self._by_key.setdefault(key, []).append(each)
        self._took_on = notify
        return [event for fault in self._all() for event in self._follow(fault, notify)]

    def _follow(self, fault: Fault, notify: Notify) -> Iterator[Event]:
        rule = notify.rules.get(fault.rule.name)
        if rule is not None:
            fault.rule = rule
            return
        now = self._clock.time()
        yield from fault.see(Verdict(Is.GOOD, "there is no such rule any more"), now, now)
        self._drop(fault)

    def _restore(self) -> None:
        """Take up the alarms that the store knows of, once; raises Unreachable, to be tried again."""
        if self._restored or not self._notify.rules:
            return
        events = store.unfinished(self._events)
        self._restored = True
        for event in events:
            if (own := read_id(event.id)) is None:
                continue
            kind, name, subject, begin = own
            rule = self._notify.rules.get(name) or Rule(name)
            fault = Fault(rule, subject, event.agent, float(begin), rule.cycles, active=True, told=kind == "alarm")
            fault.text, fault.reminded = "it was so at the start", self._clock.time()
            self._faults.setdefault(name, {})[subject] = fault

    # -- people

    def _people(self, now: float) -> list[Event]:
        """Events of mutes and acknowledgements that are new, or over."""
        before, self._said = self._said, self._mutes.look()
        if self._said is before:
            return []
        made = []
        for name, mute in self._said.mutes.items():
            if before.mutes.get(name) != mute and now < mute.until:
                why = f": {mute.why}" if mute.why else ""
                made.append(_note("mute", name, mute.since, f"{name} is muted until {clock(mute.until)}{why}", now))
        for name in before.mutes.keys() - self._said.mutes.keys():
            made.append(_note("unmute", name, now, f"{name} is no longer muted", now))
        for name, begin in self._said.known.items():
            if before.known.get(name) != begin:
                made.append(_note("known", name, begin, f"{name}: the alarm is acknowledged", now))
        return made

    def _hush(self, now: float) -> None:
        """Find out for every fault why nobody is to be told now."""
        for faults in self._faults.values():
            quiet = None
            for fault in faults.values():
                quiet = self._why_quiet(fault.rule, now) if quiet is None else quiet
                fault.quiet = quiet
                if self._said.known or fault.acknowledged:
                    fault.acknowledged = fault.active and self._said.known.get(fault.name) == fault.begin

    def _why_quiet(self, rule: Rule, now: float) -> str:
        if (mute := self._said.mute_of(rule.name, now)) is not None:
            return f"muted until {clock(mute.until)}"
        if rule.unless and any(fault.active for fault in self._faults.get(rule.unless, {}).values()):
            return f"{rule.unless} has an alarm"
        is_new = self._clock.monotonic() - self._began < self._notify.silence_after_start
        return "the hub has just been started" if is_new else ""

    # -- faults

    def _see(self, rule: Rule, verdict: Verdict, agent: str, stamp: float, now: float) -> list[Event]:
        """What becomes of a verdict."""
        faults = self._faults.setdefault(rule.name, {})
        fault = faults.get(verdict.subject)
        if fault is None:
            if len(faults) >= MOST:
                return []
            fault = faults[verdict.subject] = Fault(rule, verdict.subject)
            fault.quiet = self._why_quiet(rule, now)
        elif fault.active and verdict.state is Is.BAD:  # it goes on: the usual case where many are bad
            fault.text, fault.unknown, fault.lacks = verdict.text, "", None
            return []
        elif rule.unless:
            fault.quiet = self._why_quiet(rule, now)
        fault.agent = agent
        return list(fault.see(verdict, stamp, now))

    def _look(self, now: float) -> list[Event]:
        """What time brings."""
        made: list[Event] = []
        for fault in self._all():
            if fault.active and fault.rule.failing and self._board.result(fault.agent) is None:
                made += fault.see(Verdict(Is.GOOD, f"agent {fault.agent} is gone"), now, now)
            made += fault.look(now)
            if fault.subject and fault.is_over:
                self._drop(fault)
        return made

    def _all(self) -> list[Fault]:
        return [fault for faults in list(self._faults.values()) for fault in list(faults.values())]

    def _drop(self, fault: Fault) -> None:
        del self._faults[fault.rule.name][fault.subject]
        if not self._faults[fault.rule.name]:
            del self._faults[fault.rule.name]

    # -- what comes of it

    def _publish(self, events: list[Event], now: float) -> None:
        monotonic = self._clock.monotonic()
        if not events and monotonic - self._put < OFTEN:
            return
        table = {fault.name: self._entry(fault, now) for fault in self._all()}
        if not events and table == self._shown and monotonic - self._put < AGAIN:
            return
        _log(events)
        self._shown, self._put = table, monotonic
        self._board.put(Result(HUB_ALARMS, self._key, now, table, expire=LIFE, events=tuple(events)))
        self._forget(events, now)

    def _forget(self, events: list[Event], now: float) -> None:
        """Nobody needs to know any more who knew of alarms that are over."""
        over = [name for name in self._said.known if (f := self._shown.get(name)) is None or f["state"] != "alarm"]
        if over and any(event.id.startswith(CLEAR) for event in events):
            try:
                self._mutes.forget(over, now)
            except WardenError as error:
                log.warning("%s", error)

    def _entry(self, fault: Fault, now: float) -> dict[str, Any]:
        mute = self._said.mute_of(fault.rule.name, now)
        return {
            "rule": fault.rule.name, "subject": fault.subject, "state": fault.state, "severity": fault.rule.severity,
            "agent": fault.agent, "since": fault.begin if fault.active else None,
            "text": fault.text if fault.active else fault.unknown, "told": fault.told and fault.active,
            "quiet": fault.quiet, "muted_until": None if mute is None else mute.until, "flaps": fault.flaps,
            "acknowledged": fault.acknowledged,
        }  # fmt: skip


def _log(events: list[Event]) -> None:
    """Say what happened; of very much at once only the first, since the store has it all."""
    for event in events[:LINES]:
        log.log(logging.INFO if event.severity is Severity.INFO else logging.WARNING, "%s", event.text)
    if len(events) > LINES:
        log.warning("... and %d more at the same time; `warden events` has them all", len(events) - LINES)


def _note(kind: str, name: str, stamp: float, text: str, now: float) -> Event:
    return Event(own_id(kind, name, "", stamp), now, "hub", Severity.INFO, text)
