import threading
from typing import Any

import numpy as np
import pytest

from WardenServer.errors import NoData, Unreachable
from WardenServer.hub.runs.snapshot import take
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.source import Phase, Taken
from WardenServer.results.value import Value
from WardenServer.servers import tango_reading

ASKED: list[str] = []


@pytest.fixture(autouse=True)
def devices(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Devices that answer, but for those that hang or are dead."""
    go = threading.Event()
    ASKED.clear()

    def read(device: str, attributes: list[str]) -> dict[str, Value | NoData]:
        ASKED.append(device)
        if device.endswith("hangs"):
            assert go.wait(20)
        if device.endswith("dead"):
            raise Unreachable(f"device {device} does not answer: no connection")
        if device.endswith("odd"):
            raise KeyError("odd")
        good = Value(np.float64(1.5), "ALARM", 7.0)
        return {name: NoData("broken") if name == "bad" else good for name in attributes}

    monkeypatch.setattr(tango_reading, "read", read)
    yield go
    go.set()


def test_attributes_have_their_own_time_and_quality_beside_the_documents() -> None:
    document = Taken("Petra", "a", 1)
    found = take(3, Phase.WAY, [document], ["a/b/c/x", "a/b/c/bad", "a/b/d/x"], 10)
    assert (found.run, found.phase) == (3, Phase.WAY)
    assert found.at > 1.7e9
    assert found.values == [
        document, Taken("a/b/c", "x", 1.5, 7.0, "ALARM"), Taken("a/b/c", "bad", Unavailable("broken")),
        Taken("a/b/d", "x", 1.5, 7.0, "ALARM"),
    ]  # fmt: skip
    assert sorted(ASKED) == ["a/b/c", "a/b/d"]


def test_a_dead_device_costs_only_its_own_values() -> None:
    attributes = [f"a/b/{name}/{x}" for name in ("dead", "hangs", "odd", "good") for x in ("x", "y")]
    taken = take(1, Phase.END, [], attributes, 0.3).values
    found = {f"{each.partition}/{each.parameter}": each.value for each in taken}
    assert list(found) == attributes
    assert found["a/b/good/y"] == 1.5
    assert found["a/b/dead/x"] == Unavailable("device a/b/dead does not answer: no connection")
    assert found["a/b/hangs/y"] == Unavailable("device a/b/hangs did not answer within 0.3 s")
    assert "cannot be read" in found["a/b/odd/x"].reason
