"""Reading many Tango devices side by side, within a limit: one that does not answer costs only its own values."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from WardenServer.errors import NoData, Unreachable
from WardenServer.machine.side_by_side import Late, SideBySide
from WardenServer.results.value import Value
from WardenServer.servers import tango_reading


class Devices:
    """Reads each device once a time. One that hangs is not asked again before it has answered. Any thread may use
    it."""

    def __init__(self) -> None:
        self._asking: SideBySide[tuple[str, tuple[str, ...]], dict[str, Value | NoData]] = SideBySide(_read, _thread)

    def read(self, wanted: Mapping[str, Sequence[str]], limit: float) -> dict[str, dict[str, Value | NoData]]:
        """Values of attributes by device, within `limit` seconds; in place of each that cannot be read a NoData with
        the reason."""
        questions = {(device, tuple(names)): device for device, names in wanted.items()}
        answers = self._asking.ask(questions, limit)
        return {questions[asked]: _or_reasons(*asked, answer) for asked, answer in answers.items()}


def _read(question: tuple[str, tuple[str, ...]]) -> dict[str, Value | NoData]:
    device, names = question
    return tango_reading.read(device, list(names))


def _thread(**said: Any) -> threading.Thread:
    from tango.utils import PyTangoThread

    made: threading.Thread = PyTangoThread(**said)
    return made


def _or_reasons(
    device: str, names: Sequence[str], answer: dict[str, Value | NoData] | Exception
) -> dict[str, Value | NoData]:
    if not isinstance(answer, Exception):
        return answer
    if isinstance(answer, Late):
        reason = f"device {device} {answer}"
    elif isinstance(answer, NoData | Unreachable):
        reason = str(answer)
    else:
        reason = f"device {device} cannot be read: {answer}"
    return {name: NoData(reason) for name in names}
