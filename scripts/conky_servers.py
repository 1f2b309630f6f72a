#!/usr/bin/env python3
"""For Conky: which of the required Tango servers do not run, from Memcached alone. See conky_common.py."""

import re

from conky_common import FONT, coloured, documents, fail

KEYS = ("P022.tango.starter.check", "P022.tango.individuals.check")
IN_A_LINE, MOST = 3, 9


def main() -> None:
    """Print what Conky shows. What cannot be known is said: no list is no good news."""
    found = documents(*KEYS)
    lists = [found.get(key, {}).get("servers") for key in KEYS]
    if missing := [key for key, servers in zip(KEYS, lists, strict=True) if not isinstance(servers, list)]:
        fail(f"Tango servers: no data in {', '.join(missing)}")
    servers = sorted({str(name) for each in lists if isinstance(each, list) for name in each})
    if not servers:
        print(f"{FONT % 12}Tango servers: {coloured('green', 'OK')}")
        return
    short = [re.sub(r"^.*Tango\.(.*)\.state$", r"\1", name) for name in servers]
    shown = short[:MOST] + ([".."] if len(short) > MOST else [])
    print(f"{FONT % 12}Tango servers ({coloured('red', 'malfunction')}): {len(servers)}")
    for begin in range(0, len(shown), IN_A_LINE):
        print(FONT % 14 + coloured("red", ";  ".join(shown[begin : begin + IN_A_LINE])))


if __name__ == "__main__":
    main()
