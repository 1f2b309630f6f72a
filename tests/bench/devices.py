"""Bench-only devices: minimal ones, as rivals, and one that pushes with our sink.

python -m tests.bench.devices CLASS FOLDER [TANGO'S OPTIONS]
"""

import importlib
import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import tango
import tango.server
import tango.utils
from tango.server import attribute, command

from tests.bench.timing import repeat
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.sinks.attributes.sink import Attributes
from WardenServer.sinks.known_fields import KnownFields

SCALARS = 1000
#: Where the measurement keeps its files.
folder: Path
_POLLED = tuple(f"Now{number}" for number in range(5))
#: Seconds from change to change; not in step with the polls.
_CHANGE = 0.103
VALID = tango.AttrQuality.ATTR_VALID


class Minimal(tango.server.Device):
    """A hundred attributes made at run time, each read from a dict: value, time stamp, quality."""

    names = tuple(f"bench_f{number:03}" for number in range(100))

    def init_device(self) -> None:
        super().init_device()
        self.readings: dict[str, tuple[Any, float, Any]] = {}
        for number, name in enumerate(self.names):
            self.readings[name] = float(number), time.time(), VALID
            self.add_attribute(attribute(name=name, dtype="DevDouble", fget=self.read_value))
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)
        self.set_state(tango.DevState.RUNNING)

    def read_value(self, attr: Any) -> tuple[Any, float, Any]:
        return self.readings[attr.get_name()]


class Pusher(Minimal):
    """Pushes the change events of all its attributes, again and again, from one thread of its own."""

    names = tuple(f"agent{number:04}_Value" for number in range(SCALARS))

    def init_device(self) -> None:
        super().init_device()
        self.outcome = ""

    @command(dtype_in=int)
    def Push(self, times: int) -> None:
        tango.utils.PyTangoThread(target=self.measure, args=(times,), daemon=True).start()

    @command(dtype_out=str)
    def Outcome(self) -> str:
        return self.outcome

    def measure(self, times: int) -> None:
        self.outcome = json.dumps(repeat(times, self.prepare, self.push))

    def prepare(self, turn: int) -> Any:
        return [(name, number + turn / 7) for number, name in enumerate(self.names)]

    def push(self, prepared: Any) -> None:
        stamp = time.time()
        for name, value in prepared:
            self.push_change_event(name, value, stamp, VALID)


class Slow(Minimal):
    """One attribute that takes 5 s."""

    names = ("Late",)

    def read_value(self, attr: Any) -> tuple[Any, float, Any]:
        time.sleep(5)
        return super().read_value(attr)


class Importer(Minimal):
    """Imports plugin files and adds an attribute for each of their fields."""

    names = ()

    def init_device(self) -> None:
        super().init_device()
        sys.path.insert(0, str(folder / "plugins"))
        for path in sorted((folder / "plugins").glob("*.py")):
            for field, said in importlib.import_module(path.stem).FIELDS.items():
                name = f"{path.stem}_{field}"
                self.readings[name] = float("nan"), time.time(), tango.AttrQuality.ATTR_INVALID
                properties = {key: value for key, value in said.items() if key != "dtype"}
                self.add_attribute(attribute(name=name, dtype="DevDouble", fget=self.read_value, **properties))


class Polled(Minimal):
    """Attributes that hold the time of their last change, every 0.1 s or so, and are polled by Tango at 100 ms."""

    names = ()

    def init_device(self) -> None:
        super().init_device()
        for name in _POLLED:
            self.readings[name] = time.monotonic(), time.time(), VALID
            now = attribute(name=name, dtype="DevDouble", fget=self.read_value, polling_period=100, abs_change=1e-9)
            self.add_attribute(now)
        threading.Thread(target=self.change, daemon=True).start()

    def change(self) -> None:
        for name in itertools.cycle(_POLLED):
            time.sleep(_CHANGE / len(_POLLED))
            self.readings[name] = time.monotonic(), time.time(), VALID


class SinkPusher(Pusher):
    """Pushes by our sink, for which this is the device; one agent for each attribute."""

    names = ()

    def init_device(self) -> None:
        super().init_device()
        self.board = Board()
        self.sink = Attributes(self, KnownFields(folder / "fields.json"))
        self.sink.open(self.board)
        self.sink.publish(self.prepare(0))

    def obstacle(self) -> str:
        return ""

    def await_start(self) -> None:
        pass

    def publish_state(self) -> None: ...

    def read_field(self, attr: Any) -> Any:
        return self.sink.values[attr.get_name()]

    def prepare(self, turn: int) -> Any:
        for number in range(SCALARS):
            name = f"agent{number:04}"
            self.board.put(Result(name, name, time.time(), {"Value": number + turn / 7}))
        return self.board.agents()

    def push(self, prepared: Any) -> None:
        self.sink.publish(prepared)


def _main(name: str, place: str, *options: str) -> None:
    global folder
    folder = Path(place)
    print("began", time.monotonic(), flush=True)
    tango.server.run((globals()[name],), [name, "bench", *options], raises=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
