"""A real Taurus on our device: what stands in its widgets."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from WardenServer.machine.child import Child

FORM = Path(__file__).with_name("taurus_form.py")

# Taurus' colours: behind a value for its quality, and of the lamp that shows a state.
VALID, INVALID = "#00ff00", "#808080"
LAMPS = {"RUNNING": "blue", "ALARM": "orange"}

Row = dict[str, Any]


class Form(Child):
    """A window with a form, without a screen."""

    def __init__(self, server: Hub, attributes: list[str], output: Path) -> None:
        models = [f"{server.settings.device}/{attribute}" for attribute in attributes]
        environment = {"TANGO_HOST": server.database, "QT_API": "pyside6", "QT_QPA_PLATFORM": "offscreen"}
        super().__init__("Taurus", [sys.executable, str(FORM), *models], output, environment)

    def seen(self) -> list[list[Row]]:
        """All that the form has shown so far, each time the rows in the order of the attributes."""
        *lines, _ = self.output.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line.startswith("[{")]

    def wait_seen(self, true: Callable[[list[Row]], bool], what: str) -> int:
        """Wait until the form has shown this; which of `seen` it was."""

        def found() -> list[int]:
            assert self.alive, self.output.read_text()[-3000:]
            return [number for number, rows in enumerate(self.seen()) if true(rows)]

        wait_for(found, 30, f"for {what}: {self.output.read_text()[-3000:]}")
        return found()[0]


@contextmanager
def form(server: Hub, attributes: list[str], tmp_path: Path) -> Iterator[Form]:
    """A form that is gone afterwards."""
    with Form(server, attributes, tmp_path / "form.out") as shown:
        yield shown


def test_taurus_shows_values_units_and_states_by_events(
    hub: MakeHub, write: Callable[..., Path], tmp_path: Path
) -> None:
    switch = tmp_path / "broken"
    write("counter", f"""
import os
INTERVAL = 0.1
FIELDS = {{"n": {{"unit": "mA", "label": "Beam current", "format": "%6.2f", "dtype": "float"}}}}
n = 0
def work(agent):
    global n
    if os.path.exists({str(switch)!r}):
        raise OSError("gateway away")
    n += 1
    return {{"n": n, "curve": [n, 2.5, -3.0], "message": "20 °C"}}
""")  # fmt: skip
    server = hub()
    server.wait_document("counter", "n")
    server.wait_valid("counter_curve")
    with form(server, ["counter_n", "counter_curve", "counter_message", "State"], tmp_path) as shown:

        def good(rows: list[Row]) -> bool:
            number, curve, message, state = (row["shown"] for row in rows)
            return number != "-----" and isinstance(curve, list) and message == "20 °C" and state == LAMPS["RUNNING"]

        first = shown.wait_seen(good, "good values")
        number, curve, message, _ = shown.seen()[first]
        assert (number["label"], number["unit"], number["colour"]) == ("Beam current", "mA", VALID)
        assert number["shown"] == f"{float(number['shown']):.2f}"
        assert message["colour"] == VALID
        assert curve["shown"][1:] == [2.5, -3.0]
        shown.wait_seen(lambda rows: good(rows) and all(row["events"] for row in rows), "events")

        # Polled, which Taurus does where it gets no events, they would be 30 apart.
        def steps(value: Callable[[list[Row]], float]) -> list[float]:
            values = [value(rows) for rows in shown.seen()[first:]]
            return [after - before for before, after in pairwise(values) if after != before]

        wait_for(lambda: sum(0 < step < 10 for step in steps(lambda rows: float(rows[0]["shown"]))) >= 5)
        wait_for(lambda: sum(0 < step < 10 for step in steps(lambda rows: rows[1]["shown"][0])) >= 5)

        switch.touch()
        bad = shown.wait_seen(
            lambda rows: rows[0]["shown"] == "-----" and rows[3]["shown"] == LAMPS["ALARM"], "a failing agent"
        )
        assert shown.seen()[bad][0]["colour"] == shown.seen()[bad][2]["colour"] == INVALID
        switch.unlink()
        wait_for(lambda: good(shown.seen()[-1]) and shown.seen()[-1][0]["colour"] == VALID)
