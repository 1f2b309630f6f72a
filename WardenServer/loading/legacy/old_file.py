"""Makes of a P02.2 plugin file what the contract asks for.

An old file says `TICKTACK` and `TICKTACK_OFFSET` in ticks of 0.1 s. It imports helpers from a package `app`, and sets
keys of Memcached by calling them. Here the helpers note what is set, and that is what the run returns.
"""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import PluginError

#: Seconds of the original's tick.
TICK = 0.1
#: What an old file finds beside it, by the name under which it imports that.
BESIDE = MappingProxyType({
    "app": Path(__file__).parent / "beside" / "app" / "__init__.py",
    "PyTango": Path(__file__).parent / "beside" / "PyTango.py",
})  # fmt: skip

_SIGN = re.compile(rb"^TICKTACK[ \t]*=", re.MULTILINE)


def is_old(content: bytes) -> bool:
    """Whether a file is one of P02.2: it gives a value to TICKTACK."""
    return b"TICKTACK" in content and _SIGN.search(content) is not None


def adapt(module: ModuleType, path: Path, original: bool) -> ModuleType:
    """The names of the contract for an old file that was imported.

    It is due when `counter > offset and (counter - offset) % ticktack == 0`, which the original meant: first at offset
    + ticktack. With `original` it is first due at its offset, as it happened there.

    Raises:
        PluginError: it has no work, or ticks that are none.
    """
    work, setup = getattr(module, "work", None), getattr(module, "setup", None)
    if not callable(work):
        raise PluginError(f"{path}: has TICKTACK and no function work; add def work(unlock=False)")
    ticks, offset = _ticks(module, path, "TICKTACK", 1), _ticks(module, path, "TICKTACK_OFFSET", 0)
    adapted = ModuleType(module.__name__, module.__doc__)
    said: dict[str, Any] = {
        "INTERVAL": round(ticks * TICK, 6),
        "OFFSET": round((offset if original else offset + ticks) * TICK, 6),
        "work": _work(module, work),
    }
    if callable(setup):
        said["setup"] = _setup(module, setup, path)
    vars(adapted).update(said)
    return adapted


def _ticks(module: ModuleType, path: Path, name: str, least: int) -> int:
    """What the original made of it: a whole number, and nothing behind the point of TICKTACK."""
    said = getattr(module, name, 0 if least == 0 else None)
    cure = f"write a whole number of ticks of {TICK} s, at least {least}"
    if isinstance(said, bool) or not isinstance(said, int | float) or not least <= said < 1e9:
        raise PluginError(f"{path}: {name} is {said!r:.40}; {cure}")
    if least == 0 and said != int(said):
        raise PluginError(f"{path}: {name} is {said:g}, with which the original never ran it; {cure}")
    return int(said)


def _this_run(module: ModuleType) -> Any:
    """The agent's own copy of `app.this_run`."""
    return importlib.import_module(f"{module.__name__.rpartition('.')[0]}.app.this_run").RUN


def _work(module: ModuleType, work: Callable[[], Any]) -> Callable[[Agent], dict[str, Any]]:
    def run(agent: Agent) -> dict[str, Any]:
        """One run of the old file: the fields and keys that it has set."""
        this_run = _this_run(module)
        this_run.begin(agent, str(getattr(module, "ROOT_REF", "")))
        try:
            work()
            return this_run.fields()  # type: ignore[no-any-return]
        except AttributeError as error:
            if error.name == "message" and isinstance(error.obj, BaseException):
                said, line = f"{type(error.obj).__name__}: {error.obj}", _line(error.obj)
                raise PluginError(f"line {line}: {said} (e.message is not in Python 3; write str(e))") from error
            raise
        finally:
            this_run.end()

    return run


def _line(error: BaseException) -> int:
    """Where the old file was when it was raised."""
    trace = error.__traceback__
    return trace.tb_lineno if trace is not None else 0


def _setup(module: ModuleType, setup: Callable[[Any], Any], path: Path) -> Callable[[Agent], None]:
    def run(agent: Agent) -> None:
        """Let the old file judge its settings; it refuses by NameError or AttributeError, as the original asked."""
        this_run = _this_run(module)
        this_run.begin(agent, "")
        common = importlib.import_module(f"{module.__name__.rpartition('.')[0]}.app.common")
        try:
            setup(common.Tester(def_file=path.name))
        except (NameError, AttributeError) as error:
            said = f" ({error})" if str(error) else ""
            raise PluginError(f"{path}: its setup refuses what the file says{said}; correct its settings") from error

    return run
