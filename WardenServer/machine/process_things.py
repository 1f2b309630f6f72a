"""What one agent can change for the whole process: each thing, how it is read, and how it is set right.

What a plugin adds for itself (variables, folders of modules) is left to it. What belongs to a single thread (its signal
mask, its niceness, the settings of numpy and decimal) is not here.
"""

import builtins
import faulthandler
import gc
import locale
import logging
import math
import os
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.machine import whole_file
from WardenServer.machine.switching import SWITCHING

log = logging.getLogger("warden")

#: What faulthandler.register could take over from Tango: how the server is ended, and told to reload.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1)
#: Timers, and the signals that they send: without a handler they kill the process.
TIMERS = (
    (signal.ITIMER_REAL, signal.SIGALRM),
    (signal.ITIMER_VIRTUAL, signal.SIGVTALRM),
    (signal.ITIMER_PROF, signal.SIGPROF),
)
_STREAMS = ("stdin", "stdout", "stderr")
_NOTHING = object()


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing that can be changed for all: `read` gives its value, `put` sets it, and `change` says in words how a
    later value differs from an earlier one, "" where that does no harm."""

    name: str
    read: Callable[[], Any]
    put: Callable[[Any], object]
    change: Callable[[Any, Any], str]


# -- how values are compared


def _from_to(was: Any, now: Any) -> str:
    return "" if was == now else f"was changed from {was!s:.60} to {now!s:.60}"


def _changed(was: Any, now: Any) -> str:
    """For what is better not shown, or means nothing to people."""
    return "" if was == now else "was changed"


def _replaced(was: Any, now: Any) -> str:
    return "" if was is now else "was replaced"


def _octal(was: int, now: int) -> str:
    return _from_to(f"{was:03o}", f"{now:03o}")


def _lost(was: Mapping[Any, Any], now: Mapping[Any, Any]) -> str:
    """Entries that are gone or have other values, without these: they may be secret."""
    names = [str(name) for name, value in was.items() if not _is_same(value, now.get(name, _NOTHING))]
    return f"lost or changed {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}" if names else ""


def _is_same(was: Any, now: Any) -> bool:
    """Text by its characters, all else by identity: modules may compare as they like."""
    return now is was or (isinstance(was, str) and bool(now == was))


def _missing(was: Sequence[Any], now: Any) -> str:
    entries = list(now) if isinstance(now, Sequence) else []
    gone = [entry for entry in was if entry not in entries]
    return f"lost {', '.join(f'{entry!s:.60}' for entry in gone[:5])}" if gone else ""


def _lowered(was: tuple[int, int], now: tuple[int, int]) -> str:
    def lower(before: int, after: int) -> bool:
        size = {resource.RLIM_INFINITY: math.inf}
        return size.get(after, after) < size.get(before, before)

    return _from_to(was, now) if any(map(lower, was, now)) else ""


# -- how they are read and set


def _read_umask() -> int:
    """From Linux, which alone shows it without setting it."""
    try:
        handle = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return whole_file.UMASK
    try:
        return int(os.read(handle, 4096).partition(b"Umask:")[2].split(None, 1)[0], 8)
    finally:
        os.close(handle)


def read_folder() -> str:
    """The current folder."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "a folder that is gone"


def _put_variables(was: Mapping[str, str]) -> None:
    for name, value in was.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _put_entries(entries: dict[Any, Any], was: Mapping[Any, Any]) -> None:
    entries.update(was)


def _read_list(module: object, name: str) -> list[Any]:
    return list(getattr(module, name))  # a copy: it is changed in place


def _put_list(module: object, name: str, was: list[Any]) -> None:
    """What was there, behind what was added."""
    now = getattr(module, name)
    added = [entry for entry in now if entry not in was] if isinstance(now, list) else []
    setattr(module, name, added + was)


def _put_locale(was: str) -> None:
    locale.setlocale(locale.LC_ALL, was)


def _read_zone() -> tuple[str | None, tuple[str, str]]:
    return os.environ.get("TZ"), time.tzname


def _put_zone(was: tuple[str | None, tuple[str, str]]) -> None:
    if was[0] is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = was[0]
    time.tzset()


def _read_stack_size() -> int:
    size = threading.stack_size()  # which sets it to 0
    if size:
        threading.stack_size(size)
    return size


def _put_gc(was: tuple[bool, tuple[int, int, int]]) -> None:
    (gc.enable if was[0] else gc.disable)()
    gc.set_threshold(*was[1])


def _read_errors() -> list[Any]:
    """Filters that make errors of warnings; others do no harm, and come and go with catch_warnings."""
    return [each for each in warnings.filters if each[0] == "error"]


def _put_errors(was: list[Any]) -> None:
    warnings.filters[:] = [each for each in warnings.filters if each[0] != "error" or each in was]  # type: ignore[index]


def _read_log() -> tuple[Any, ...]:
    off = logging.root.manager.disable
    return off, logging.getLogRecordFactory(), log.disabled, log.propagate, [*log.handlers], [*log.filters]


def _put_log(was: tuple[Any, ...]) -> None:
    off, factory, log.disabled, log.propagate, handlers, filters = was
    log.handlers, log.filters = [*handlers], [*filters]
    logging.disable(off)
    logging.setLogRecordFactory(factory)
    for name, each in list(logging.root.manager.loggerDict.items()):  # logging.config disables them, too
        if name.startswith("warden.") and isinstance(each, logging.Logger):
            each.disabled = log.disabled


def _read_timers() -> bool:
    return any(any(signal.getitimer(timer)) for timer, _ in TIMERS)


def _stop_timers(_: bool) -> None:
    for timer, _signal in TIMERS:
        signal.setitimer(timer, 0)


def _read_taken() -> list[str]:
    """Looking gives the signals back: there is no other way to see it."""
    return [taken.name for taken in _SIGNALS if faulthandler.unregister(taken)]  # type: ignore[func-returns-value]


def _stream(name: str, number: int, mode: str) -> Thing:
    """sys.stdin, sys.stdout or sys.stderr; one that was closed is opened again on its descriptor."""
    ours = getattr(sys, name)

    def read() -> str:
        now = getattr(sys, name)
        if now is not ours:
            return "replaced"
        return "closed" if ours is not None and ours.closed else "as it was"

    def put(_: str) -> None:
        nonlocal ours
        if ours is not None and ours.closed:
            ours = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, ours)

    return Thing(f"sys.{name}", read, put, lambda was, now: "" if now == was else f"was {now}")


def _descriptor(number: int) -> Thing:
    """One of the descriptors that C code writes to and children inherit, with a copy of it."""
    copy = os.dup(number)

    def read() -> tuple[int, int] | None:
        try:
            about = os.fstat(number)
        except OSError:
            return None
        return about.st_dev, about.st_ino

    name = f"file descriptor {number}"
    return Thing(name, read, lambda _: os.dup2(copy, number), lambda was, now: _changed(was, now) and "was closed")


def _has(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


LOG_LEVEL = Thing("the level of the hub's log", lambda: log.level, log.setLevel, _from_to)


def things() -> list[Thing]:
    """All that is looked at, in the order in which it is set right; where the process has it."""
    numbers = {getattr(resource, name): name for name in reversed(dir(resource)) if name.startswith("RLIMIT_")}
    return [
        Thing("builtins", lambda: dict(vars(builtins)), partial(_put_entries, vars(builtins)), _lost),
        Thing("sys.modules", sys.modules.copy, partial(_put_entries, sys.modules), _lost),
        *(
            Thing(f"sys.{name}", partial(_read_list, sys, name), partial(_put_list, sys, name), _missing)
            for name in ("path", "meta_path", "path_hooks")
        ),
        Thing("os.environ itself", lambda: os.environ, partial(setattr, os, "environ"), _replaced),
        Thing("os.environ", lambda: dict(os.environ), _put_variables, _lost),
        *(_descriptor(number) for number in range(3) if _has(number)),
        *(_stream(name, number, "r" if name == "stdin" else "w") for number, name in enumerate(_STREAMS)),
        Thing("logging", _read_log, _put_log, _changed),
        LOG_LEVEL,
        Thing("os.umask", _read_umask, os.umask, _octal),
        Thing("os.chdir", read_folder, os.chdir, _from_to),
        Thing("socket.setdefaulttimeout", socket.getdefaulttimeout, socket.setdefaulttimeout, _from_to),
        Thing("sys.setswitchinterval", SWITCHING.found, SWITCHING.take, _from_to),
        Thing("sys.setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit, _from_to),
        Thing("threading.stack_size", _read_stack_size, threading.stack_size, _from_to),
        Thing("gc", lambda: (gc.isenabled(), gc.get_threshold()), _put_gc, _from_to),
        Thing("locale.setlocale", lambda: locale.setlocale(locale.LC_ALL), _put_locale, _from_to),
        Thing("time.tzset", _read_zone, _put_zone, _from_to),
        Thing("warnings.filters", _read_errors, _put_errors, _from_to),
        Thing("a timer (signal.setitimer or alarm)", _read_timers, _stop_timers, _changed),
        Thing("faulthandler.register", _read_taken, lambda _: None, _from_to),
        *(
            Thing(f"resource.{name}", partial(resource.getrlimit, which), partial(resource.setrlimit, which), _lowered)
            for which, name in numbers.items()
        ),
    ]
