"""What a plugin file promises: its contract, read from its module and its settings."""

import difflib
import functools
import inspect
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import PluginError, SettingError
from WardenServer.loading import calendar, declared_fields
from WardenServer.loading.calendar import At
from WardenServer.results.field import Declaration, Place, key_trouble
from WardenServer.settings.masking import mask, masked
from WardenServer.settings.units import size

#: The longest interval, a day. Longer than this is more likely a mistake in the unit.
LONGEST = 86400.0
#: Seconds that a run by the calendar may take, unless told otherwise.
LONG_RUN = 3600.0
#: Default offsets spread the agents over at most this many seconds.
SPREAD = 5.0

#: Names in capitals, and functions, that a plugin file may give a meaning to.
CONSTANTS = ("INTERVAL", "AT", "KEY", "OFFSET", "TIMEOUT", "ISOLATE", "EXCLUSIVE", "MEMORY", "FIELDS", "SETTINGS")
FUNCTIONS = ("work", "setup", "close", "save", "load", "answer")
#: How many arguments they take, where it is not one.
_TAKES = {"save": 0, "answer": 2}
_NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
#: What `[agents.NAME]` may say of any agent, besides the settings that its plugin declares.
OVERRIDES = (
    "plugin", "interval", "at", "offset", "key", "timeout", "isolate", "memory", "expire", "enabled", "fields",
    "original", "stream",
)  # fmt: skip


def _nothing() -> None:
    """Agents without a process of their own have nothing to discard."""


@dataclass(frozen=True)
class Contract:
    """All that a plugin file and its settings say of one agent. Times in ticks where named so, else in seconds.

    `memory` is in bytes, 0 where nothing was said. `expire` are the seconds that its documents live, 0 for ever, None
    where nothing was said. With `at` it runs by the calendar, and `interval` is from one such time to the next. An
    `exclusive` agent is closed before new code of it is set up. `stream` is where a processor gets its events.

    Whoever takes a contract calls its `discard` in the end, once none of its functions runs any more, also when none
    ever ran: it ends the process of an isolated agent.
    """

    name: str
    path: Path
    key: str
    interval: float
    offset: float
    interval_ticks: int
    offset_ticks: int
    timeout: float
    isolate: bool
    fields: Mapping[str, Declaration]
    settings: Mapping[str, Any]
    work: Callable[[Agent], Any]
    setup: Callable[[Agent], Any] | None = None
    close: Callable[[Agent], Any] | None = None
    save: Callable[[], Any] | None = None
    load: Callable[[Any], Any] | None = None
    answer: Callable[[Agent, Any], Any] | None = None
    discard: Callable[[], None] = _nothing
    memory: int = 0
    expire: float | None = None
    at: At | None = None
    exclusive: bool = False
    stream: str = ""
    origin: object = None  # keeps the module's namespace alive
    digest: str = ""

    @functools.cached_property
    def places(self) -> Mapping[str, Place]:
        """Where those fields go that do not go into the document of the agent's own key."""
        return {name: declared.place for name, declared in self.fields.items() if declared.place is not None}

    @property
    def when(self) -> At | tuple[int, int]:
        """When it is due: by the calendar, or at the tick of its offset and every so many ticks after it."""
        return self.at if self.at is not None else (self.offset_ticks, self.interval_ticks)

    @property
    def life(self) -> float:
        """Seconds after its last run beyond which its values are no longer live."""
        return max(10.0, 10 * self.interval)

    @property
    def required(self) -> tuple[str, ...]:
        """Settings the plugin needs and did not get: a template that runs only as a configured instance."""
        return tuple(name for name, value in self.settings.items() if value is ...)


def default_offset_ticks(name: str, interval_ticks: int, tick: float) -> int:
    """A phase that is the same after every restart: a hash of the name over min(interval, 5 s), as in Prometheus."""
    spread = max(1, min(interval_ticks, round(SPREAD / tick)))
    return zlib.crc32(name.encode()) % spread


def read_contract(
    module: Any,
    path: Path,
    name: str,
    tick: float,
    configured: Mapping[str, Any],
    origin: object = None,
    digest: str = "",
) -> Contract:
    """Read what `module`, loaded from `path`, promises as the agent `name` with its table in the configuration.

    `origin` and `digest` are handed on as they are (see Contract).

    Raises:
        PluginError: something is missing or impossible; the text has the file, the reason and the cure.
        SettingError: the table in the configuration does not fit the plugin.
    """
    functions = _functions(module, path)
    settings = _settings(module, path, name, configured)
    at = _at(module, path, configured)
    interval = at.longest if at is not None else configured.get("interval", getattr(module, "INTERVAL", None))
    interval_ticks = _ticks(interval, "INTERVAL", path, tick)
    offset = configured.get("offset", getattr(module, "OFFSET", None))
    if offset is None:
        offset_ticks = default_offset_ticks(name, interval_ticks, tick)
    else:
        offset_ticks = _ticks(offset, "OFFSET", path, tick, least=0)
    key = _key(configured.get("key", getattr(module, "KEY", name)), path)
    original = _original(name, configured)
    return Contract(
        name=name,
        path=path,
        key=key,
        interval=float(interval),
        offset=offset_ticks * tick,
        interval_ticks=interval_ticks,
        offset_ticks=offset_ticks,
        timeout=_timeout(
            configured.get("timeout", getattr(module, "TIMEOUT", None)),
            LONG_RUN if at is not None else max(10.0, 10 * float(interval)),
            path,
        ),
        isolate=_flag("ISOLATE", configured.get("isolate", getattr(module, "ISOLATE", False)), path),
        memory=_memory(module, path, name, configured),
        fields=declared_fields.read(
            declared_fields.said(module, path, name, settings, configured), path, name, key, original
        ),
        settings=settings,
        expire=configured.get("expire", 0.0 if original else None),
        at=at,
        exclusive=_flag("EXCLUSIVE", getattr(module, "EXCLUSIVE", False), path),
        origin=origin,
        digest=digest,
        **functions,
    )


def _functions(module: ModuleType, path: Path) -> dict[str, Any]:
    found = {name: getattr(module, name) for name in FUNCTIONS if callable(getattr(module, name, None))}
    if "work" not in found:
        raise PluginError(
            f"{path}: has no function work; add def work(agent), or start the file's name with _ if it is no agent"
        )
    for name, function in found.items():
        _refuse_asynchronous(name, function, path)
        wanted = _TAKES.get(name, 1)
        if not _takes(function, wanted):
            raise PluginError(f"{path}: {name} must take {wanted} argument(s); see the template minimal")
    return found


def _refuse_asynchronous(name: str, function: Callable[..., Any], path: Path) -> None:
    """What is called would only make an object, and none of its lines would run."""
    if isinstance(function, FunctionType) and not function.__code__.co_flags & _NOT_PLAIN:
        return  # the usual case, without the cost of asking inspect
    where = f"{path}:{function.__code__.co_firstlineno}" if isinstance(function, FunctionType) else f"{path}"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        takes = {"save": "", "load": "state", "answer": "agent, request"}.get(name, "agent")
        raise PluginError(
            f"{where}: {name} is async, and the hub calls it as a plain function; rename it to {name}_async and add"
            f" def {name}({takes}): return asyncio.run({name}_async({takes}))"
        )
    if inspect.isgeneratorfunction(function):
        raise PluginError(f"{where}: {name} has a yield, so that a call of it runs nothing; take that out, use return")


def _takes(function: Callable[..., Any], arguments: int) -> bool:
    if (
        isinstance(function, FunctionType)
        and function.__code__.co_argcount == arguments
        and not function.__kwdefaults__
    ):
        return not function.__code__.co_kwonlyargcount  # the usual case, without the cost of a signature
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:  # a callable written in C has no signature to look at
        return True
    return True


def _ticks(value: Any, what: str, path: Path, tick: float, least: int = 1) -> int:
    """Seconds as whole ticks."""
    cure = f"write seconds, a whole number of ticks of {tick:g} s"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        said = "is missing" if value is None else f"is {value!r:.40}"
        raise PluginError(f"{path}: {what} {said}; {cure}")
    ticks = round(value / tick)
    if ticks < least or value > LONGEST:
        raise PluginError(f"{path}: {what} is {value:g} s; {cure}, at most {LONGEST:g} s (a day)")
    if abs(ticks * tick - value) > 1e-6 * max(1.0, value):
        raise PluginError(
            f"{path}: {what} is {value:g} s, no whole number of ticks of {tick:g} s; write {ticks * tick:g}"
        )
    return ticks


def _at(module: ModuleType, path: Path, configured: Mapping[str, Any]) -> At | None:
    """When an agent of the calendar runs; None where it has an interval. What the configuration says counts more."""
    said = getattr(module, "AT", None)
    if said is not None and (hasattr(module, "INTERVAL") or hasattr(module, "OFFSET")):
        raise PluginError(f"{path}: has AT and INTERVAL or OFFSET; keep AT, or the other")
    if "at" in configured:
        said = configured["at"]
    elif "interval" in configured:
        said = None
    try:
        return None if said is None else calendar.read(said)
    except ValueError as error:
        raise PluginError(f"{path}: AT is {said!r:.40}; write {error}") from None


def _timeout(value: Any, default: float, path: Path) -> float:
    """Seconds after which a run counts as stalled: as long as its document lives, unless told otherwise."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise PluginError(f"{path}: TIMEOUT is {value!r:.40}; write seconds, more than 0")
    return float(value)


def _memory(module: ModuleType, path: Path, name: str, configured: Mapping[str, Any]) -> int:
    """Bytes that the process of an isolated agent may hold; 0 where nothing was said."""
    said = getattr(module, "MEMORY", None)
    try:
        own = 0 if said is None else size(said)
    except ValueError as error:
        raise PluginError(f"{path}: MEMORY is {said!r:.40}; write {error}") from None
    if own and "isolate" not in configured and not getattr(module, "ISOLATE", False):
        raise PluginError(f"{path}: MEMORY is only for a process of its own; add ISOLATE = True, or take MEMORY out")
    try:
        return size(configured["memory"]) if "memory" in configured else own
    except ValueError as error:
        raise SettingError(f"[agents.{name}]: memory is {configured['memory']!r:.40}; write {error}") from None


def _flag(name: str, value: Any, path: Path) -> bool:
    if not isinstance(value, bool):
        raise PluginError(f"{path}: {name} is {value!r:.40}; write True or False")
    return value


def _key(value: Any, path: Path) -> str:
    if why := key_trouble(value):
        raise PluginError(f"{path}: KEY {why}")
    return str(value)


def _original(name: str, configured: Mapping[str, Any]) -> bool:
    said = configured.get("original", False)
    if not isinstance(said, bool):
        raise SettingError(f"[agents.{name}]: original is {said!r:.40}; write true or false")
    return said


def _settings(module: ModuleType, path: Path, name: str, configured: Mapping[str, Any]) -> Mapping[str, Any]:
    """The plugin's own settings: defaults from its SETTINGS (`...` = must be given), values from the configuration."""
    known = getattr(module, "SETTINGS", {})
    if not isinstance(known, Mapping):
        raise PluginError(f"{path}: SETTINGS is a {type(known).__name__}; write a dict of names and default values")
    settings = dict(known)
    if "original" in known:
        settings["original"] = _original(name, configured)
    for given, value in configured.items():
        if given in OVERRIDES:
            continue
        if given not in known:
            close = difflib.get_close_matches(given, [*known, *OVERRIDES], 1)
            meant = f'; did you mean "{close[0]}"?' if close else f"; it has {', '.join([*known, *OVERRIDES])}"
            raise SettingError(f'[agents.{name}]: plugin {path.stem} has no setting "{given}"{meant}')
        _refuse_other_type(name, given, known[given], value)
        settings[given] = value
    return MappingProxyType(settings)


def _refuse_other_type(agent: str, given: str, default: Any, value: Any) -> None:
    """A value of another type than the default's is a mistake; a whole number will do for a float."""
    if default is None or default is ...:
        return
    expected = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, expected) or isinstance(value, bool) != isinstance(default, bool):
        shown = mask(repr(masked(given, value)))[:60]  # in this order: part of a secret is one, too
        raise SettingError(f"[agents.{agent}]: {given} is {shown}; write a {type(default).__name__}")
