"""The fields of documents for a snapshot: of those on the board, or as Memcached has them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from WardenServer.hub.runs.values import plain
from WardenServer.plugins.common.runs.source import Taken
from WardenServer.results.board import HUB_FIELDS, Board
from WardenServer.results.field import PLAIN, RESERVED
from WardenServer.results.result import Result
from WardenServer.results.value import Own

#: The document in which the agent `run_differ` publishes what has changed.
OF_RUNS = "runs"
_NOTHING = Own()


def chosen(keys: Iterable[str], patterns: Sequence[str], hub_key: str) -> list[str]:
    """The keys that patterns mean. A pattern with signs such as * means no document that the hub writes of itself, nor
    that of what has changed; their names do."""
    ours = [hub_key, f"{hub_key}.fields", f"{hub_key}.alarms", OF_RUNS]
    return [
        key
        for key in dict.fromkeys(keys)
        if key in patterns or (key not in ours and any(fnmatchcase(key, pattern) for pattern in patterns))
    ]


def of_board(board: Board, patterns: Sequence[str], hub_key: str) -> list[Taken]:
    """All fields as they are now. Fields of agents that fail, or have not run yet, are `Unavailable`."""
    taken = [each for key in chosen(board.keys(), patterns, hub_key) for each in _of_parts(key, board.parts(key))]
    fields = board.result(HUB_FIELDS)

    def why(entry: Mapping[str, Any]) -> str:
        result = board.result(entry["agent"])
        return f"agent {entry['agent']} has not run yet" if result is None else result.error or ""

    return [*taken, *absent(fields.fields if fields else {}, taken, patterns, hub_key, why)]


def have_come(board: Board, patterns: Sequence[str], hub_key: str) -> bool:
    """Whether all agents that fill documents of these keys have run since the hub's start."""
    fields = board.result(HUB_FIELDS)
    if fields is None:
        return not patterns
    entries = list(fields.fields.values())
    keys = set(chosen((entry["key"] for entry in entries), patterns, hub_key))
    return all(board.result(entry["agent"]) is not None for entry in entries if entry["key"] in keys)


def _of_parts(key: str, parts: Sequence[Result]) -> list[Taken]:
    found: dict[str, Taken] = {}
    for part in parts:
        for name, value in part.fields.items():
            if name not in found or value is not None:  # one agent has the field, others may give null for it
                own, reason = part.own.get(name, _NOTHING), part.error or part.reasons.get(name) or "it has no value"
                stamp = own.timestamp or part.timestamp
                found[name] = Taken(key, name, plain(value, reason), stamp, str(own.quality))
    return list(found.values())


def of_document(key: str, document: Any) -> list[Taken]:
    """The fields of a document as Memcached has it, or a plain value under a key."""
    if not isinstance(document, Mapping):
        return [Taken(key, PLAIN, plain(document))]
    stamp = document.get("timestamp")
    at = float(stamp) if isinstance(stamp, int | float) else None
    reason = str(document.get("error") or document.get("reason") or "it has no value")
    return [Taken(key, name, plain(value, reason), at) for name, value in document.items() if name not in RESERVED]


def absent(
    fields: Mapping[str, Any],
    taken: Iterable[Taken],
    patterns: Sequence[str],
    hub_key: str,
    why: Callable[[Mapping[str, Any]], str],
) -> list[Taken]:
    """Fields that are known but not among the values `taken`, as `Unavailable`.

    `fields` is the hub's document about them. `why` says by its entry why a field is not there; "": it is no more.
    """
    there = {(each.partition, each.parameter) for each in taken}
    entries = [entry for entry in fields.values() if isinstance(entry, Mapping)]
    keys = set(chosen((entry["key"] for entry in entries), patterns, hub_key))
    return [
        Taken(entry["key"], entry["field"], plain(None, reason))
        for entry in entries
        if entry["key"] in keys and (entry["key"], entry["field"]) not in there and (reason := why(entry))
    ]
