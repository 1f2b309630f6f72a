"""Tango: a thousand changed scalars per wake-up, and reads of one and of a hundred attributes by one client.

One client subscribes to the change events of one of the thousand attributes, or of all. Tango sends an event only
where somebody has subscribed; what the others cost the bare loop is the call.
"""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tango

from tests.bench.contest import Contender, Runs
from tests.bench.devices import SCALARS
from tests.bench.figure import Figure, Run, against
from tests.bench.servers import BenchServer, Hub, free_port
from tests.bench.timing import repeat

_PLUGIN = """INTERVAL = 3600.0
OFFSET = 0
def work(agent):
    return {f"f{number:03}": number + 0.5 for number in range(100)}
"""


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    times, reads = (20, 500) if quick else (100, 5000)
    pushers = [
        Contender(f"push {name} {subscribed}", "push", {"name": name, "times": times, "subscribed": subscribed})
        for subscribed in (1, SCALARS)
        for name in ("SinkPusher", "Pusher")
    ]
    return [
        *pushers,
        Contender("read ours", "read_ours", {"times": reads}),
        Contender("read", "read", {"times": reads}),
    ]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    loop, device = "a loop of push_change_event", "a minimal device"
    pushes = []
    for subscribed, what in ((1, "one of them subscribed"), (SCALARS, "all subscribed")):
        name = f"Tango: push {SCALARS} changed scalars, {what}"
        ours, bare = (runs[f"push {pusher} {subscribed}"] for pusher in ("SinkPusher", "Pusher"))
        pushes += [
            against(name, ours, bare, "took", "ms", loop, 1.4),
            against(f"{name}, CPU", ours, bare, "cpu", "ms", loop),
        ]
    return [
        *pushes,
        against("Tango: read one attribute", runs["read ours"], runs["read"], "one", "ms", device, 1.2),
        against("Tango: read 100 attributes", runs["read ours"], runs["read"], "hundred", "ms", device, 1.2),
    ]


def push(folder: Path, name: str, times: int, subscribed: int) -> Run:
    """One wake-up of a device that pushes."""
    events: list[Any] = []
    with BenchServer(name, folder) as server:
        proxy = server.proxy
        for number in range(subscribed):
            proxy.subscribe_event(f"agent{number:04}_Value", tango.EventType.CHANGE_EVENT, events.append)
        proxy.Push(times)
        while not (outcome := proxy.Outcome()):
            time.sleep(0.2)
    if sum(not event.err for event in events) <= times:
        raise RuntimeError(f"{len(events)} events came of {times}")
    return dict(json.loads(outcome))


def read_ours(folder: Path, times: int) -> Run:
    """Reads of a hub's attributes."""
    from WardenServer.local.local_servers import LocalMemcached

    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "bench.py").write_text(_PLUGIN, encoding="utf-8")
    with ExitStack() as stack:
        memcached = stack.enter_context(LocalMemcached(free_port(), folder))
        hub = stack.enter_context(Hub(plugins, memcached.address))
        return _read(hub.proxy, times)


def read(folder: Path, times: int) -> Run:
    """Reads of a minimal device's attributes."""
    with BenchServer("Minimal", folder) as server:
        return _read(server.proxy, times)


def _read(proxy: Any, times: int) -> Run:
    names = [f"bench_f{number:03}" for number in range(100)]
    until = time.monotonic() + 10
    while not _valid(proxy, names) and time.monotonic() < until:
        time.sleep(0.05)
    one = repeat(times, lambda turn: None, lambda _: proxy.read_attribute(names[0]))
    hundred = repeat(times // 5, lambda turn: None, lambda _: proxy.read_attributes(names))
    return {"one": one["took"], "hundred": hundred["took"]}


def _valid(proxy: Any, names: list[str]) -> bool:
    try:
        return all(reading.quality == tango.AttrQuality.ATTR_VALID for reading in proxy.read_attributes(names))
    except tango.DevFailed:
        return False
