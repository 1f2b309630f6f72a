"""The servers of a measurement: hubs as `warden serve` runs them, and the devices of `devices.py`; no database."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

import tango

from WardenServer.child import Child

#: The device of `devices.py` in its server.
DEVICE = "bench/device/1"


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DeviceServer(Child):
    """A device server without a Tango database."""

    patience = 3.0

    def __init__(self, command: list[str], device: str, folder: Path) -> None:
        port = free_port()
        ways = ["-nodb", "-dlist", device, "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
        self.place = f"tango://127.0.0.1:{port}/{device}#dbase=no"
        super().__init__(device, [sys.executable, "-m", *command, *ways], folder / f"{device.replace('/', '-')}.out")

    def answers(self) -> bool:
        """Whether it says so: a client that comes too early waits for long."""
        return "Ready to accept request" in self.output.read_text(encoding="utf-8", errors="replace")

    @property
    def proxy(self) -> Any:
        """A client's connection."""
        return tango.DeviceProxy(self.place)


class BenchServer(DeviceServer):
    """One of the devices of `devices.py`, by its class."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(["tests.bench.devices", name, str(folder)], DEVICE, folder)


class Hub(DeviceServer):
    """A hub whose plugin files are in `folder`; it publishes to this Memcached."""

    def __init__(self, folder: Path, memcached: str, program: str = "WardenServer") -> None:
        given = {
            "plugin_folders": folder,
            "shipped": "no",
            "state_folder": folder.parent / "state",
            "memcached": memcached,
        }
        command = [program, "serve", "bench"]
        for name, value in given.items():
            command += ["--set", f"{name}={value}"]
        os.environ["WARDEN_CONFIG"] = os.devnull
        super().__init__(command, "warden/hub/bench", folder)
