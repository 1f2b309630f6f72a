"""A device with attributes of several kinds, which sends change events when it is told to."""

import enum

import numpy as np
import tango
from tango.server import Device, attribute, command


class Colour(enum.IntEnum):
    RED = 0
    GREEN = 1


class Source(Device):
    """`Push` sends events of `number`, `Others` one of each of the others."""

    @attribute(dtype=int)
    def number(self) -> int:
        return -1

    @attribute(dtype=(float,), max_dim_x=10)
    def curve(self) -> list[float]:
        return [0.0]

    @attribute(dtype=((int,),), max_dim_x=3, max_dim_y=3)
    def image(self) -> list[list[int]]:
        return [[0]]

    @attribute(dtype=(str,), max_dim_x=3)
    def texts(self) -> list[str]:
        return [""]

    @attribute(dtype=Colour)
    def colour(self) -> Colour:
        return Colour.RED

    @attribute(dtype=float)
    def silent(self) -> float:
        return 0.0

    def init_device(self) -> None:
        super().init_device()
        self._next = 0
        for name in ("number", "curve", "image", "texts", "colour", "State"):
            self.set_change_event(name, True, False)

    @command(dtype_in=int, dtype_out=int)
    def Push(self, number: int) -> int:
        """Send so many events with the next numbers; the first of them."""
        first, self._next = self._next, self._next + number
        for each in range(first, self._next):
            self.push_change_event("number", each)
        return first

    @command
    def Others(self) -> None:
        self.push_change_event("curve", np.array([1.0, np.nan]))
        self.push_change_event("image", np.array([[1, 2], [3, 4]]))
        self.push_change_event("texts", ["a", "b"])
        self.push_change_event("colour", Colour.GREEN)
        self.set_state(tango.DevState.RUNNING)
        self.push_change_event("State")

    @command
    def Invalid(self) -> None:
        self.push_change_event("number", 5, 1700000000.0, tango.AttrQuality.ATTR_INVALID)

    @command
    def Fail(self) -> None:
        self.push_change_event("number", RuntimeError("the sensor is broken"))


if __name__ == "__main__":
    Source.run_server()
