"""Start: a thousand plugin files to loaded, and a server to RUNNING with the two attributes of each of them.

Loading is measured with the compiled files of an earlier start, and without. RUNNING is measured with them, from when
the program has imported its libraries to when a client sees that state and all attributes; no agent is due yet.
"""

import compileall
import importlib
import sys
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tango

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against
from tests.bench.servers import BenchServer, DeviceServer, Hub, free_port

FILES = 1000
#: What loading and RUNNING may cost of their rivals' time: they do more, see README.md.
OWED = 3.4, 2.5
#: What was loaded, and what keeps it alive: taking it down again is not measured.
Kept = tuple[Collection[Any], object]

_PLUGIN = '''"""Ring current and lifetime, number {number}."""

import math
import time

INTERVAL = 3600.0
OFFSET = 3600.0
KEY = "Petra{number}"
FIELDS = {{
    "BeamCurrent": {{"dtype": "float", "unit": "mA", "label": "Beam current", "format": "%6.2f"}},
    "BeamLifetime": {{"dtype": "float", "unit": "h"}},
}}


def setup(agent):
    agent.log.info("begins")


def work(agent):
    phase = time.time() / 100 + {number}
    return {{"BeamCurrent": 100 + math.sin(phase), "BeamLifetime": 8 + math.cos(phase)}}
'''


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    return [
        Contender(f"{way} {state}", "load", {"way": way, "warm": state == "warm"})
        for state in ("warm", "cold")
        for way in _WAYS
    ] + [Contender("running ours", "running_ours"), Contender("running bare", "running_bare")]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    name, cold = f"start: load {FILES} files", f"start: load {FILES} files never compiled"
    return [
        against(name, runs["ours warm"], runs["pluginbase warm"], "took", "s", "pluginbase, bare", OWED[0]),
        against(name, runs["ours warm"], runs["importlib warm"], "took", "s", "importlib, bare"),
        against(cold, runs["ours cold"], runs["pluginbase cold"], "took", "s", "pluginbase, bare"),
        against(cold, runs["ours cold"], runs["importlib cold"], "took", "s", "importlib, bare"),
        against(
            f"start: {FILES} files to RUNNING with {2 * FILES} attributes",
            runs["running ours"], runs["running bare"], "took", "s", "bare imports and add_attribute", OWED[1],
        ),
    ]  # fmt: skip


def _write(folder: Path, warm: bool) -> Path:
    plugins = folder / "plugins"
    plugins.mkdir()
    for number in range(FILES):
        (plugins / f"ring{number:04}.py").write_text(_PLUGIN.format(number=number), encoding="utf-8")
    if warm:
        compileall.compile_dir(plugins, quiet=1)
    return plugins


def load(folder: Path, way: str, warm: bool) -> Run:
    """Load all files in one of three ways."""
    plugins = _write(folder, warm)
    action = _WAYS[way](plugins)
    before = time.perf_counter()
    kept = action()
    took = time.perf_counter() - before
    if len(kept[0]) != FILES:
        raise RuntimeError(f"{len(kept[0])} files were loaded")
    return {"took": took}


def _ours(plugins: Path) -> Callable[[], Kept]:
    from WardenServer.loading import loader
    from WardenServer.settings import config

    settings = config.load(environment={}, options={"plugin_folders": [str(plugins)], "shipped": False})
    return lambda: (loader.load(settings).contracts, None)


def _pluginbase(plugins: Path) -> Callable[[], Kept]:
    from pluginbase import PluginBase

    def load_all() -> Kept:
        source = PluginBase(package="bench_plugins").make_plugin_source(searchpath=[str(plugins)])
        return [source.load_plugin(name) for name in source.list_plugins()], source

    return load_all


def _importlib(plugins: Path) -> Callable[[], Kept]:
    sys.path.insert(0, str(plugins))
    return lambda: ([importlib.import_module(path.stem) for path in sorted(plugins.glob("*.py"))], None)


_WAYS: dict[str, Callable[[Path], Callable[[], Kept]]] = {
    "ours": _ours,
    "pluginbase": _pluginbase,
    "importlib": _importlib,
}


def running_ours(folder: Path) -> Run:
    """A hub."""
    from WardenServer.local.local_servers import LocalMemcached

    plugins = _write(folder, True)
    with ExitStack() as stack:
        memcached = stack.enter_context(LocalMemcached(free_port(), folder))
        hub = stack.enter_context(Hub(plugins, memcached.address, program="tests.bench.began"))
        return _until_running(hub)


def running_bare(folder: Path) -> Run:
    """A minimal device that imports the files and adds the attributes, with nothing else."""
    _write(folder, True)
    with BenchServer("Importer", folder) as server:
        return _until_running(server)


def _until_running(server: DeviceServer) -> Run:
    began = float(next(line for line in server.said().splitlines() if line.startswith("began")).split()[1])
    proxy = server.proxy
    while proxy.state() != tango.DevState.RUNNING or len(proxy.get_attribute_list()) < 2 * FILES:
        time.sleep(0.02)
    return {"took": time.monotonic() - began}
