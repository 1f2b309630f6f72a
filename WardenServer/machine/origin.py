"""How child processes of the hub begin: as the hub itself did, whatever agents have changed for the whole process."""

import os
from pathlib import Path
from typing import Any

from WardenServer.machine import whole_file
from WardenServer.machine.process_things import read_folder

_begin: dict[str, Any] = {}


def remember() -> None:
    """Take the environment, folder and umask of now for those of all children; once per process, before any plugin."""
    _begin.update(env=dict(os.environ), cwd=read_folder(), umask=whole_file.UMASK)


def for_children() -> dict[str, Any]:
    """How a child process is to begin, as arguments of Popen; where nothing was remembered, as this process is now."""
    begin = {"env": dict(os.environ), **_begin}
    return begin if "cwd" not in begin or Path(begin["cwd"]).is_dir() else {**begin, "cwd": "/"}
