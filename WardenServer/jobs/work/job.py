"""One job from its claim to its result: its files are looked at before and after."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from WardenServer.jobs.work.runner import Done
from WardenServer.jobs.work.stopping import Stopped, Stopping
from WardenServer.plugins.common.jobs.claiming import Claim
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.storage.make import locate
from WardenServer.plugins.common.jobs.storage.steady import signature

log = logging.getLogger("warden.jobs")


class How(StrEnum):
    """What becomes of a job that was begun."""

    DONE = "done"
    FAILED = "failed"
    CHANGED = "changed"  # it waits again
    RETURNED = "returned"  # it waits again, as if it had not been begun


#: Seconds until such a job waits again: what goes on changing, or is away, is not begun a thousand times.
_PAUSE = {How.CHANGED: 1.0, How.RETURNED: 10.0}


@dataclass(frozen=True)
class Result:
    """How it ended, why, and for files that have changed what they are now."""

    how: How
    message: str = ""
    signature: str = ""


def process(jobs: Jobs, claim: Claim, run: Callable[[tuple[Path, ...]], Done], stopping: Stopping) -> Result:
    """Do a job, whatever `run` does with its files."""
    try:
        result = _process(jobs, claim, run)
    except Stopped:
        return Result(How.RETURNED, "its processor was told to stop")
    except Exception as error:
        log.exception("job %r cannot be done", claim.id)
        return Result(How.FAILED, f"the worker could not do it ({type(error).__name__}: {error})")
    if result.how in _PAUSE:
        stopping.told.wait(_PAUSE[result.how])
    return result


def _process(jobs: Jobs, claim: Claim, run: Callable[[tuple[Path, ...]], Done]) -> Result:
    try:
        found = locate(jobs, claim.id, claim.pathname)
        before = signature(found.paths) if found is not None else ""
    except OSError as error:
        if not _is_there(jobs):
            return Result(How.RETURNED, f"the storage {jobs.storage} cannot be looked at ({error.strerror})")
        if not isinstance(error, FileNotFoundError):
            return Result(How.FAILED, f"its files cannot be looked at ({error.strerror})")
        found = None  # gone just now
    if found is None:
        return Result(How.FAILED, f"{_missing(jobs, claim)} is gone")
    if claim.signature and before != claim.signature:
        return Result(How.CHANGED, f"its files were {claim.signature} when queued, and are {before}", before)
    return _judge(jobs, claim, run(found.paths), before, _now(found.paths, before))


def _judge(jobs: Jobs, claim: Claim, done: Done, before: str, after: str) -> Result:
    if before == after:
        return Result(How.DONE if done.success else How.FAILED, done.message)
    said = "its files changed while they were processed"
    if claim.attempt < jobs.attempts:
        return Result(How.CHANGED, said, after)
    return Result(How.FAILED, f"{said}, also at attempt {claim.attempt}; it said: {done.message}")


def _is_there(jobs: Jobs) -> bool:
    """Whether the storage can be looked at: where it is away no job fails."""
    try:
        jobs.storage.stat()
    except OSError:
        return False
    return True


def _now(paths: tuple[Path, ...], before: str) -> str:
    """Their signature. A job may have moved or removed its files: then they have not changed."""
    try:
        return signature(paths)
    except OSError:
        return before


def _missing(jobs: Jobs, claim: Claim) -> str:
    """What to call the file that is not there."""
    paths = [Path(f"{claim.pathname}{suffix}") for suffix in jobs.suffixes] if claim.pathname else []
    return str(next((path for path in paths if not path.exists()), "one of its files"))
