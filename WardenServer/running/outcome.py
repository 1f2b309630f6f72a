"""What comes of an agent's runs: a Result on the board, its record, and lines in the log."""

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import FieldError, NoData
from WardenServer.loading.contract import Contract
from WardenServer.loading.failure import explain
from WardenServer.machine.clock import Clock
from WardenServer.results import wire_form
from WardenServer.results.board import Board
from WardenServer.results.event import Event
from WardenServer.results.field import Place, check_place
from WardenServer.results.result import NONE, Cleaned, Result, unpublishable
from WardenServer.results.value import Own, stamp
from WardenServer.running.record import Record
from WardenServer.settings.masking import mask

log = logging.getLogger("warden.runner")

#: Longest pause that failures add to an agent's interval, in seconds.
LONGEST_PAUSE = 10.0

#: Most fields of an agent whose keys come with their values.
MOST_PLACES = 20_000

#: What one run brought: what it returned, or what the plugin raised.
Came = Cleaned | BaseException


class Outcome:
    """The reports of one runner. Several threads use it; `lock` is held over what must not be torn apart, such as a
    run's report and what is taken back in its place."""

    def __init__(
        self, contract: Contract, agent: Agent, board: Board, clock: Clock, expire: float, record: Record
    ) -> None:
        self.record = record
        self._contract = contract
        self._name, self._key, self._places = contract.name, contract.key, contract.places
        self._agent = agent
        self._board = board
        self._clock = clock
        self._expire = expire
        self._known: dict[str, None] = dict.fromkeys(contract.fields)
        self._is_live = True  # what was published last has values, or the reason of a run that has none
        self.lock = threading.RLock()
        self.abandoned = False  # nothing is published any more
        self.close_error: str | None = None

    def abandon(self) -> None:
        """Publish nothing any more."""
        with self.lock:
            self.abandoned = True

    def publish(self, came: Came, ended: float) -> None:
        """Put what a run brought on the board; raises what the plugin raised, but for NoData.

        Args:
            came: what the run brought.
            ended: when it ended, in Unix seconds.
        """
        with self.lock:
            if self.abandoned:
                return
            if isinstance(came, tuple):
                self._succeed(came, ended)
            elif isinstance(came, NoData):
                self._have_none(mask(str(came)) or "no data")
            else:
                raise came

    def fail(self, error: BaseException) -> None:
        """Take note of why a run failed: what the plugin raised, or why what it returned cannot be published."""
        with self.lock:
            record, sentence = self.record, explain(error, self._contract)
            goes_on = record.was_said and sentence == record.last_error
            record.fail(sentence, self._clock.time())
            if not goes_on and record.news.is_news(sentence, self._clock.monotonic()):
                record.was_said = True
                log.error("agent %s fails: %s", self._contract.name, sentence)
                log.debug("agent %s", self._contract.name, exc_info=error)
            self._put_nulls(sentence)

    def take_back(self, why: Callable[[], str | None]) -> None:
        """Publish nulls in place of values that are no longer live, if `why` has a sentence for it."""
        with self.lock:
            error = why()
            if error is not None and not self.abandoned:
                self._put_nulls(error, repeat=not self._is_live)

    def due_ticks_between_tries(self) -> int:
        """1, 2, 4, ... with every failure in a row, as long as that is no pause of more than LONGEST_PAUSE."""
        most = max(1, int(LONGEST_PAUSE / self._contract.interval))
        in_a_row = self.record.in_a_row
        return min(2 ** min(in_a_row - 1, 20), most) if in_a_row else 1

    def _succeed(self, came: Cleaned, ended: float) -> None:
        record, (fields, reasons, owned) = self.record, came
        before = self._places
        try:
            if owned:
                self._learn_places(owned)
            if self._places:
                _check_forms(fields, self._places)
            if "timestamp" in fields:
                ended = stamp(fields.pop("timestamp"), 'field "timestamp" is') or ended
            shown = MappingProxyType(fields)
            self._put(ended, shown, reasons, own=owned)
        except FieldError:  # such as another agent's key: what is put in its place must not go there
            self._places = before
            raise
        self._is_live = True
        self._agent.last = shown
        if not fields.keys() <= self._known.keys():
            self._known.update(dict.fromkeys(fields))
        record.no_data = None
        strange = unpublishable(fields)
        if strange or record.warnings:
            self._warn(strange)
        if record.in_a_row:
            self._recover()

    def _learn_places(self, owned: Mapping[str, Own]) -> None:
        """Take the places that came with values; the mapping stays the same object where there are no new ones."""
        came = {name: each.place for name, each in owned.items() if each.place is not None}
        new = {name: place for name, place in came.items() if self._places.get(name) != place}
        if not new:
            return
        for name, place in new.items():
            try:
                check_place(place)
            except FieldError as error:
                raise FieldError(f'field "{name[:40]}" {error}') from None
        merged = {**_without_rivals(self._places, came), **came}
        if len(merged) > MOST_PLACES:
            raise FieldError(f"fills more than {MOST_PLACES} keys and fields; let it have fewer, or more agents")
        self._places = merged

    def _have_none(self, reason: str) -> None:
        self.record.no_data = reason
        self._put_nulls(None, reason)
        self._recover()

    def _warn(self, said: dict[str, str]) -> None:
        warnings = {name: f'{self._contract.path}: field "{name}" {text}' for name, text in said.items()}
        for name in warnings.keys() - self.record.warnings.keys():
            if self.record.news.is_news(warnings[name], self._clock.monotonic()):
                log.warning("%s", warnings[name])
        self.record.warnings = warnings

    def _recover(self) -> None:
        if self.record.was_said:
            log.info("agent %s is good again after %d failure(s) in a row", self._contract.name, self.record.in_a_row)
        self.record.recover()

    def _put_nulls(self, error: str | None, reason: str | None = None, repeat: bool = False) -> None:
        fields = dict.fromkeys(self._known)
        reasons = dict.fromkeys(fields or ("work",), reason) if reason else NONE
        self._put(self._clock.time(), fields, reasons, error, repeat)
        self._is_live = error is None

    def _put(
        self,
        when: float,
        fields: Mapping[str, Any],
        reasons: Mapping[str, str],
        error: str | None = None,
        repeat: bool = False,
        own: Mapping[str, Own] = NONE,
    ) -> None:
        """Put a result on the board, with the events that were told since the last one."""
        events = self._take_events() if self._agent.told else ()
        try:
            self._board.put(
                Result(
                    self._name, self._key, when, fields, error, reasons, self._expire, own, self._places, events,
                    repeat and not events,
                )
            )  # fmt: skip
        except FieldError:  # the same events go out with what is put in its place
            self._agent.told.extendleft(reversed(events))
            raise

    def _take_events(self) -> tuple[Event, ...]:
        told = self._agent.told
        return tuple(told.popleft() for _ in range(len(told)))


def _without_rivals(known: Mapping[str, Place], came: Mapping[str, Place]) -> dict[str, Place]:
    """The places that were known, but for those that cannot be beside new ones: a key that holds a plain value holds
    nothing else."""
    plain = {place.key for place in came.values() if place.form}
    keys = {place.key for place in came.values()}
    return {
        name: place
        for name, place in known.items()
        if name in came or not (place.key in plain or (place.form and place.key in keys))
    }


def _check_forms(fields: Mapping[str, Any], places: Mapping[str, Place]) -> None:
    """Raise FieldError where a value does not fit the form that its key has."""
    for name, place in places.items():
        if place.form is not None and fields.get(name) is not None:
            try:
                wire_form.encode(fields[name], place.form)
            except FieldError as error:
                raise FieldError(f'field "{name}" {error}') from None
