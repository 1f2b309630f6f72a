"""A snapshot of devices, of which one has ended and one hangs.

    python -m tests.bench.runs_snapshot INSTANCE [TANGO'S OPTIONS]      (the devices)
"""

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import tango
import tango.server

from tests.bench.devices import VALID
from tests.bench.figure import Run
from tests.bench.servers import DeviceServer
from WardenServer.errors import WardenError

DEVICES, ATTRIBUTES = 20, tuple(f"Value{number}" for number in range(10))


class Many(tango.server.Device):
    """Ten numbers."""

    def init_device(self) -> None:
        super().init_device()
        for name in ATTRIBUTES:
            self.add_attribute(tango.server.attribute(name=name, dtype="DevDouble"), self.read_value)

    def read_value(self, attr: Any) -> tuple[Any, float, Any]:
        return 1.5, time.time(), VALID


class _Devices(DeviceServer):
    """So many of them, as a process of its own."""

    def __init__(self, name: str, count: int, folder: Path) -> None:
        devices = [f"bench/{name}/{number}" for number in range(count)]
        super().__init__(["tests.bench.runs_snapshot", name], ",".join(devices), folder / f"{name}.out")
        self.places = [self.place.replace(self.name, device) for device in devices]


def snapshot(folder: Path) -> Run:
    """Seconds that a snapshot takes, with the usual limit, when all devices have been read before."""
    from WardenServer.hub.runs.snapshot import take
    from WardenServer.plugins.common.differ.change import Unavailable
    from WardenServer.plugins.common.runs.configuration import Runs
    from WardenServer.plugins.common.runs.source import Phase
    from WardenServer.servers.tango_devices import Devices

    with ExitStack() as stack:
        servers = [stack.enter_context(_Devices(name, count, folder))
                   for name, count in (("good", DEVICES - 2), ("ended", 1), ("hangs", 1))]  # fmt: skip
        stack.callback(servers[2].tell, signal.SIGCONT)
        names = [f"{place}/{name}" for server in servers for place in server.places for name in ATTRIBUTES]
        known = Devices()
        _check(sum(isinstance(each.value, float) for each in take(1, Phase.START, [], names, 20.0, known).values), 0)
        servers[1].stop()
        servers[2].tell(signal.SIGSTOP)
        while psutil.Process(servers[2].pid).status() != psutil.STATUS_STOPPED:  # until then it may answer
            time.sleep(0.01)
        began = time.perf_counter()
        values = take(1, Phase.END, [], names, Runs.limit, known).values
        took = time.perf_counter() - began
        _check(sum(not isinstance(each.value, Unavailable) for each in values), 2)
    return {"took": took}


def _check(found: int, dead: int) -> None:
    expected = (DEVICES - dead) * len(ATTRIBUTES)
    if found != expected:
        raise WardenError(f"a snapshot has {found} of {expected} values; nothing is measured")


if __name__ == "__main__":
    tango.server.run([Many], args=["Many", *sys.argv[1:]])
