"""Each measured thing has a process of its own: threads, memory and interpreter lock of one disturb no other.

    python -m tests.bench.measure MODULE FUNCTION ARGUMENTS FOLDER

calls `tests.bench.MODULE.FUNCTION(FOLDER, **ARGUMENTS)` and leaves what it returns, numbers by name, in FOLDER.
"""

import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figure import Run
from WardenServer.errors import WardenError
from WardenServer.machine.child import Child

RESULT = "result.json"


def measure(module: str, function: str, arguments: dict[str, Any], limit: float) -> Run:
    """Run one function in a fresh process; it and all it started have ended when this returns.

    Raises:
        WardenError: it failed, or took longer than `limit` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="warden-bench-") as place:
        folder = Path(place)
        command = [sys.executable, "-m", "tests.bench.measure", module, function, json.dumps(arguments), place]
        child = Child(f"{module}.{function}", command, folder / "output")
        child.launch()
        try:
            until = time.monotonic() + limit
            while child.alive and time.monotonic() < until:
                time.sleep(0.1)
            if child.code != 0:
                how = "took too long" if child.alive else f"failed (exit code {child.code})"
                raise WardenError(f"{child.name} {how}: {child.last_line()}")
        finally:
            child.stop()
        return dict(json.loads((folder / RESULT).read_text(encoding="utf-8")))


def _main(module: str, function: str, arguments: str, place: str) -> None:
    measured = getattr(importlib.import_module(f"tests.bench.{module}"), function)
    values = measured(Path(place), **json.loads(arguments))
    Path(place, RESULT).write_text(json.dumps(values), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # threads of the measured thing may still wait for work


if __name__ == "__main__":
    _main(*sys.argv[1:])
