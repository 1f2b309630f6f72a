#!/usr/bin/env python3
"""For Conky: the ring, the undulator and the monochromator of P02.2, from Memcached alone. See conky_common.py.

Current in red up to 25 mA and in green from 75 mA on.
"""

import time

from conky_common import FONT, clock, coloured, documents, fail, number

KEYS = ("Petra", "P022.undulator", "P022.dcm", "P022.dcm.bragg")
LOW, HIGH = 25.0, 75.0


def current(value: object) -> str:
    """The current in its colour."""
    shown = number(value, "03.1f")
    if not isinstance(value, int | float):
        return shown
    return coloured("red", shown) if value <= LOW else coloured("green", shown) if value >= HIGH else shown


def text(value: object) -> str:
    """Text, or a dash where there is none."""
    return value.replace("$", "$$") if isinstance(value, str) else "-"


def main() -> None:
    """Print what Conky shows."""
    found = documents(*KEYS)
    if missing := [key for key in KEYS if key not in found]:
        fail(f"no data: {', '.join(missing)}")
    petra, undulator, dcm, bragg = (found[key] for key in KEYS)
    orbit = petra.get("FastOrbitFBStatus")
    fast = "-" if orbit is None else coloured("green", "ON" if orbit == 1 else "OFF")
    state = text(undulator.get("State"))
    times = [clock(each.get("timestamp")) for each in (petra, undulator, dcm)]
    lines = [
        f"{FONT % 30}{time.strftime('%d/%m')} Petra-III",
        f"{FONT % 50}{time.strftime('%H:%M:%S')}",
        f"{FONT % 12}Last update: Petra ({times[0]}) Und. ({times[1]}) DCM ({times[2]})",
        f"Energy    : {number(petra.get('Energy'), '.1f')} GeV"
        f"${{goto 250}}Current: {current(petra.get('BeamCurrent'))} mA",
        f"N. Bunch  : {number(petra.get('NumberOfBunches'), '.0f')}${{goto 250}}F. Orbit: {fast}",
        f"TopUp     : {text(petra.get('TopUpStatusText'))}",
        "",
        f"Undulator : {coloured('green' if state.lower() == 'on' else 'purple', state)}"
        f"${{goto 250}}GAP: {coloured('green', number(undulator.get('Gap'), '.3f'))} mm",
        f"DCM Energy: {coloured('green', number(dcm.get('Position'), '.0f'))} eV"
        f"${{goto 250}}Offset: {number(dcm.get('ExitOffset'), '.2f')} mm",
        f"Bragg     : {number(dcm.get('BraggAngle'), '.5f')}"
        f"${{goto 250}}Unit C.: {number(bragg.get('UnitCalibration'), '.5f')}",
        "",
        f"Message: {text(petra.get('MachineStateText'))}",
        text(petra.get("MessageText")),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
