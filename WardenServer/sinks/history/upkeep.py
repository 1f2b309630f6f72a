"""The upkeep of a history: packs, makes points, thins. The keeper has it done in a process of its own.

    python -m WardenServer.sinks.history.upkeep PARENT DESCRIPTOR

reads what is to be done as one line of JSON, and answers with lines of JSON: sentences on what was deleted, then null.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.machine.parent import die_with
from WardenServer.sinks.history import breaks, packing, rolling, thinning
from WardenServer.sinks.history.parts import BREAKS, RAW, Part, day_of
from WardenServer.sinks.history.store import Store, open_store
from WardenServer.sinks.history.thinning import Keep

#: Seconds after the end of a day after which its points are made.
GRACE = 600.0
#: How much nicer this process is than the hub, see nice(2).
NICE = 10


def round_of(store: Store, keep: Keep, now: float) -> Iterator[str]:
    """Do all that is due at `now`, in Unix seconds; a sentence on each part that was deleted.

    Raises:
        WardenError: a part is damaged, the store does not answer, or is full; the other parts are done all the same.
    """
    yield from thinning.thin(store, keep, now)
    trouble: WardenError | None = None
    for part in store.parts():
        try:
            _look_after(store, part, day_of(now - GRACE))
        except WardenError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble


def _look_after(store: Store, part: Part, today: int) -> None:
    if part.level is BREAKS:
        breaks.trim(store, part)
    elif part.level is RAW and part.begin >= today:
        packing.pack(store, part)
    elif part.level is RAW and not rolling.is_rolled(store, part):
        packing.pack(store, part, whole=True)
        rolling.roll(store, part)
        store.tidy(part)


def main() -> None:
    """See the module."""
    die_with(int(sys.argv[1]))
    os.nice(NICE)
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    try:
        store = open_store(asked["url"], asked["instance"])
        for said in round_of(store, Keep(asked["seconds"], asked["size"]), time.time()):
            print(json.dumps({"deleted": said}), flush=True)
    except WardenError as error:
        print(json.dumps({"error": str(error)}), flush=True)
    print("null", flush=True)


if __name__ == "__main__":
    main()
