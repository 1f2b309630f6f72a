"""Devices with ten attributes each, as one Tango server.

    python -m tests.system.runs.many_devices INSTANCE     (with devices of class Many in the database)
"""

import sys
import time
from pathlib import Path
from typing import Any

import tango
from tango.server import Device, attribute, run

from WardenServer.machine.child import Child

ATTRIBUTES = tuple(f"A{number}" for number in range(10))


class Many(Device):  # type: ignore[misc]
    """A0 is 0.0, A1 is 1.0, and so on."""

    def init_device(self) -> None:
        super().init_device()
        for name in ATTRIBUTES:
            self.add_attribute(attribute(name=name, dtype=float, max_dim_x=1), self._read)

    def _read(self, attr: Any) -> Any:
        return float(attr.get_name()[1:]), time.time(), tango.AttrQuality.ATTR_CHANGING


class ManyDevices(Child):
    """The server, as a process of its own, with `count` devices."""

    def __init__(self, host: str, folder: Path, instance: str, count: int) -> None:
        self._host = host
        self.devices = [f"many/{instance}/{number}" for number in range(count)]
        command = [sys.executable, "-m", "tests.system.runs.many_devices", instance]
        super().__init__("devices", command, folder / f"many-{instance}.out", {"TANGO_HOST": host})
        for name in self.devices:
            info = tango.DbDevInfo()
            info.name, info._class, info.server = name, "Many", f"Many/{instance}"
            tango.Database(*host.split(":")).add_device(info)

    @property
    def addresses(self) -> list[str]:
        """The devices as any client finds them."""
        return [f"tango://{self._host}/{name}" for name in self.devices]

    def answers(self) -> bool:
        try:
            return all(tango.DeviceProxy(name).ping() for name in self.addresses)
        except tango.DevFailed:
            return False


if __name__ == "__main__":
    run([Many], args=["Many", sys.argv[1]])
