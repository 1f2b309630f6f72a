"""Finds plugin files and makes agents' contracts of them, over pluginbase.

Every agent gets a module namespace of its own, so that one file can serve many instances and each can be reloaded
apart. A file that cannot become an agent is named with the reason and the cure; the others load.
"""

import difflib
import functools
import hashlib
import importlib
import linecache
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Protocol

from WardenServer.errors import PluginError, WardenError
from WardenServer.loading import finding, import_thread
from WardenServer.loading.agent_name import trouble
from WardenServer.loading.beside import Read, any_absolute, imported
from WardenServer.loading.contract import Contract, read_contract
from WardenServer.loading.finding import Plugin
from WardenServer.loading.isolation.hub_side import isolate
from WardenServer.loading.legacy.old_file import is_old
from WardenServer.loading.plugin_file import (
    asks_isolation,
    defines_work,
    import_plugin,
    refuse_misspellings,
    refuse_other_text,
)
from WardenServer.loading.trust import SHIPPED, Trust, compiled, make_cache
from WardenServer.servers import documents
from WardenServer.settings import secret, shared, streams
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask

log = logging.getLogger("warden.loader")


@dataclass
class Loaded:
    """What was found: contracts by agent, the reason of each refused agent, problems that belong to none, and notes on
    what is no failure but should be known."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # agents, by their name in lower case
    fields: dict[tuple[str, str], str] = field(default_factory=dict)  # agents, by key and field
    keys: dict[str, str] = field(default_factory=dict)  # one agent of each document
    plain: dict[str, str] = field(default_factory=dict)  # agents, by the key of a plain value

    def add(self, contract: Contract) -> None:
        """Take a contract, with its name and its fields."""
        self.contracts[contract.name] = contract
        self.names[contract.name.lower()] = contract.name
        for key, name, is_plain in _slots(contract):
            if name:
                self.fields[key, name] = contract.name
            (self.plain if is_plain else self.keys)[key] = contract.name


class Processors(Protocol):
    """Makes the contracts of processors, which run in the processes of their streams. `problems` are sentences on what
    belongs to none of them."""

    problems: list[str]

    def load(self, candidates: Sequence["Candidate"], settings: Settings, trust: Trust) -> list[Contract | Exception]:
        """The contract of each candidate, or why it is none; called once in each load, also without candidates."""


def load(
    settings: Settings, known: Mapping[str, Contract] | None = None, processors: Processors | None = None
) -> Loaded:
    """Load all agents of a configuration.

    A contract in `known` whose file and settings have not changed is taken over as it is: the same object. Without
    `processors`, those of streams are refused.
    """
    importlib.invalidate_caches()
    linecache.checkcache()
    documents.use(settings)
    loaded, trust = Loaded(), Trust(settings)
    content = functools.cache(trust.read)  # each file is read once in a load, whoever looks at it
    plugins = finding.plugins(finding.find(settings, loaded.problems), content, settings, loaded.refused)
    instances = _instances(settings, plugins, loaded)
    for folder in {plugin.path.parent for plugin in instances.values()}:
        make_cache(folder)
    modules: dict[Path, bytes] = {}
    read = {
        name: import_thread.attempt(partial(_read_agent, name, plugin, settings, content, known or {}, modules))
        for name, plugin in instances.items()
    }
    for name in _only_modules(instances, modules, settings):
        del instances[name], read[name]
    candidates = [each for each in read.values() if isinstance(each, Candidate)]
    outcomes = _load_all([each for each in candidates if not each.kind], settings, trust)
    outcomes.update(_load_processors([each for each in candidates if each.kind], settings, trust, processors))
    loaded.problems += processors.problems if processors is not None else []
    outcomes.update({name: each for name, each in read.items() if not isinstance(each, Candidate)})
    for name, plugin in instances.items():
        _take(name, plugin.path, outcomes[name], settings, loaded, known or {})
    loaded.notes += filter(None, [*trust.notes, secret.exposed(settings)])
    for note in loaded.notes:
        log.warning("%s", note)
    for name, contract in (known or {}).items():
        if name not in loaded.contracts and not _can_be_listed(contract.path.parent):
            cure = "correct its rights or mount it, then reload"
            loaded.refused.setdefault(name, f"its folder {contract.path.parent} cannot be read; {cure}")
    return loaded


def _only_modules(instances: Mapping[str, Plugin], modules: Mapping[Path, bytes], settings: Settings) -> list[str]:
    """The names of files that others import, and that are no agents themselves."""
    others = {name: each for name, each in instances.items() if name not in settings.agents and not each.kind}
    found = {name: each.path for name, each in others.items() if each.path in modules}
    return [name for name, path in found.items() if not defines_work(modules[path])]


def _can_be_listed(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except OSError:
        return False
    return True


def _take(
    name: str,
    path: Path,
    outcome: Contract | Exception,
    settings: Settings,
    loaded: Loaded,
    known: Mapping[str, Contract],
) -> None:
    """Add a contract to those loaded, or the reason why it is none."""
    if isinstance(outcome, Exception):
        if not isinstance(outcome, WardenError):  # a mistake of ours, or a file beyond what Python can read
            log.error("agent %s cannot be loaded", name, exc_info=outcome)
            outcome = PluginError(f"{path}: cannot be loaded ({outcome!r:.200}); the log has more")
        loaded.refused[name] = mask(str(outcome))
        return
    try:
        if not _is_template(outcome, settings):
            _refuse_required(outcome)
            _refuse_clash(outcome, loaded)
            loaded.add(outcome)
    except WardenError as error:
        loaded.refused[name] = mask(str(error))
    if name not in loaded.contracts and known.get(name) is not outcome:
        outcome.discard()


def _is_template(contract: Contract, settings: Settings) -> bool:
    """Whether a plugin needs settings and has none, since it is there for agents that the configuration adds."""
    if not contract.required or contract.name in settings.agents:
        return False
    used = contract.name in {table.get("plugin") for table in settings.agents.values()}
    return used or not contract.stream


def _instances(settings: Settings, plugins: Mapping[str, Plugin], loaded: Loaded) -> dict[str, Plugin]:
    """Every agent to load, with its plugin: one for each, and those that the configuration adds. Processors that ship
    with the hub are only agents where the configuration names them."""
    instances = {
        name: plugin for name, plugin in plugins.items() if not (plugin.kind and plugin.path.parent == SHIPPED)
    }
    for name, table in settings.agents.items():
        plugin = str(table.get("plugin", name))
        if plugin in plugins:
            instances[name] = plugins[plugin]
        elif plugin in loaded.refused:
            loaded.refused[name] = loaded.refused[plugin]
        elif settings.shipped or not (SHIPPED / f"{plugin}.py").exists():
            close = difflib.get_close_matches(plugin, plugins, 1)
            meant = f'; did you mean "{close[0]}"?' if close else "; see plugin_folders"
            loaded.refused[name] = f"[agents.{name}]: there is no plugin file {plugin}.py{meant}"
    off = {name for name, table in settings.agents.items() if table.get("enabled") is False}
    return {name: plugin for name, plugin in instances.items() if name not in off.union(settings.disabled)}


@dataclass(frozen=True)
class Candidate:
    """A plugin file that was read for an agent, and is yet to be imported.

    `configured` is the agent's table in the settings, `beside` says whether a module beside it is imported as if it
    were installed, `digest` is another one when what it would become is, `old` says that it is a file of P02.2, `kind`
    is the class where it is a processor.
    """

    name: str
    path: Path
    configured: Mapping[str, Any]
    isolated: bool
    beside: bool
    digest: str
    old: bool = False
    kind: str = ""


def examine(
    path: Path,
    content: bytes,
    others: Mapping[Path, bytes],
    name: str,
    configured: Mapping[str, Any],
    digest: str = "",
    kind: str = "",
) -> Candidate:
    """Look at what a plugin file, and the `others` beside it that it imports, say before it is run.

    Raises:
        PluginError: it cannot become an agent.
        SettingError: the configured settings do not fit.
    """
    refuse_other_text(content, path)
    old = is_old(content)
    if not old:
        refuse_misspellings(content, path)
    isolated, beside = asks_isolation(content, path, name, configured), any_absolute(content, path, others)
    return Candidate(name, path, configured, isolated, beside, digest, old, kind)


def _read_agent(
    name: str,
    plugin: Plugin,
    settings: Settings,
    read: Read,
    known: Mapping[str, Contract],
    modules: dict[Path, bytes],
) -> Contract | Candidate:
    """What is known already, or what is to be imported. The files beside it that it imports are added to `modules`."""
    path = plugin.path
    if wrong := trouble(name):
        raise PluginError(f"{path}: the agent's name, which is the file's, {wrong}")
    content, configured = read(path), secret.resolve(name, settings.table(name))
    others = imported(content, path, read)
    modules.update(others)
    stream = [plugin.kind, streams.of(name, configured, settings.streams).interval] if plugin.kind else []
    about = repr((sorted(configured.items()), str(path), settings.tick, others, *stream))
    digest = hashlib.sha256(content + about.encode()).hexdigest()
    if name in known:
        if known[name].digest == digest:
            return known[name]
        for changed in (path, *others):
            compiled(changed).unlink(missing_ok=True)  # of a change within the same second, it could pass for the new
    return examine(path, content, others, name, configured, digest, plugin.kind)


def _load_processors(
    candidates: Sequence[Candidate], settings: Settings, trust: Trust, processors: Processors | None
) -> dict[str, Contract | Exception]:
    """As `_load_all`, for processors of streams."""
    if processors is None:
        why = "is a processor of a stream, and none runs here"
        return {each.name: PluginError(f"{each.path}: {each.kind} {why}") for each in candidates}
    names = [each.name for each in candidates]
    return dict(zip(names, processors.load(candidates, settings, trust), strict=True))


def _load_all(candidates: Sequence[Candidate], settings: Settings, trust: Trust) -> dict[str, Contract | Exception]:
    """The contract of each candidate, or why it is none, by agent."""
    jobs = {candidate.name: partial(load_candidate, candidate, settings, trust) for candidate in candidates}
    outcomes: dict[str, Contract | Exception] = {}
    if apart := [candidate.name for candidate in candidates if candidate.isolated]:
        with ThreadPool(os.cpu_count()) as processes:  # side by side; the threads do not hold up the hub's end
            done = processes.map(lambda name: import_thread.attempt(jobs[name]), apart)
        outcomes.update(zip(apart, done, strict=True))
    here = [candidate for candidate in candidates if not candidate.isolated]
    imports = [(candidate.path, jobs[candidate.name]) for candidate in here]
    done = import_thread.run(imports, settings.load_timeout)
    outcomes.update(zip([candidate.name for candidate in here], done, strict=True))
    return outcomes


def load_candidate(candidate: Candidate, settings: Settings, trust: Trust | None = None) -> Contract:
    """Import a plugin file, here or in a process of its own where that is asked for, and read its contract.

    Where `trust` knows the content of files, no other content is run.

    Raises:
        PluginError: the import fails, or the contract is broken.
        SettingError: the configured settings do not fit.
    """
    path, name, configured = candidate.path, candidate.name, candidate.configured
    tick, limit = settings.tick, settings.load_timeout
    if candidate.isolated:
        apart = isolate(path, name, tick, configured, limit, settings.isolate_memory, trust)
        return replace(apart, digest=candidate.digest)
    original = bool(configured.get("original", False))
    module, origin = import_plugin(path, name, trust, candidate.beside, candidate.old, original)
    contract = read_contract(module, path, name, tick, configured, origin, candidate.digest)
    if contract.isolate:
        raise PluginError(f"{path}: ISOLATE is set in a roundabout way; write ISOLATE = True on a line of its own")
    return contract


def _refuse_required(contract: Contract) -> None:
    if contract.required:
        raise PluginError(f"{contract.path.stem} {shared.needs(contract.required, contract.name)}")


def _refuse_clash(contract: Contract, loaded: Loaded) -> None:
    """Two agents may share a document, but no field of it, and no name in Tango's eyes."""
    if (other := loaded.names.get(contract.name.lower())) is not None:
        raise PluginError(f"{contract.path}: agents {other} and {contract.name} differ only in case; rename one")
    for key, name, is_plain in _slots(contract):
        other = loaded.plain.get(key) or (loaded.keys.get(key) if is_plain else None)
        if other is not None:
            raise PluginError(
                f"{contract.path}: the key {key} of agent {other} can hold one plain value and nothing else;"
                " choose another key"
            )
        if (other := loaded.fields.get((key, name))) is not None:
            raise PluginError(
                f'{contract.path}: field "{name}" of document {key} is filled by agent {other}'
                " already; rename the field or choose another KEY"
            )


def _slots(contract: Contract) -> Iterator[tuple[str, str, bool]]:
    """Where the fields of an agent go, as far as it says them: key, name, and whether the key holds a plain value. The
    agent's own key is always one of them."""
    yield contract.key, "", False
    for name in contract.fields:
        place = contract.places.get(name)
        if place is None:
            yield contract.key, name, False
        else:
            yield place.key, place.name or name, place.form is not None
