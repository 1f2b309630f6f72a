"""The three scripts for Conky, from Memcached alone."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymemcache.client.base import Client

from tests.system.conftest import clean_environment, free_port
from WardenServer.local.local_servers import LocalMemcached

SCRIPTS = Path(__file__).parents[2] / "scripts"
Show = Callable[..., tuple[int, str]]

GOOD: dict[str, dict[str, Any]] = {
    "Petra": {"BeamCurrent": 100.2, "Energy": 6.08, "NumberOfBunches": 40, "FastOrbitFBStatus": 1,
              "TopUpStatusText": "running", "MachineStateText": "User run", "MessageText": "costs 5 $"},
    "P022.undulator": {"Gap": 12.3456, "State": "ON"},
    "P022.dcm": {"Position": 42700.4, "BraggAngle": 2.654321, "ExitOffset": 21.004},
    "P022.dcm.bragg": {"UnitCalibration": 1.00012},
}  # fmt: skip


@pytest.fixture
def show(memcached: LocalMemcached) -> Show:
    prefix = f"conky{free_port()}."
    client = Client(memcached.address)

    def run(script: str, documents: dict[str, Any]) -> tuple[int, str]:
        for key, document in documents.items():
            client.set(prefix + key, json.dumps({**document, "timestamp": 1.7e9}).encode())
        client.close()
        command = [sys.executable, str(SCRIPTS / f"conky_{script}.py"), memcached.address, prefix]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def test_the_ring(show: Show) -> None:
    code, text = show("petra", GOOD)
    assert code == 0
    for part in (
        "Energy    : 6.1 GeV", "${color green}100.2$color mA", "F. Orbit: ${color green}ON$color",
        "TopUp     : running", "${color green}ON$color", "GAP: ${color green}12.346$color mm",
        "${color green}42700$color eV",
        "Offset: 21.00 mm", "Bragg     : 2.65432", "Unit C.: 1.00012", "Message: User run", "costs 5 $$",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(("value", "shown"), [(25, "${color red}25.0$color"), (50, "50.0 mA"), (None, "Current: - mA")])
def test_the_colour_of_the_current(show: Show, value: float | None, shown: str) -> None:
    assert shown in show("petra", {**GOOD, "Petra": {"BeamCurrent": value}})[1]


def test_what_is_missing_is_said(show: Show) -> None:
    code, text = show("petra", {"Petra": {}})
    assert code == 1 and "no data: P022.undulator, P022.dcm, P022.dcm.bragg" in text
    code, text = show("servers", {"P022.tango.starter.check": {"servers": None, "error": "x"}})
    assert code == 1 and "no data in P022.tango.starter.check, P022.tango.individuals.check" in text
    code, text = show("vacuum", {"P022.vacuum.interlock": {"V_0": None, "error": "the PLC is away"}})
    assert code == 1 and "no data (the PLC is away)" in text


def test_servers(show: Show) -> None:
    starters = {"P022.tango.starter.check": {"servers": []}, "P022.tango.individuals.check": {"servers": []}}
    assert show("servers", starters)[1].endswith("Tango servers: ${color green}OK$color\n")
    starters["P022.tango.starter.check"] = {"servers": [f"S{n}/1" for n in range(9)]}
    starters["P022.tango.individuals.check"] = {"servers": ["P022.EH2.Tango.Keithley428.eh2a.state"]}
    lines = show("servers", starters)[1].splitlines()
    assert lines[0].endswith("(${color red}malfunction$color): 10")
    assert "Keithley428.eh2a;  S0/1;  S1/1" in lines[1]
    assert [".." in line for line in lines] == [False, False, False, False, True]


def test_valves(show: Show) -> None:
    well: dict[str, Any] = dict.fromkeys(("V_0", "V_1", "PS_2", "LM_0", "LM_1"), 2) | {"LM_20": 1, "LM_21": None}
    assert "${color green}OK$color" in show("vacuum", {"P022.vacuum.interlock": well})[1]
    ill = {**well, "V_0": 1, "LM_0": 1, "LM_20": 2}
    text = show("vacuum", {"P022.vacuum.interlock": ill})[1]
    for part in ("Closed: V_0", "Should be opened: LM_0", "Should be closed: LM_20"):
        assert part in text
