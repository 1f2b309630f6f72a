"""A run compared with what is set now, as a snapshot of the hub would have it."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub.runs import documents as fields_of
from WardenServer.hub.runs import snapshot
from WardenServer.plugins.common.differ import compare as differ
from WardenServer.plugins.common.differ.change import MISSING, Comparison, Pair
from WardenServer.plugins.common.runs import comparing
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.source import Phase, Side, Source, Taken
from WardenServer.servers import documents, tango_database
from WardenServer.settings.config import Settings


def compare(
    settings: Settings, runs: Runs, source: Source, old: Side, partitions: Sequence[str] | None
) -> Comparison:
    """What has changed since a run, in these partitions or in all. Raises as comparing.compare."""
    if not runs.is_own:
        cure = "leave --live out, or take the runs from the hub itself"
        raise comparing.NotComparable(f"the runs come from a database of others, which knows nothing of now; {cure}")
    comparing.compare(source, runs.rules, old, old)  # says it where there is no such run, and names the nearest
    if not (before := source.values(old)):
        raise comparing.NotComparable(f"run {old} has no values; warden runs lists the runs")
    now = _now(settings, runs)
    _check(partitions or (), {each.partition for each in (*before, *now)})
    return differ.compare(_pairs(before, now, partitions), runs.rules)


def _check(partitions: Sequence[str], known: set[str]) -> None:
    if unknown := [each for each in partitions if each not in known]:
        raise comparing.UnknownPartition(f'there is no partition "{unknown[0]}"; there are: {", ".join(sorted(known))}')


def _pairs(before: Sequence[Taken], now: Sequence[Taken], partitions: Sequence[str] | None) -> Iterator[Pair]:
    """In the order of parameters, then of partitions."""
    sides = [{(each.parameter, each.partition): each.value for each in values} for values in (before, now)]
    for key in sorted(sides[0].keys() | sides[1].keys()):
        parameter, partition = key
        if partitions is None or partition in partitions:
            yield Pair(partition, parameter, sides[0].get(key, MISSING), sides[1].get(key, MISSING))


def _now(settings: Settings, runs: Runs) -> Sequence[Taken]:
    if runs.attributes:
        with contextlib.suppress(WardenError):  # each attribute that needs a database says that there is none
            os.environ["TANGO_HOST"] = tango_database.tango_host(settings)
    found = _documents(settings, runs.documents) if runs.documents else []
    return snapshot.take(0, Phase.START, found, runs.attributes, runs.limit).values


def _documents(settings: Settings, patterns: Sequence[str]) -> list[Taken]:
    """The fields of documents as Memcached has them."""
    documents.use(settings)
    entries = _entries(settings)
    forms = {str(each["key"]): each.get("form") for each in entries.values()}
    found = documents.read(fields_of.chosen(forms, patterns, settings.hub_key))
    taken = [
        each for key, value in found.items() for each in fields_of.of_document(key, _value(value, forms[key]))
    ]

    def why(entry: Mapping[str, Any]) -> str:
        return "" if entry["key"] in found else f"Memcached has no document {entry['key']}"

    return [*taken, *fields_of.absent(entries, taken, patterns, settings.hub_key, why)]


def _entries(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the hub says of all fields."""
    text = documents.read([settings.fields_key]).get(settings.fields_key)
    if text is None:
        cure = f"start the hub {settings.instance}, or correct memcached"
        raise WardenError(f"Memcached has no document {settings.fields_key}, which says what there is now; {cure}")
    try:
        found = json.loads(text)
        return {name: entry for name, entry in found.items() if isinstance(entry, dict) and "key" in entry}
    except (ValueError, TypeError, AttributeError):
        raise WardenError(f"document {settings.fields_key} is none of a hub; see what else writes it") from None


def _value(value: Any, form: str | None) -> Any:
    """A document, or a plain value in the form that was meant: Memcached has bool as a whole number."""
    if form is not None:
        return bool(value) if form == "bool" else value
    try:
        return json.loads(value)
    except (ValueError, TypeError, RecursionError):  # a document of others: as it is
        return value
