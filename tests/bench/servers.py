"""The servers of a measurement: hubs as `warden serve` runs them, and the devices of `devices.py`."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

import tango

from WardenServer.machine.child import Child


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DeviceServer(Child):
    """A device server, with this Tango database or without any."""

    patience = 3.0

    def __init__(self, command: list[str], device: str, output: Path, database: str = "") -> None:
        environment = {"WARDEN_CONFIG": os.devnull}
        if database:
            environment["TANGO_HOST"] = database
            self.place = f"tango://{database}/{device}"
        else:
            port = free_port()
            command = [*command, "-nodb", "-dlist", device, "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
            self.place = f"tango://127.0.0.1:{port}/{device}#dbase=no"
        super().__init__(device, [sys.executable, "-m", *command], output, environment)

    def answers(self) -> bool:
        """Whether it says so: a client that comes too early waits for long."""
        return "Ready to accept request" in self.said()

    def said(self) -> str:
        """All its output."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    @property
    def proxy(self) -> Any:
        """A client's connection."""
        return tango.DeviceProxy(self.place)


class BenchServer(DeviceServer):
    """One of the devices of `devices.py`, by its class."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(["tests.bench.devices", name, str(folder)], "bench/device/1", folder / "device.out")


class Hub(DeviceServer):
    """A hub with the plugin files in a folder, which publishes to this Memcached."""

    def __init__(self, plugins: Path, memcached: str, program: str = "WardenServer", database: str = "") -> None:
        state = plugins.parent / "state"
        given = {"plugin_folders": plugins, "shipped": "no", "state_folder": state, "memcached": memcached}
        command = [program, "serve", "bench"]
        for name, value in given.items():
            command += ["--set", f"{name}={value}"]
        super().__init__(command, "warden/hub/bench", plugins.parent / "hub.out", database)
