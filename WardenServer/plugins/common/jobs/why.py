"""Why a job is where it is, in sentences for people."""

from collections.abc import Iterator
from dataclasses import dataclass

from WardenServer.plugins.common.jobs import looking, workers
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.looking import Job, State, Told
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.storage import make
from WardenServer.plugins.common.jobs.storage.base import Storage, is_there

#: What a step says, in which {} is the processor.
_SENTENCES: dict[str, str] = {
    Step.QUEUED: "It was queued", Step.URGENT: "It was made urgent", Step.REFUSED: "A request for it was refused",
    Step.STARTED: "{} began it", Step.SUCCEEDED: "{} has done it", Step.FAILED: "It failed at {}",
    Step.RETURNED: "{} handed it back", Step.REASSIGNED: "It was given to another processor",
    Step.CHANGED: "Its files have changed, so it waits again", Step.LATE: "{} came back too late",
    Step.RETRIED: "It was put into the queue again", Step.MOVED: "Its files were moved",
    Step.DELETED: "Its files were deleted", Step.MISSING: "Its files are missing",
}  # fmt: skip
_MONITOR = "see that the monitor runs: the agents of [jobs] in the hub, or `warden jobs monitor`"
_WORK = "start one with `warden jobs work`"


@dataclass(frozen=True)
class Account:
    """All that is known of a job: what happened, each with its time in Unix seconds, and how it is now, with the cure.
    `is_known` is false where nothing was ever heard of the id."""

    id: str
    steps: tuple[tuple[float, str], ...]
    now: tuple[str, ...]
    is_known: bool


def why(database: Database, settings: Jobs, id: str) -> Account:
    """What is known of an id. Raises Unreachable where the database cannot be used."""
    told, job = looking.told(database, id), looking.one(database, id)
    now = _of_job(database, settings, job) if job is not None else _without_row(database, settings, id, told)
    return Account(id, tuple((each.at, sentence(each)) for each in told), tuple(now), bool(told) or job is not None)


def sentence(step: Told) -> str:
    """What a step says."""
    known = _SENTENCES.get(step.step, f'Something happened that a later release calls "{step.step}"')
    said = known.format(f"processor {step.processor}" if step.processor else "a processor")
    return f"{said[0].upper()}{said[1:]}{f': {step.reason}' if step.reason else ''}."


def _of_job(database: Database, settings: Jobs, job: Job) -> Iterator[str]:
    if job.state is State.DONE:
        yield "It is done."
    elif job.state is State.FAILED:
        yield f"It has failed: {job.message or 'nobody said why'}. Have it done again with `warden jobs retry`."
    elif job.state is State.RUNNING:
        yield f"It is running, attempt {job.attempts} of {settings.attempts}."
        yield from _of_owner(database, settings, job)
    else:
        ahead = looking.before(database, job)
        come = "jobs of the same processor come" if ahead > 1 else "job of the same processor comes"
        yield f"It waits; {ahead or 'no'} {come} before it."
        yield from _of_owner(database, settings, job)
    if looking.requested(database, job.id):
        yield f"Somebody has asked for it, and the monitor has not looked at that yet; if it stays so, {_MONITOR}."


def _of_owner(database: Database, settings: Jobs, job: Job) -> Iterator[str]:
    known = workers.workers(database, settings.check_in)
    owner = next((each for each in known if each.name == job.owner), None)
    if owner is None:
        yield f"It has no processor; {_MONITOR}."
    elif owner.state == "live":
        yield f"Its processor is {owner.name}, which is alive."
    else:
        others = any(each.state == "live" for each in known)
        cure = _MONITOR if others else f"no processor is alive: {_WORK}"
        yield (
            f"Its processor is {owner.name}, which has not said for more than {settings.check_in:g} s that it is alive;"
            f" after {2 * settings.check_in:g} s another one gets the job. If it stays so, {cure}."
        )


def _without_row(database: Database, settings: Jobs, id: str, told: list[Told]) -> Iterator[str]:
    yield "The queue has it no longer." if told else "The queue has no such job, and never had in the last weeks."
    if looking.requested(database, id):
        yield f"Somebody has asked for it, and the monitor has not looked at that yet; if it stays so, {_MONITOR}."
    yield from _files(settings, id)


def _files(settings: Jobs, id: str) -> Iterator[str]:
    places = [(make.standard(settings), f"The monitor queues it soon; if not, {_MONITOR}.")]
    if (deferred := make.deferred(settings)) is not None:
        places.append((deferred, "From there it is taken only on request: `warden jobs prioritize`."))
    for storage, then in places:
        said = _files_in(storage, id)
        yield f"{said} {then}" if said.startswith("All") else said


def _files_in(storage: Storage, id: str) -> str:
    try:
        storage.root.stat()  # one that is gone says nothing about its files
        paths = storage.paths(id)
        missing = [path for path in paths if not is_there(path)]
    except ValueError as error:
        return f"Of {storage.root}: {error}."
    except OSError as error:
        return f"{storage.root} cannot be looked at ({error.strerror}); mount it, or correct [jobs]."
    if len(missing) == len(paths):
        return f"{storage.root} has no file of it; see that the id is right."
    if missing:
        return f"{storage.root} has some of its files, but not {missing[0].name}; it is queued once that is there, too."
    return f"All of its files are in {storage.root}."
