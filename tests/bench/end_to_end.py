"""End to end: from the moment before `work` returns to a client's event callback, and to readable in Memcached.

The value of the field is that moment, on the clock that all processes of a machine share. Five agents at 0.1 s are
looked at, first alone, then beside a hundred others at 0.1 s. The rival is what people do today: a device whose
attributes change every 0.1 s and are polled by Tango at 100 ms.
"""

import json
import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tango

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit, quantiles
from tests.bench.servers import BenchServer, Hub, free_port

WATCHED, OTHERS = 5, 100
#: Seconds after a start until all has settled, and between two looks into Memcached.
SETTLE, LOOK = 0.6, 0.0002

_PLUGIN = """import time
INTERVAL = 0.1
FIELDS = {"Now": {"dtype": "float"}}
def work(agent):
    return {"Now": time.monotonic()}
"""


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    seconds = {"seconds": 2.0 if quick else 10.0}
    return [Contender("ours", "ours", seconds), Contender("polled", "polled", seconds)]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    ours, polled = runs["ours"], runs["polled"]
    tango_polls, way = "a device polled at 100 ms", "end to end to"
    found = [
        limit(f"{way} Memcached, at rest: p99", ours, "rest memcached p99", "ms", 5.0),
        limit(f"{way} the event callback, at rest: p99", ours, "rest event p99", "ms", 5.0),
    ]
    for load, name in (("rest", "at rest"), ("load", "under 1000 runs/s")):
        for quantile in ("p50", "p99"):
            for face, there in (("memcached", "Memcached"), ("event", "the event callback")):
                target = 0.1 if load == "rest" else None
                value = f"{load} {face} {quantile}"
                rival = [{value: run[quantile]} for run in polled]
                found.append(
                    against(f"{way} {there}, {name}: {quantile}", ours, rival, value, "ms", tango_polls, target)
                )
    return found


def ours(folder: Path, seconds: float) -> Run:
    """A hub with a Tango database and a Memcached."""
    from WardenServer.local import local_servers
    from WardenServer.servers import tango_database
    from WardenServer.settings import config

    plugins = folder / "plugins"
    plugins.mkdir()
    _write(plugins, "watched", WATCHED)
    with ExitStack() as stack:
        database = stack.enter_context(local_servers.LocalDatabase(free_port(), folder))
        memcached = stack.enter_context(local_servers.LocalMemcached(free_port(), folder))
        settings = config.load(environment={}, options={"instance": "bench"})
        tango_database.register(tango_database.connect(database.address), settings)
        hub = stack.enter_context(Hub(plugins, memcached.address, database=database.address))
        run = _both(hub, memcached.port, seconds, "rest")
        _write(plugins, "other", OTHERS)
        hub.proxy.Reload()
        return run | _both(hub, memcached.port, seconds, "load")


def _write(plugins: Path, name: str, files: int) -> None:
    for number in range(files):
        (plugins / f"{name}{number}.py").write_text(_PLUGIN, encoding="utf-8")


def _both(hub: Hub, port: int, seconds: float, load: str) -> Run:
    """Events and Memcached, one after the other: one client must not hold up the other."""
    time.sleep(SETTLE)
    attributes = [f"watched{number}_Now" for number in range(WATCHED)]
    events = quantiles(_events(hub.proxy, attributes, seconds))
    documents = quantiles(_documents(port, [f"watched{number}" for number in range(WATCHED)], seconds))
    return {f"{load} event {name}": value for name, value in events.items()} | {
        f"{load} memcached {name}": value for name, value in documents.items()
    }


def polled(folder: Path, seconds: float) -> Run:
    """A device whose attributes Tango polls."""
    with BenchServer("Polled", folder) as server:
        time.sleep(SETTLE)
        return quantiles(_events(server.proxy, [f"Now{number}" for number in range(WATCHED)], seconds))


def _events(proxy: Any, attributes: list[str], seconds: float) -> list[float]:
    """Milliseconds from each value to its event."""
    late: list[float] = []
    began = math.inf  # what stands there at the subscription is of no interest

    def take(event: Any) -> None:
        now = time.monotonic()
        if not event.err and event.attr_value.value > began:
            late.append(1e3 * (now - event.attr_value.value))

    subscribed = [proxy.subscribe_event(name, tango.EventType.CHANGE_EVENT, take) for name in attributes]
    began = time.monotonic() + SETTLE / 2
    time.sleep(SETTLE / 2 + seconds)
    for number in subscribed:
        proxy.unsubscribe_event(number)
    return late


def _documents(port: int, keys: list[str], seconds: float) -> list[float]:
    """Milliseconds from each value to when a reader finds it; half a look too many."""
    from pymemcache.client.base import Client

    client = Client(("127.0.0.1", port), timeout=1, connect_timeout=1, no_delay=True)
    late: list[float] = []
    found: dict[str, bytes] = {}
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        answer = client.get_many(keys)
        now = time.monotonic()
        for key in keys:
            if answer.get(key) != found.get(key):
                found[key] = answer[key]
                value = json.loads(answer[key])["Now"]
                late += [1e3 * (now - value)] if value > began else []
        time.sleep(LOOK)
    return late
