"""Finds plugin files and makes agents' contracts of them, over pluginbase.

Every agent gets a module namespace of its own, so that one file can serve many instances and each can be reloaded
apart. A file that cannot become an agent is named with the reason and the cure; the others load.
"""

import difflib
import hashlib
import importlib
import importlib.util
import linecache
import logging
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pluginbase import PluginBase

from WardenServer import exact, secret
from WardenServer.agent import Contract, read_contract
from WardenServer.board import HUB
from WardenServer.config import Settings
from WardenServer.errors import PluginError, WardenError
from WardenServer.isolation import isolate
from WardenServer.masking import mask
from WardenServer.trust import SHIPPED, Trust, make_cache

log = logging.getLogger("warden.loader")

_base = PluginBase(package="warden_plugins")


@dataclass
class Loaded:
    """What was found: contracts by agent, the reason of each refused agent, problems that belong to none, and notes on
    what is no failure but should be known."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load(settings: Settings, known: Mapping[str, Contract] | None = None) -> Loaded:
    """Load all agents of a configuration.

    A contract in `known` whose file and settings have not changed is taken over as it is: the same object.
    """
    importlib.invalidate_caches()
    linecache.checkcache()
    loaded, trust = Loaded(), Trust(settings)
    files = find(settings, loaded.problems)
    for name, path in _instances(settings, files, loaded).items():
        try:
            contract = _load_agent(name, path, settings, trust, (known or {}).get(name))
            if contract.required and name not in settings.agents:
                continue  # a template for instances, which the configuration names
            _refuse_required(contract)
            _refuse_clash(contract, loaded.contracts)
            loaded.contracts[name] = contract
        except WardenError as error:
            loaded.refused[name] = mask(str(error))
    loaded.notes += filter(None, [*trust.notes, secret.exposed(settings)])
    for note in loaded.notes:
        log.warning("%s", note)
    for name, contract in (known or {}).items():
        if name not in loaded.contracts and not contract.path.parent.is_dir():
            loaded.refused.setdefault(name, f"its folder {contract.path.parent} cannot be read; see to it and reload")
    return loaded


def find(settings: Settings, problems: list[str]) -> dict[str, Path]:
    """Plugin files by name, in alphabetical order; the site's own win over shipped ones. Folders that cannot be read
    are added to `problems`."""
    files: dict[str, Path] = {}
    folders = [*settings.plugin_folders, *([SHIPPED] if settings.shipped else [])]
    for folder in folders:
        for name in _names(folder, settings, problems):
            path = folder / f"{name}.py"
            if name in files:
                log.info("%s is used in place of %s", files[name], path)
            files.setdefault(name, path)
    return dict(sorted(files.items()))


def _names(folder: Path, settings: Settings, problems: list[str]) -> list[str]:
    """The plugin files of one folder."""
    asked = "plugin_folders" in settings.origins
    try:
        entries = [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        if asked:
            problems.append(f"plugin folder {folder} does not exist; make it, or correct plugin_folders")
        return []
    except OSError as error:
        problems.append(
            f"plugin folder {folder} cannot be read ({error.strerror}); correct its rights or plugin_folders"
        )
        return []
    if asked and not any(name.endswith(".py") for name in entries):
        problems.append(f"plugin folder {folder} holds no plugin file; make one with: warden new NAME")
    source = _base.make_plugin_source(searchpath=[str(folder)])
    names = [name for name in source.list_plugins() if f"{name}.py" in entries]
    return [name for name in names if not name.startswith(("_", "template_"))]


def _instances(settings: Settings, files: dict[str, Path], loaded: Loaded) -> dict[str, Path]:
    """Every agent to load, with its file: one per plugin file, and those that the configuration adds."""
    instances = dict(files)
    for name, table in settings.agents.items():
        plugin = str(table.get("plugin", name))
        if plugin in files:
            instances[name] = files[plugin]
        elif settings.shipped or not (SHIPPED / f"{plugin}.py").exists():
            close = difflib.get_close_matches(plugin, files, 1)
            meant = f'; did you mean "{close[0]}"?' if close else "; see plugin_folders"
            loaded.refused[name] = f"[agents.{name}]: there is no plugin file {plugin}.py{meant}"
    off = {name for name, table in settings.agents.items() if table.get("enabled") is False}
    return {name: path for name, path in instances.items() if name not in off.union(settings.disabled)}


def _load_agent(name: str, path: Path, settings: Settings, trust: Trust, known: Contract | None) -> Contract:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name) or name.lower() == HUB:
        raise PluginError(f"{path}: {name} cannot be an agent's name; rename the file: letters, digits, _, not {HUB}")
    configured = secret.resolve(name, settings.agents.get(name, {}))
    digest = _digest(trust.read(path), path, configured, settings.tick)
    if known is not None and known.digest == digest:
        return known
    if known is not None:  # changed within the same second, an old compiled file could pass for the new
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    contract = load_file(path, name, settings.tick, configured, settings.load_timeout, trust=trust)
    return replace(contract, digest=digest)


def _digest(content: bytes, path: Path, configured: Mapping[str, Any], tick: float) -> str:
    return hashlib.sha256(content + repr((sorted(configured.items()), str(path), tick)).encode()).hexdigest()


def load_file(
    path: Path,
    name: str,
    tick: float,
    configured: Mapping[str, Any],
    limit: float,
    in_process: bool = False,
    trust: Trust | None = None,
) -> Contract:
    """Import one plugin file in a namespace of its own and read its contract.

    With `in_process`, functions run in this process even where the file asks for one of its own. Where `trust` knows
    the content of files, no other content is run.

    Raises:
        PluginError: the import fails, or takes longer than `limit` seconds, or the contract is broken.
        SettingError: the configured settings do not fit.
    """
    source = _source(path.parent, name, trust)
    make_cache(path)
    module = _limited(lambda: _import(source, path), path, limit)
    contract = read_contract(module, path, name, tick, configured)
    contract = replace(contract, origin=source)
    return isolate(contract, trust) if contract.isolate and not in_process else contract


def _source(folder: Path, name: str, trust: Trust | None) -> Any:
    """A namespace of its own for one agent."""
    known_only = trust is not None and trust.pinned
    searchpath = [] if known_only else [str(folder)]
    source = _base.make_plugin_source(searchpath=searchpath, identifier=f"{name}-{uuid.uuid4().hex}")
    if trust is not None and known_only:
        exact.find_only_known(source, folder, trust)
    return source


def _import(source: Any, path: Path) -> ModuleType:
    module: ModuleType = source.load_plugin(path.stem)
    return module


def _limited(action: Callable[[], ModuleType], path: Path, limit: float) -> ModuleType:
    """Import on a thread of its own: a file that hangs, exits or raises anything costs only itself."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(action())
        except WardenError as error:  # a module beside it is refused
            outcome.append(error)
        except BaseException as error:  # a file may raise anything at import, SystemExit too
            outcome.append(PluginError(_why(path, error)))

    thread = threading.Thread(target=run, name=f"import {path.name}", daemon=True)
    thread.start()
    thread.join(limit)
    if not outcome:
        raise PluginError(
            f"{path}: still importing after {limit:g} s; move slow work from the top of the file into setup"
        )
    if isinstance(outcome[0], WardenError):
        raise outcome[0]
    return outcome[0]  # type: ignore[no-any-return]


def _why(path: Path, error: BaseException) -> str:
    """The sentence about a failed import: file, line, reason, cure."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename or path}:{error.lineno or 1}"
        return f"{where}: not valid Python: {error.msg}; correct the line"
    line = _line(path, error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return f"{path}:{line}: needs the module {error.name}; install it for the hub's Python: pip install {package}"
    if isinstance(error, SystemExit):
        return f"{path}:{line}: calls sys.exit() when it is imported; take that out"
    said = str(error)[:300]
    return f"{path}:{line}: {type(error).__name__} at import{': ' if said else ''}{said}; correct the file"


def _line(path: Path, error: BaseException) -> int:
    """The last line of `path` that the error went through."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _refuse_required(contract: Contract) -> None:
    if contract.required:
        raise PluginError(
            f"[agents.{contract.name}]: {contract.path.stem} needs the setting {' and '.join(contract.required)}"
        )


def _refuse_clash(contract: Contract, others: Mapping[str, Contract]) -> None:
    """Two agents may share a document, but no field of it, and no name in Tango's eyes."""
    for other in others.values():
        if other.name.lower() == contract.name.lower():
            raise PluginError(
                f"{contract.path}: agents {other.name} and {contract.name} differ only in case; rename one"
            )
        both = set(other.fields) & set(contract.fields) if other.key == contract.key else set()
        if both:
            raise PluginError(
                f'{contract.path}: field "{min(both)}" of document {contract.key} is filled by agent {other.name}'
                " already; rename the field or choose another KEY"
            )
