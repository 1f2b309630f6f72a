"""The newest result of each agent, and one document per key merged from them. Any thread may use it."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from WardenServer.errors import FieldError
from WardenServer.results import wire_form
from WardenServer.results.event import Event
from WardenServer.results.field import PLAIN, Place
from WardenServer.results.result import Result, to_json

#: The name under which the hub puts the result about itself.
HUB = "warden"
#: The name under which it puts what it knows of all fields.
HUB_FIELDS = "warden fields"
#: The name under which it puts what the rules of the notifier say.
HUB_ALARMS = "warden alarms"

Listener = Callable[[str, Result | None], None]


class Board:
    """State, not history: one slot per agent, and the newest result wins.

    A field of a document belongs to the first agent that fills it, until that agent is removed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: dict[str, Result] = {}
        self._agents: dict[str, dict[str, None]] = {}  # by key, in the order they came
        self._shared: set[str] = set()  # keys that several agents fill
        self._owners: dict[tuple[str, str], str] = {}  # of (key, field) in shared keys
        self._parts: dict[str, tuple[Result, dict[str, Result]]] = {}  # by agent: the newest result by key
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Call `listener(agent, result)` after every change, with None where the agent is gone; it returns at once."""
        self._listeners = (*self._listeners, listener)

    def ignore(self, listener: Listener, instead: Listener | None = None) -> None:
        """Call this listener no more; from the same change on, another one `instead`."""
        more = () if instead is None else (instead,)
        self._listeners = (*(each for each in self._listeners if each != listener), *more)

    def put(self, result: Result) -> None:
        """Take the newest result of an agent and tell the listeners.

        Raises:
            FieldError: another agent fills a field of the same document; the result is not taken.
        """
        with self._lock:
            earlier = self._results.get(result.agent)
            if earlier is None or earlier.key != result.key or earlier.places is not result.places:
                self._enter(result)
            for key in (result.key,) if not result.places else keys_of(result):  # without a call in the usual case
                if key in self._shared:
                    self._refuse_plain(key, result)
                    self._claim(key, result)
            self._results[result.agent] = result
        for listener in self._listeners:
            listener(result.agent, result)

    def tell(self, event: Event) -> None:
        """Hand the listeners an event that comes with no run: one of the hub itself."""
        result = Result(HUB, "", event.timestamp, {}, events=(event,))
        for listener in self._listeners:
            listener(HUB, result)

    def _enter(self, result: Result) -> None:
        """Make an agent one of those that fill these documents, and no others any more."""
        self._leave(result.agent)
        for key in keys_of(result):
            agents = self._agents.setdefault(key, {})
            agents[result.agent] = None
            if len(agents) > 1:
                self._shared.add(key)

    def _leave(self, agent: str) -> None:
        result = self._results.pop(agent, None)
        self._parts.pop(agent, None)
        for key in keys_of(result) if result is not None else ():
            self._agents[key].pop(agent, None)
            if len(self._agents[key]) < 2:
                self._shared.discard(key)
        if self._owners:
            self._owners = {field: owner for field, owner in self._owners.items() if owner != agent}

    def remove(self, agent: str) -> None:
        """Forget an agent that is gone."""
        with self._lock:
            self._leave(agent)
        for listener in self._listeners:
            listener(agent, None)

    def _refuse_plain(self, key: str, result: Result) -> None:
        """A key that holds a plain value holds nothing else."""
        others = [self._results[agent] for agent in self._agents[key] if agent in self._results]
        others = [other for other in others if other.agent != result.agent]
        if others and plain_place(key, [*others, result]) is not None:
            raise FieldError(f"the key {key} is filled by agent {others[0].agent} already; choose another key")

    def _claim(self, key: str, result: Result) -> None:
        """Make the fields of a shared document their agents' own."""
        for agent in self._agents[key]:
            earlier = self._results.get(agent)
            for name in self._part(earlier, key).fields if earlier is not None else ():
                self._owners.setdefault((key, name), agent)
        for name, value in self._part(result, key).fields.items():
            owner = self._owners.setdefault((key, name), result.agent)
            if owner != result.agent and value is not None:
                raise FieldError(
                    f'field "{name}" of document {key} is filled by agent {owner} already;'
                    f" rename the field or give {result.agent} another KEY"
                )

    def agents(self) -> list[str]:
        """Names of all agents with a result."""
        with self._lock:
            return list(self._results)

    def keys(self) -> list[str]:
        """Keys of all documents and plain values."""
        with self._lock:
            keys = [key for key, agents in self._agents.items() if agents]
        return [key for key in keys if self.parts(key)]

    def keys_of(self, agent: str) -> list[str]:
        """The keys that an agent fills; none where it has no result."""
        result = self._results.get(agent)
        return [] if result is None else keys_of(result)

    def result(self, agent: str) -> Result | None:
        """The newest result of an agent."""
        return self._results.get(agent)

    def parts(self, key: str) -> list[Result]:
        """The newest results of the agents that fill one document, each with the fields that go there."""
        with self._lock:
            agents = self._agents.get(key, ())
            found = [self._results[agent] for agent in agents if agent in self._results]
        if len(found) == 1 and not found[0].places:
            return found
        return [each for result in found if (each := self._part(result, key)).fields or not result.places]

    def _part(self, result: Result, key: str) -> Result:
        """The part of a result that goes to a key. All parts of a result are made at once: one may have thousands."""
        if not result.places:
            return result
        known = self._parts.get(result.agent)
        if known is None or known[0] is not result:
            known = self._parts[result.agent] = result, parts_of(result)
        return known[1].get(key) or _empty(result, key)

    def document(self, key: str) -> dict[str, Any] | None:
        """The document of a key: the fields of its agents, `timestamp` (Unix seconds), `error` and `reason` if any.

        Where the key holds a plain value, that is the field `value`.
        """
        parts = self.parts(key)
        return self.merge(parts) if parts else None

    def as_read(self, key: str) -> str | None:
        """What a reader of a key finds, as ASCII JSON: its document, or the plain value that it holds in the key's
        form. None where there is nothing."""
        if not (parts := self.parts(key)):
            return None
        place = plain_place(key, parts)
        if place is None:
            return to_json(self.merge(parts), ascii_only=True).decode("ascii")
        found = bytes_of(parts, place)
        value = None if found is None else wire_form.decode(*found)
        return json.dumps(json.loads(value) if place.is_document and value else value)

    def merge(self, results: Sequence[Result]) -> dict[str, Any]:
        """The document made of one or more results with the same key."""
        first, several = results[0], len(results) > 1
        document = self._owned(results) if several else dict(first.fields)
        document["timestamp"] = max(result.timestamp for result in results) if several else first.timestamp
        if several or first.error or first.reasons:
            _sentence(document, "error", {r.agent: r.error for r in results if r.error}, several)
            _sentence(document, "reason", {r.agent: _reason(r) for r in results if r.reasons}, several)
        return document

    def _owned(self, results: Sequence[Result]) -> dict[str, Any]:
        return {
            name: value
            for result in results
            for name, value in result.fields.items()
            if self._owners.get((result.key, name), result.agent) == result.agent
        }


def keys_of(result: Result) -> list[str]:
    """All keys that a result goes to."""
    if not result.places:
        return [result.key]
    return list(dict.fromkeys([result.key, *(place.key for place in result.places.values())]))


def part(result: Result, key: str) -> Result:
    """The result with those fields only that go to a key; a plain value is the field `value`."""
    if not result.places:
        return result
    places = {name: _place(result, name) for name in result.fields}
    return _narrowed(result, key, {name: place.shown(name) for name, place in places.items() if place.key == key})


def parts_of(result: Result) -> dict[str, Result]:
    """The result by key, each with the fields that go there, and their places; a plain value is the field `value`."""
    if not result.places:
        return {result.key: result}
    names: dict[str, dict[str, str]] = {result.key: {}, **{place.key: {} for place in result.places.values()}}
    for name in result.fields:
        place = _place(result, name)
        names[place.key][name] = place.shown(name)
    return {key: _narrowed(result, key, shown) for key, shown in names.items()}


def _narrowed(result: Result, key: str, names: Mapping[str, str]) -> Result:
    """A result with some of its fields, under the names that they have in the document of a key."""
    return result._replace(
        key=key,
        fields={shown: result.fields[name] for name, shown in names.items()},
        reasons={shown: result.reasons[name] for name, shown in names.items() if name in result.reasons},
        own={shown: result.own[name] for name, shown in names.items() if name in result.own},
        places={shown: result.places[name] for name, shown in names.items() if name in result.places},
    )


def _empty(result: Result, key: str) -> Result:
    return _narrowed(result, key, {})


def plain_place(key: str, parts: Sequence[Result]) -> Place | None:
    """The place of the plain value that the parts of a key are; None where they are a document."""
    places = (place for each in parts for place in each.places.values())
    return next((place for place in places if place.key == key and place.form), None)


def bytes_of(parts: Sequence[Result], place: Place) -> tuple[bytes, int] | None:
    """What a key with a plain value holds, and its flags; None where there is no such key."""
    value = parts[0].fields.get(PLAIN)
    value = place.empty if value is None else value
    return None if value is None or place.form is None else wire_form.encode(value, place.form)


def _place(result: Result, name: str) -> Place:
    return result.places.get(name) or Place(result.key)


def _sentence(document: dict[str, Any], name: str, said: dict[str, str], several: bool) -> None:
    if said:
        document[name] = "; ".join(f"{agent}: {text}" if several else text for agent, text in said.items())


def _reason(result: Result) -> str:
    """One text for all null fields when they share it, else one per field."""
    texts = set(result.reasons.values())
    if len(texts) == 1 and set(result.reasons) >= set(result.fields):
        return texts.pop()
    return "; ".join(f"{name}: {text}" for name, text in result.reasons.items())
