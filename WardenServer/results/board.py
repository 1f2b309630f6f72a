"""The newest result of each agent, and one document per key merged from them. Any thread may use it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from WardenServer.errors import FieldError
from WardenServer.results.result import Result

#: The name under which the hub puts the result about itself.
HUB = "warden"
#: The name under which it puts what it knows of all fields.
HUB_FIELDS = "warden fields"

Listener = Callable[[str, Result | None], None]


class Board:
    """State, not history: one slot per agent, and the newest result wins.

    A field of a document belongs to the first agent that fills it, until that agent is removed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: dict[str, Result] = {}
        self._agents: dict[str, dict[str, None]] = {}  # by key, in the order they came
        self._owners: dict[tuple[str, str], str] = {}  # (key, field) of keys that several agents fill
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Call `listener(agent, result)` after every change, with None where the agent is gone; it returns at once."""
        self._listeners = (*self._listeners, listener)

    def put(self, result: Result) -> None:
        """Take the newest result of an agent and tell the listeners.

        Raises:
            FieldError: another agent fills a field of the same document; the result is not taken.
        """
        with self._lock:
            agents = self._agents.get(result.key)
            if agents is None or result.agent not in agents:
                agents = self._enter(result)
            if len(agents) > 1:
                self._claim(result, agents)
            self._results[result.agent] = result
        for listener in self._listeners:
            listener(result.agent, result)

    def _enter(self, result: Result) -> dict[str, None]:
        """Make an agent one of those that fill a document, and of no other any more."""
        self._leave(result.agent)
        agents = self._agents.setdefault(result.key, {})
        agents[result.agent] = None
        return agents

    def _leave(self, agent: str) -> None:
        result = self._results.pop(agent, None)
        if result is not None:
            self._agents[result.key].pop(agent, None)
        if self._owners:
            self._owners = {field: owner for field, owner in self._owners.items() if owner != agent}

    def remove(self, agent: str) -> None:
        """Forget an agent that is gone."""
        with self._lock:
            self._leave(agent)
        for listener in self._listeners:
            listener(agent, None)

    def _claim(self, result: Result, agents: dict[str, None]) -> None:
        """Make the fields of a shared document their agents' own."""
        for agent in agents:
            earlier = self._results.get(agent)
            for name in earlier.fields if earlier and earlier.key == result.key else ():
                self._owners.setdefault((result.key, name), agent)
        for name, value in result.fields.items():
            owner = self._owners.setdefault((result.key, name), result.agent)
            if owner != result.agent and value is not None:
                raise FieldError(
                    f'field "{name}" of document {result.key} is filled by agent {owner} already;'
                    f" rename the field or give {result.agent} another KEY"
                )

    def agents(self) -> list[str]:
        """Names of all agents with a result."""
        with self._lock:
            return list(self._results)

    def keys(self) -> list[str]:
        """Keys of all documents."""
        with self._lock:
            return [key for key, agents in self._agents.items() if agents]

    def result(self, agent: str) -> Result | None:
        """The newest result of an agent."""
        return self._results.get(agent)

    def results(self, key: str) -> list[Result]:
        """The newest results of the agents that fill one document."""
        with self._lock:
            agents = self._agents.get(key, ())
            return [result for agent in agents if (result := self._results.get(agent)) is not None]

    def document(self, key: str) -> dict[str, Any] | None:
        """The document of a key: the fields of its agents, `timestamp` (Unix seconds), `error` and `reason` if any."""
        results = self.results(key)
        return self.merge(results) if results else None

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


def _sentence(document: dict[str, Any], name: str, said: dict[str, str], several: bool) -> None:
    if said:
        document[name] = "; ".join(f"{agent}: {text}" if several else text for agent, text in said.items())


def _reason(result: Result) -> str:
    """One text for all null fields when they share it, else one per field."""
    texts = set(result.reasons.values())
    if len(texts) == 1 and set(result.reasons) >= set(result.fields):
        return texts.pop()
    return "; ".join(f"{name}: {text}" for name, text in result.reasons.items())
