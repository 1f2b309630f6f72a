"""A run begins or ends for all processors of a stream."""

import logging
import time

from WardenServer.streams.stream import Stream
from WardenServer.streams.told import Run, Turn

log = logging.getLogger("warden.stream")

#: Seconds after the end of a run in which what is read still belongs to it: what the source has already is on its way,
#: and files are looked at every 0.25 s.
GRACE = 0.3


def turn(stream: Stream, run: Run, limit: float) -> list[str]:
    """Tell the processors; those that have ended the run within `limit` seconds, in which it returns."""
    until = time.monotonic() + limit
    if limit and stream.closes:
        time.sleep(min(GRACE, limit / 2))
    told = stream.turn(run)
    return [host.name for host, each in told if limit and host.closes and _has_ended(host.name, each, until)]


def _has_ended(name: str, turn: Turn, until: float) -> bool:
    passed = turn.passed.wait(max(0.0, until - time.monotonic()))
    if not passed:
        said = "processor %s has not ended run %d in time, and ends it later; let event and stop_run return sooner"
        log.warning(said, name, turn.run.number)
    return passed
