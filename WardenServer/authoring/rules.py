"""Holds the rules and targets of [notify] against what agents have, for `warden check` without a file."""

import difflib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.hub.ping_tables import archive_of, ping_of
from WardenServer.jobs.configured import jobs_of
from WardenServer.loading import loader
from WardenServer.loading.contract import Contract
from WardenServer.loading.loader import Loaded
from WardenServer.plugins.common import conf_file
from WardenServer.plugins.common.ping.archive import nodes
from WardenServer.results.field import Place
from WardenServer.servers import client
from WardenServer.settings import writers
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Rule, Target
from WardenServer.settings.writers import Writer
from WardenServer.sinks import known_fields
from WardenServer.sinks.known_fields import KnownFields
from WardenServer.sinks.notify.target import url_of
from WardenServer.sinks.writers import make
from WardenServer.streams.streams import Streams


def check(settings: Settings) -> tuple[list[str], list[str]]:
    """What is wrong with agents, rules and targets, each with the cure; and notes on what could not be looked at."""
    notes: list[str] = []
    streams = Streams(reads=False)
    loaded = loader.load(settings, None, streams)
    try:
        fields = set(_of_hub(settings))
    except (WardenError, ValueError) as error:
        fields = set()
        notes.append(f"the running hub was not asked for its fields: {error}")
    known = KnownFields(known_fields.place(settings))
    for contract in loaded.contracts.values():
        fields |= set(_of_contract(contract, known))
        contract.discard()
    streams.close()
    keys = {contract.key for contract in loaded.contracts.values()} | {field.rpartition(".")[0] for field in fields}
    problems = [*loaded.refused.values(), *loaded.problems]
    for rule in settings.notify.rules.values():
        problems += _of_rule(rule, fields, keys, loaded)
    for target in settings.notify.targets.values():
        problems += _of_target(target, settings)
    for writer in settings.writers.values():
        problems += _of_writer(writer, settings, loaded)
    problems += [*_of_jobs(settings), *_of_pings(settings)]
    return problems, notes


def _of_hub(settings: Settings) -> Iterator[str]:
    """KEY.FIELD of all fields that the running hub knows."""
    table = json.loads(client.document(settings, settings.fields_key))
    yield from (f"{entry['key']}.{entry['field']}" for entry in table.values() if isinstance(entry, dict))


def _of_contract(contract: Contract, known: KnownFields) -> Iterator[str]:
    """KEY.FIELD of the fields that an agent declares, is configured to read, or has returned in earlier runs."""
    attributes = contract.settings.get("attributes", ())
    configured = [name for name in attributes if isinstance(name, str)] if isinstance(attributes, list) else []
    for name in {*contract.fields, *configured, *known.of(contract.name)}:
        place = contract.places.get(name) or Place(contract.key)
        yield f"{place.key}.{place.shown(name)}"


def _of_rule(rule: Rule, fields: set[str], keys: set[str], loaded: Loaded) -> Iterator[str]:
    where = f"[notify.rules.{rule.name}]"
    if rule.field and rule.field not in fields:
        yield f'{where}: no agent has the field "{rule.field}"{_meant(rule.field, fields)}'
    for key in filter(None, (rule.stale, rule.missing)):
        if key not in keys:
            yield f'{where}: no agent fills the key "{key}"{_meant(key, keys)}'
    for agent in filter(None, (rule.failing, rule.events)):
        if agent not in ("*", "hub") and agent not in loaded.contracts and agent not in loaded.refused:
            yield f'{where}: there is no agent "{agent}"{_meant(agent, loaded.contracts)}'


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 3, 0.6)
    return f"; did you mean {' or '.join(close)}?" if close else "; `warden get warden.INSTANCE.fields` lists all"


def _of_writer(writer: Writer, settings: Settings, loaded: Loaded) -> Iterator[str]:
    for agent in writer.agents:
        if agent != writers.ALL and agent not in loaded.contracts and agent not in loaded.refused:
            yield f'[writers.{writer.name}]: there is no agent "{agent}"{_meant(agent, loaded.contracts)}'
    try:
        make(writer.name, writer.kind, writer.options, settings.state_folder)
    except WardenError as error:
        yield str(error)


def _of_jobs(settings: Settings) -> Iterator[str]:
    try:
        if "jobs" in settings.shared:
            jobs_of(settings)
    except WardenError as error:
        yield str(error)


def _of_pings(settings: Settings) -> Iterator[str]:
    try:
        if "ping" in settings.shared:
            ping_of(settings)
        if "ping_archive" in settings.shared:
            yield from nodes.read(archive_of(settings).nodes).problems
    except WardenError as error:
        yield str(error)


def _of_target(target: Target, settings: Settings) -> Iterator[str]:
    try:
        url_of(target, settings)
        if target.emails:
            conf_file.read(Path(target.emails).expanduser())
    except (WardenError, OSError, ValueError) as error:
        yield str(error)
