"""The document `warden.<instance>.fields`: for every field who fills it, what it is, and how it is now.

It is what a client needs to show a value: by KEY.FIELD the agent, the Tango attribute, type, unit, label, limits and
quality. What is learnt of the fields is remembered for the next start.
"""

from collections.abc import Mapping
from typing import Any

from WardenServer.errors import FieldError
from WardenServer.loading.contract import Contract
from WardenServer.machine.clock import Clock
from WardenServer.results.board import HUB_FIELDS, Board
from WardenServer.results.field import Declaration, Place, as_said, attribute_name, is_document, kind_of
from WardenServer.results.result import Result
from WardenServer.results.value import Own, Quality
from WardenServer.sinks.known_fields import KnownFields

#: Seconds that the document lives, and after which it is put on the board again though nothing has changed.
LIFE, AGAIN = 30.0, 10.0
_NOTHING = Declaration()


class FieldTable:
    """Keeps the document up to date. One thread uses it."""

    def __init__(self, known: KnownFields, board: Board, key: str, clock: Clock) -> None:
        self._known, self._board, self._key, self._clock = known, board, key, clock
        self._shown: dict[str, Any] = {}
        self._made: dict[str, tuple[Any, dict[str, Any]]] = {}  # by agent: what its entries are made of, and they
        self._put = -AGAIN

    def look(self, contracts: Mapping[str, Contract]) -> None:
        """Learn from the newest results, and publish what has changed. About once a second."""
        table: dict[str, Any] = {}
        self._made = {agent: made for agent, made in self._made.items() if agent in contracts}
        for agent, contract in contracts.items():
            result = self._board.result(agent)
            if result is not None:
                self._learn(result)
            table.update(self._entries(contract, result, self._known.of(agent)))
        self._known.save()
        now = self._clock.monotonic()
        if table != self._shown or now - self._put >= AGAIN:
            self._shown, self._put = table, now
            self._board.put(Result(HUB_FIELDS, self._key, self._clock.time(), table, expire=LIFE))

    def _entries(
        self, contract: Contract, result: Result | None, known: Mapping[str, Declaration]
    ) -> dict[str, Any]:
        """The entries of an agent's fields; they are made anew only where something has changed."""
        places = result.places if result is not None else contract.places
        names = [
            name
            for name in dict.fromkeys([*contract.fields, *known, *(result.fields if result is not None else ())])
            if not is_document(name, places)
        ]
        qualities = [_quality(name, result) for name in names]
        made_of = contract, known, names, qualities, places
        before, entries = self._made.get(contract.name, (None, {}))
        if before != made_of:
            made = [
                _entry(contract, name, known.get(name, _NOTHING), quality, places.get(name) or Place(contract.key))
                for name, quality in zip(names, qualities, strict=True)
            ]
            entries = {f"{entry['key']}.{entry['field']}": entry for entry in made}
            self._made[contract.name] = made_of, entries
        return entries

    def _learn(self, result: Result) -> None:
        known = self._known.of(result.agent)
        for name, value in result.fields.items():
            kind, before = kind_of(value), known.get(name, _NOTHING).kind
            if kind is None or is_document(name, result.places):
                continue
            if before is not None and before.accepts(kind):
                kind = before
            properties = result.own[name].properties if name in result.own else None
            if kind is not before or properties:
                self._known.learn(result.agent, name, kind, properties)


def _entry(
    contract: Contract, name: str, known: Declaration, quality: Quality, place: Place
) -> dict[str, Any]:
    said = contract.fields.get(name, _NOTHING)
    kind = said.kind or known.kind
    entry: dict[str, Any] = {"agent": contract.name, "key": place.key, "field": place.shown(name)}
    if place.form:
        entry["form"] = place.form
    entry["attribute"] = _attribute(contract.name, name)
    entry["type"] = None if kind is None else str(kind)
    if kind is not None and kind.labels:
        entry["labels"] = list(kind.labels)
    entry.update(as_said({**known.properties, **said.properties}))
    entry["quality"] = str(quality)
    return entry


def _quality(name: str, result: Result | None) -> Quality:
    if result is None or result.fields.get(name) is None:
        return Quality.INVALID
    return result.own.get(name, Own()).quality


def _attribute(agent: str, name: str) -> str | None:
    try:
        return attribute_name(agent, name)
    except FieldError:  # it has none
        return None
