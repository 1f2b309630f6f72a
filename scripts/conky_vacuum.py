#!/usr/bin/env python3
"""For Conky: valves that are closed, and others that should be closed or opened, from Memcached alone.

See conky_common.py. In the document of the interlock 1 is closed and 2 is open; null says nothing.
"""

from conky_common import FONT, coloured, documents, fail

KEY = "P022.vacuum.interlock"
CLOSED, OPEN = 1, 2
MUST_NOT_CLOSE = ("V_0", "V_1", "V_10", "V_11", "V_12", "V_20", "V_21", "V_22", "V_23", "V_24", "PS_2")
SHOULD_BE_CLOSED, SHOULD_BE_OPEN = ("LM_20", "LM_21"), ("LM_0", "LM_1")


def main() -> None:
    """Print what Conky shows."""
    values = documents(KEY).get(KEY, {})
    known = {name: value for name, value in values.items() if value is not None and name not in ("timestamp", "error")}
    if not set(known) & {*MUST_NOT_CLOSE, *SHOULD_BE_CLOSED, *SHOULD_BE_OPEN}:
        fail(f"Vacuum interlock: no data ({values.get('error', f'{KEY} is not there')})")
    closed = [name for name in MUST_NOT_CLOSE if known.get(name) == CLOSED]
    to_open = [name for name in SHOULD_BE_OPEN if known.get(name, OPEN) != OPEN]
    to_close = [name for name in SHOULD_BE_CLOSED if known.get(name, CLOSED) != CLOSED]
    if closed:
        print(FONT % 14 + coloured("red", "Vacuum interlock error! Please tell your local contact."))
        print(FONT % 12 + coloured("red", f"Closed: {' '.join(closed)}"))
    if to_open:
        print(FONT % 12 + coloured("orange", f"Should be opened: {' '.join(to_open)}"))
    if to_close:
        print(FONT % 12 + coloured("orange", f"Should be closed: {' '.join(to_close)}"))
    if not (closed or to_open or to_close):
        print(f"{FONT % 12}Vacuum interlock devices: {coloured('green', 'OK')}")


if __name__ == "__main__":
    main()
