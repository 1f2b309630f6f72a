"""PyTangoWorker: reads a device over a proxy of the hub's pool, within Tango's 3 s."""

from typing import Any

from WardenServer.errors import NoData, Unreachable
from WardenServer.servers import tango_reading

from ...PyTango import DevFailed, DeviceProxy, DevState  # type: ignore[attr-defined]
from ..common import Logger, MutexLock, Tester, config, glob, logging, os, time

__all__ = [
    "DevFailed", "DevState", "DeviceProxy", "Logger", "MutexLock", "PyTangoWorker", "Tester", "config", "glob",
    "logging", "os", "time",
]  # fmt: skip


class PyTangoWorker(MutexLock):
    """Reads one device."""

    def __init__(
        self, device: str | None = None, def_file: str | None = None, debug_level: int | None = None
    ) -> None:
        super().__init__(def_file, debug_level)
        self.device = device

    def read_attribute(self, attr: str) -> tuple[Any, Any] | None:
        """(state, value); the value is None in FAULT and UNKNOWN. None where device or attribute cannot be read."""
        found = self._read([attr])
        if found is None:
            return None
        state, values = found
        if state in (DevState.FAULT, DevState.UNKNOWN):
            return state, None
        return None if values[0] is None else (state, values[0])

    def read_attributes(self, attrs: list[str]) -> list[Any]:
        """The values, None where one cannot be read; no values in FAULT and UNKNOWN, or without the device."""
        found = self._read(attrs)
        return [] if found is None or found[0] in (DevState.FAULT, DevState.UNKNOWN) else found[1]

    def make_test(self, attr: str | None = None) -> bool:
        """Whether the device answers, is not in FAULT or UNKNOWN, and the attribute can be read."""
        found = self._read([attr] if isinstance(attr, str) else [])
        return found is not None and found[0] not in (DevState.FAULT, DevState.UNKNOWN) and None not in found[1]

    def _read(self, attrs: list[str]) -> tuple[Any, list[Any]] | None:
        if not self.device:
            self.error("no device is given")
            return None
        try:
            return tango_reading.state_and_values(self.device, attrs)
        except (Unreachable, NoData) as error:
            self.error(error)
            return None
