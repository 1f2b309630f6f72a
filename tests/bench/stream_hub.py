"""A hub beside a stream: a hundred agents at 0.1 s, and events over ZeroMQ as fast as they are taken, or none.

The publisher is none of ours, needs more of the processor than the rest, and stands for a machine of its own. So it is
nicer than the stream's process, which is nicer than the hub, and is kept off the core that the hub has chosen.
"""

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from tests.bench.figure import Run
from tests.bench.probe import TICK, Probe, resident
from tests.bench.servers import free_port
from tests.bench.stream_publisher import Publisher
from WardenServer.errors import WardenError
from WardenServer.machine.child import wait_until
from WardenServer.machine.one_core import CORE

AGENTS = 100
#: The nice value of the publisher.
NICE = 10
_PLUGIN = "from tests.bench import probe\nINTERVAL = {tick}\nOFFSET = 0\nwork = probe.current.work({number})\n"
_SETTINGS = """
plugin_folders = [%s]
autostart = false
state_folder = %s
memcached = [%s]
disabled = ["host", "processes"]
[streams.daq]
reader = "zeromq"
addresses = [%s]
[agents.events]
plugin = "count"
stream = "daq"
interval = 1.0
"""


def hub(folder: Path, seconds: float, events: bool) -> Run:
    """A hub without a device, with a real Memcached."""
    from WardenServer.hub import process
    from WardenServer.hub.warden import Warden
    from WardenServer.local.local_servers import LocalMemcached
    from WardenServer.settings import config

    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755)
    for number in range(AGENTS):
        (plugins / f"agent{number}.py").write_text(_PLUGIN.format(tick=TICK, number=number))
    with ExitStack() as stack:
        memcached = stack.enter_context(LocalMemcached(free_port(), folder))
        silent = f"tcp://127.0.0.1:{free_port()}"
        publisher = stack.enter_context(Publisher(folder, nice=NICE)) if events else None
        address = silent if publisher is None else publisher.address
        file = folder / "warden.toml"
        given = str(plugins), str(folder / "state"), memcached.address, address
        file.write_text(_SETTINGS % tuple(map(json.dumps, given)))
        file.chmod(0o600)
        process.prepare()
        if publisher is not None:
            _keep_off_ours(publisher.pid)
        probe = Probe(AGENTS, seconds)
        warden = Warden(config.load(file, {}))
        warden.open(10.0)
        before, began = resident(), time.monotonic()
        warden.start()
        if not wait_until(lambda: bool(_count(warden)) == events, 10.0):
            raise WardenError(f"the stream has {_count(warden)} events; with a publisher it needs some, without none")
        return _watch(warden, probe, began, seconds, before)


def _keep_off_ours(pid: int) -> None:
    """Keep a process off the core that the hub has chosen, where there is another one."""
    cores = os.sched_getaffinity(0)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores - {CORE.core} or cores)


def _watch(warden: Any, probe: Probe, began: float, seconds: float, before: int) -> Run:
    """How the agents went, and the stream meanwhile."""
    stream, start = _process(), time.monotonic()
    count, cpu = _count(warden), sum(stream.cpu_times()[:2])
    run = probe.watch(began, seconds, before)
    took = time.monotonic() - start
    used = sum(stream.cpu_times()[:2]) - cpu
    return {**run, "stream": 100 * used / took, "rate": (_count(warden) - count) / took / 1e3}


def _process() -> psutil.Process:
    """The process of the stream."""
    children = psutil.Process().children(recursive=True)
    return next(each for each in children if "WardenServer.streams.child_side" in each.cmdline())


def _count(warden: Any) -> int:
    """How many events were counted."""
    return int((warden.board.document("events") or {}).get("count") or 0)
