"""Trouble elsewhere: a hundred agents at 0.1 s in a whole hub, at rest and with all of this at once.

A device answers after 5 s, and an agent reads it again and again; a thousand alarms begin at the same moment; and the
service that is to be told of them hangs. The rival is the same hub at rest, so the ratio is what the trouble costs.
"""

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against
from tests.bench.probe import TICK, Probe, resident
from tests.bench.servers import BenchServer, free_port

AGENTS, ALARMS = 100, 1000
_PLUGIN = "from tests.bench import probe\nINTERVAL = {tick}\nOFFSET = 0\nwork = probe.current.work({number})\n"
#: From the tick on at which the measurement begins.
_CHECK = """INTERVAL = 0.5
runs = 0
def work(agent):
    global runs
    runs += 1
    return {"servers": [f"Server/{number}" for number in range(%d)] if runs > 2 else []}
"""
_SLOW = 'INTERVAL = 0.5\nTIMEOUT = 60\ndef work(agent):\n    return agent.read(%r, ["Late"])\n'
_SETTINGS = """
plugin_folders = [%s]
shipped = false
autostart = false
state_folder = %s
memcached = [%s]
%s
"""
_RULES = """
[notify]
silence_after_start = 0
[notify.targets.chat]
url = %s
[notify.rules.servers]
missing = "check"
to = ["chat"]
"""


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    seconds = {"seconds": 4.0 if quick else 15.0}
    return [Contender(name, "hub", {**seconds, "trouble": name == "trouble"}) for name in ("trouble", "rest")]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    trouble, rest = runs["trouble"], runs["rest"]
    what, rival = f"{AGENTS} agents beside a device of 5 s and {ALARMS} alarms", "the same hub at rest"
    return [
        against(f"{what}: start lateness p50", trouble, rest, "p50", "ms", rival),
        against(f"{what}: start lateness p99", trouble, rest, "p99", "ms", rival, 1.5),
        against(f"{what}: start lateness max", trouble, rest, "max", "ms", rival),
        against(f"{what}: CPU per run", trouble, rest, "cpu", "µs", rival),
        against(f"{what}: runs left out", trouble, rest, "missed", "%", rival),
    ]


def hub(folder: Path, seconds: float, trouble: bool) -> Run:
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
        rules = ""
        if trouble:
            device = stack.enter_context(BenchServer("Slow", folder))
            (plugins / "slow.py").write_text(_SLOW % device.place)
            (plugins / "check.py").write_text(_CHECK % ALARMS)
            deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # accepts, and says nothing
            rules = _RULES % json.dumps(f"json://127.0.0.1:{deaf.getsockname()[1]}/")
        file = folder / "warden.toml"
        given = json.dumps(str(plugins)), json.dumps(str(folder / "state")), json.dumps(memcached.address), rules
        file.write_text(_SETTINGS % given)
        file.chmod(0o600)
        process.prepare()
        probe = Probe(AGENTS, seconds)
        warden = Warden(config.load(file, {}))
        warden.open(10.0)
        before, began = resident(), time.monotonic()
        warden.start()
        return probe.watch(began, seconds, before)
