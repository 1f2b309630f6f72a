"""A hub, as `warden serve` runs it, whose agent `ping` probes a thousand hosts without a pause, or that pings nothing.

Each host has its document, and the first hundred of them have attributes, as by default.
"""

import json
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.figure import Run
from tests.bench.ping_probing import SIZE, addresses
from tests.bench.servers import DeviceServer, free_port
from WardenServer.errors import WardenError
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.machine.child import wait_until


class Load(NamedTuple):
    """How much is done: packets a second, pings of each host, seconds between rounds, and the hub's tick in s."""

    rate: int
    number: int
    every: int
    tick: float


#: As by default, but for the pause between rounds; with the priming pings a round of 1000 hosts takes 55 s.
USUAL = Load(200, 10, 60, 0.1)
#: All of it faster, so that it takes less than a minute: rounds end every 12 s.
HASTY = Load(400, 3, 12, 0.02)
#: Hosts with attributes, and at least so many attributes of each.
ATTRIBUTES, FIELDS = 100, 10
#: The hub remembers the lateness of so many ticks.
REMEMBERED = 1000
#: Seconds until all hosts have been probed once, and have their attributes.
_START = 150.0
#: What ships besides, and measures this machine or Tango.
_OTHERS = ["host", "processes", "tango_database", "tango_servers"]


def hub(folder: Path, hosts: int, load: list[float]) -> Run:
    """How late ticks are, p99 in ms, once all runs; without hosts nothing is pinged. `load` has the fields of Load.

    Raises:
        WardenError: not all hosts have been probed meanwhile.
    """
    chosen = Load(*load)  # type: ignore[arg-type] - from JSON
    with ExitStack() as stack:
        memcached = stack.enter_context(LocalMemcached(free_port(), folder))
        file = folder / "warden.toml"
        file.write_text(_settings(folder, memcached.address, hosts, chosen), encoding="utf-8")
        file.chmod(0o600)
        command = ["WardenServer", "serve", "bench", "--config", str(file)]
        server = stack.enter_context(DeviceServer(command, "warden/hub/bench", folder / "hub.out"))
        proxy = server.proxy
        if hosts and not wait_until(lambda: _is_probed(proxy, memcached.port, hosts), _START):
            raise WardenError(f"not all of {hosts} hosts have been probed: {_document(memcached.port, 'ping')}")
        began = time.time()
        time.sleep(REMEMBERED * chosen.tick)
        run = {"p99": 1e3 * float(proxy.LatenessP99), "missed": float(proxy.MissedTicks), "tick": chosen.tick}
        last = _document(memcached.port, f"ping.{addresses(hosts)[-1]}") if hosts else {"measured": began}
        if last["measured"] < began:
            raise WardenError("the last host has not been probed meanwhile; make the measurement longer")
        return run


def _settings(folder: Path, memcached: str, hosts: int, load: Load) -> str:
    said: dict[str, Any] = {
        "tick": load.tick, "state_folder": str(folder / "state"), "memcached": [memcached], "disabled": _OTHERS,
    }  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
    if hosts:
        ping = {
            "hosts": addresses(hosts), "name": "here", "address": "127.0.0.1", "pings": [f"{load.number}x{SIZE}"],
            "at_once": load.rate, "rate": load.rate, "every": load.every, "phase": 0,
            "attributes": ATTRIBUTES, "method": "raw",
        }  # fmt: skip
        lines += ["[ping]", *(f"{name} = {json.dumps(value)}" for name, value in ping.items())]
    return "\n".join(lines)


def _is_probed(proxy: Any, port: int, hosts: int) -> bool:
    document = _document(port, "ping")
    is_whole = document.get("took") is not None and document.get("answering") == hosts
    return is_whole and len(proxy.get_attribute_list()) >= ATTRIBUTES * FIELDS


def _document(port: int, key: str) -> dict[str, Any]:
    """What is in Memcached; nothing where it has no such key."""
    from pymemcache.client.base import Client

    with closing(Client(("127.0.0.1", port), timeout=1, connect_timeout=1)) as client:
        return dict(json.loads(client.get(key) or "{}"))
