"""A hub that keeps the history of a thousand documents a second, or keeps none.

The hub is whole, with a real Memcached; what it keeps is packed afterwards, as at the end of a day.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, Any

import psutil

from tests.bench.figure import Run, quantiles
from tests.bench.probe import TICK

if TYPE_CHECKING:
    from WardenServer.settings.config import Settings
    from WardenServer.sinks.history.store import Store

#: Seconds until the history has imported its library, and made its tables.
WARM_UP = 6
#: Ticks between looks at their lateness: the scheduler remembers that of the last thousand.
LOOK = 100
_PLUGIN = "from tests.bench import keeping\nINTERVAL = 1.0\nwork = keeping.load.work({number})\n"

#: What the agents of this process return, for plugin files.
load: "Load"


class Load:
    """What all agents return, one after the other, and how often they were asked."""

    def __init__(self, seconds: int) -> None:
        from tests.bench import simulation

        global load
        load = self
        self._fields, self._values = simulation.fields, simulation.documents(seconds)
        self._turns = [0] * simulation.DOCUMENTS

    @property
    def given(self) -> int:
        """How many values the agents have returned."""
        return sum(self._turns) * int(self._values.shape[2])

    def work(self, number: int) -> Callable[[Any], dict[str, Any]]:
        """The work of one agent."""

        def work(agent: Any) -> dict[str, Any]:
            turn = self._turns[number]
            fields = self._fields(self._values[turn % len(self._values), number])
            self._turns[number] = turn + 1
            return fields

        return work


def hub(folder: Path, seconds: int, history: bool) -> Run:
    """A hub with an agent for each document."""
    from tests.bench.servers import free_port
    from tests.bench.simulation import DOCUMENTS, FIELDS
    from WardenServer.hub import process
    from WardenServer.local.local_servers import LocalMemcached
    from WardenServer.sinks.history import keeper, store

    process.prepare()
    keeper.FIRST = min(keeper.FIRST, seconds / 2)
    running = Load(seconds + 2 * WARM_UP)
    plugins = _plugins(folder)
    with LocalMemcached(free_port(), folder) as memcached:
        settings = settings_of(folder, plugin_folders=[plugins], memcached=[memcached.address], history=history)
        run = _run(settings, seconds)
    if not history:
        return run
    kept, size = _packed(store.open_store(store.url(settings), settings.instance))
    each = {"cpu_each": run["cpu"] * 1e4 / (DOCUMENTS * len(FIELDS)), "bytes": size / max(1, kept)}
    return {**run, **each, "given": running.given, "kept": kept, "seconds": seconds}


def settings_of(folder: Path, **options: Any) -> "Settings":
    """The settings of a hub with its state in a folder."""
    from WardenServer.settings import config

    state = {"state_folder": str(folder / "state"), "shipped": False, "autostart": False, "instance": "bench"}
    return config.load(environment={}, options={**state, **options})


def _plugins(folder: Path) -> str:
    from tests.bench.simulation import DOCUMENTS

    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755)
    for number in range(DOCUMENTS):
        (plugins / f"agent{number}.py").write_text(_PLUGIN.format(number=number), encoding="utf-8")
    return str(plugins)


def _run(settings: "Settings", seconds: int) -> Run:
    from WardenServer.hub.warden import Warden

    warden = Warden(settings)
    warden.open(60.0)
    warden.start()
    try:
        return _watch(warden, seconds)
    finally:
        warden.stop()
        warden.close(30.0)


def _watch(warden: Any, seconds: int) -> Run:
    """Lateness of the tick in ms, and CPU in percent of a core: of the history, and of all."""
    late: list[float] = []
    time.sleep(WARM_UP)
    sink, every, began = _cpu_of_history(), _cpu_of_all(), time.monotonic()
    for _ in range(round(seconds / (LOOK * TICK))):
        time.sleep(LOOK * TICK)
        late += list(warden._scheduler.lateness)[-LOOK:]
    took = time.monotonic() - began
    used = {"cpu": _cpu_of_history() - sink, "hub": _cpu_of_all() - every}
    return {**quantiles([1e3 * each for each in late]), **{name: 100 * cpu / took for name, cpu in used.items()}}


def _cpu_of_history() -> float:
    """Seconds of processor time of the threads of the history, and of the processes of the upkeep, that have ended."""
    ours = {thread.native_id for thread in threading.enumerate() if "history" in thread.name}
    return _cpu_of_children() + sum(
        thread.user_time + thread.system_time for thread in psutil.Process().threads() if thread.id in ours
    )


def _cpu_of_children() -> float:
    """Of those that have ended: Memcached runs on."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of_all() -> float:
    return time.process_time() + _cpu_of_children()


def _packed(store: "Store") -> tuple[int, int]:
    """How many values are kept, and the bytes of them, once all is packed."""
    from WardenServer.sinks.history import care, packing
    from WardenServer.sinks.history.parts import RAW

    raw = [part for part in store.parts() if part.level is RAW]
    for part in raw:
        packing.pack(store, part, whole=True)
        store.tidy(part)
    found = [finding for finding in care.check(store) if finding.part in raw]
    store.close()
    return sum(finding.values for finding in found), sum(finding.size for finding in found)
