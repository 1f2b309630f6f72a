"""A fake P02.2: the devices of its beamline, as one Tango server, and its vacuum pages.

    python -m tests.system.beamline INSTANCE     (with the devices of DEVICES in the database, class Fake)

What a device gives can be changed: Give('{"Position": 3.5}'), Break(["Position"]), Stop seconds, Become("FAULT").
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import tango
from tango.server import Device, attribute, command, run

from tests.conftest import wait_for
from tests.system.web_hook import served
from WardenServer.machine.child import Child
from WardenServer.settings import config, settings_view

EXAMPLE = config.tomllib.loads(settings_view.example("p02"))["agents"]
#: Values by device and attribute.
DEVICES: dict[str, dict[str, Any]] = {
    "petra/globals/keyword": {
        "BeamCurrent": 100.2, "BeamLifetime": 7.9, "BeamPerm": 1, "Energy": 6.08, "FastOrbitFBStatus": 1,
        "MachineStateText": "Nutzerbetrieb für Größen", "MessageText": "", "NumberOfBunches": 40,
        "TopUpStatusText": "on",
    },
    "p02/dcmener/oh.01": {"Position": 42700.5, "BraggAngle": 2.65, "ExitOffset": 21.0},
    "p02/dcmmotor/oh.01": {"Position": 2.65, "UnitCalibration": 1.0001},
    "p02/undulator/1": {"Gap": 12.345},
    "hasylab/vac.intlk/p02": {name: 1 + number % 2 for number, name in enumerate(EXAMPLE["interlock"]["attributes"])},
    "p02/spseh2/eh2a.01": dict.fromkeys(EXAMPLE["sps"]["attributes"], 0),
    "tango/admin/haspp02oh1": {"RunningServers": ["TangoTest/1", "ZMX/EH2A"], "StoppedServers": []},
    "tango/admin/haspp02eh2a": {"RunningServers": ["OmsVme58/EH2A"], "StoppedServers": ["VFCADC/EH2A"]},
    "tango/admin/haspp02eh2b": {"RunningServers": ["ZMX/EH2B"], "StoppedServers": []},
    "tango/admin/haspp022perk01": {"RunningServers": [], "StoppedServers": ["PerkinElmerDetector/EH2A"]},
    "p02/keithley428/eh2a.01": {"Gain": 3},
    "p02/keithley428/eh2b.01": {"Gain": 3},
    "p02/mercuryitctempsensor/eh2b.02": {"HeatPower": 0.5},
}  # fmt: skip
_TYPES = {float: "DevDouble", int: "DevLong64", str: "DevString", list: "DevString"}


class Fake(Device):  # type: ignore[misc]
    """One of DEVICES, in ON until told otherwise."""

    def init_device(self) -> None:
        super().init_device()
        self.set_state(tango.DevState.ON)
        self._values = dict(DEVICES[self.get_name().lower()])
        self._broken: list[str] = []
        self._slow = 0.0
        for name, value in self._values.items():
            self._add(name, value)

    def _add(self, name: str, value: Any) -> None:
        kind = getattr(tango.CmdArgType, _TYPES[type(value)])
        said = {"max_dim_x": 100} if isinstance(value, list) else {}
        dtype = (kind,) if isinstance(value, list) else kind
        more = {"unit": "mA", "label": "Ring", "min_alarm": 50.0} if name == "BeamCurrent" else {}
        self.add_attribute(attribute(name=name, dtype=dtype, **said, **more), self._read)

    def _read(self, attr: Any) -> Any:
        name = attr.get_name()
        time.sleep(self._slow)
        if name in self._broken:
            tango.Except.throw_exception("Fake", f"{name} is broken", "Fake")
        if self._values[name] is None:
            return 0.0, time.time(), tango.AttrQuality.ATTR_INVALID
        return self._values[name]

    @command(dtype_in=str)
    def Give(self, values: str) -> None:
        """Other values, as JSON; null is INVALID."""
        self._values |= json.loads(values)

    @command(dtype_in=(str,))
    def Break(self, names: list[str]) -> None:
        """Attributes that cannot be read from now on, and no others."""
        self._broken = list(names)

    @command(dtype_in=float)
    def Slow(self, seconds: float) -> None:
        """How long each attribute takes."""
        self._slow = seconds

    @command(dtype_in=str)
    def Hasten(self, other: str) -> None:
        """Another device of this server is slow no longer."""
        for device in tango.Util.instance().get_device_list_by_class("Fake"):
            if device.get_name().lower() == other:
                device._slow = 0.0

    @command(dtype_in=str)
    def Become(self, state: str) -> None:
        """Another state."""
        self.set_state(getattr(tango.DevState, state))


class Beamline(Child):
    """The server, as a process of its own."""

    def __init__(self, host: str, folder: Path, instance: str = "p02", devices: tuple[str, ...] = ()) -> None:
        self.host = host
        self.devices = devices or tuple(DEVICES)
        command = [sys.executable, "-m", "tests.system.beamline", instance]
        super().__init__("beamline", command, folder / f"beamline-{instance}.out", {"TANGO_HOST": host})
        for name in self.devices:
            info = tango.DbDevInfo()
            info.name, info._class, info.server = name, "Fake", f"Fake/{instance}"
            tango.Database(*host.split(":")).add_device(info)

    def device(self, name: str) -> Any:
        return tango.DeviceProxy(f"tango://{self.host}/{name}")

    def answers(self) -> bool:
        try:
            return all(self.device(name).ping() for name in self.devices)
        except tango.DevFailed:
            return False


PAGES = {"(open)p3_02o.xml,1": {"dcm1": "3.1e-9 mbar", "icon": "greenicon.jpg", "empty": ".", "umlaut": "geöffnet"}}


@contextmanager
def web2c(answers: dict[str, bytes] | None = None) -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server that plays Web2c: its address, and what it answers in place of values, by session."""
    instead: dict[str, bytes] = answers if answers is not None else {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(b"<html><script>var sessionId = 4711;</script></html>")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if "<sessionId>4711</sessionId>" not in unquote(self.path):
                self._send(b"no session")
                return
            values = PAGES["(open)p3_02o.xml,1"]
            updates = "".join(f"<update><id>{k}</id><value>{v}</value></update>" for k, v in values.items())
            self._send(instead.get("update") or quote(f"<data><style></style></style>{updates}</data>").encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the client has had enough
                pass

        def log_message(self, *args: Any) -> None: ...

    with served(Handler) as place:
        yield f"http://{place}", instead


def wait_answers(beamline: Beamline) -> None:
    wait_for(beamline.answers, 20, "for the beamline")


if __name__ == "__main__":
    run([Fake], args=["Fake", sys.argv[1]])
