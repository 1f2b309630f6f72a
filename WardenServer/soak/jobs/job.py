"""The job of a soak: tiny, and it leaves a trace. `python job.py DESCRIPTION DATA`, or the function `process`.

The description says what the job shall do, and where the journal is. Each line there is "ID WHAT PID", written at once:
`begin`, or `half` where the data are not whole, and `end`. The standard library only: it must start fast.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

#: What whole data end with.
END = b"end\n"
#: Fates: what becomes of a job.
GOOD, BAD, DEADLY = "good", "bad", "deadly"
#: What a bad one says.
PURPOSE = "fails on purpose"


def process(description: Path, data: Path) -> None:
    """Do the job of a pair.

    Raises:
        RuntimeError: it is a bad one.
    """
    said = json.loads(description.read_bytes())
    _note(said, "begin" if data.read_bytes().endswith(END) else "half")
    time.sleep(said["seconds"])
    if said["fate"] == DEADLY:
        os.kill(os.getppid(), signal.SIGKILL)  # its worker
        time.sleep(60.0)
    _note(said, "end")
    if said["fate"] == BAD:
        raise RuntimeError(PURPOSE)


def _note(said: dict[str, str], what: str) -> None:
    handle = os.open(said["journal"], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, f"{said['id']} {what} {os.getpid()}\n".encode())
    finally:
        os.close(handle)


if __name__ == "__main__":
    try:
        process(Path(sys.argv[1]), Path(sys.argv[2]))
    except RuntimeError as failed:
        sys.exit(str(failed))
