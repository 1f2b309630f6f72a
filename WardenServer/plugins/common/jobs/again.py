"""Jobs that have ended go back to the queue."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select, update

from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.looking import PORTION, STATE, WHICH, State, Wanted, can_be, portions, states_in
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.storage import make
from WardenServer.plugins.common.jobs.tables import jobs, processors
from WardenServer.plugins.common.jobs.times import ago

#: Why the files of a job with this id and pathname cannot be used; "" where they can.
Trouble = Callable[[str, str], str]

_WHY_NOT: Mapping[State | None, str] = {
    None: "no job has this id", State.WAITING: "it waits already", State.RUNNING: "it is running",
}  # fmt: skip


@dataclass
class Retried:
    """What came of it: the ids of the jobs that wait again, and why others do not, by id."""

    ids: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def trouble_of(settings: Jobs) -> Trouble:
    """What looks at the files."""

    def look(id: str, pathname: str) -> str:
        try:
            return "" if make.locate(settings, id, pathname) else "its files are gone"
        except OSError as error:
            return f"its files cannot be looked at ({error.strerror})"

    return look


def these(database: Database, ids: Iterable[str], trouble: Trouble, reason: str) -> Retried:
    """Queue these jobs again, each portion in a transaction. `reason`: why, for people. Raises Unreachable."""
    done = Retried()
    for some in portions(dict.fromkeys(ids)):
        asked = _ROWS.where(jobs.c.uuid.in_(list(filter(can_be, some))))
        with database.reading() as connection:
            found = {id: (pathname, State(state)) for _, id, pathname, state in connection.execute(asked)}
        states = {id: found[id][1] if id in found else None for id in some}
        ended = {id: found[id][0] for id in some if states[id] not in _WHY_NOT}
        done.refused.update({id: _WHY_NOT[states[id]] for id in some if id not in ended})
        _queue(database, ended, trouble, reason, done)
    return done


def failed(database: Database, wanted: Wanted, trouble: Trouble, reason: str, most: int | None = None) -> Retried:
    """Queue all jobs again that have failed and are wanted, as `these` does; after `most` or more it ends."""
    done = Retried()
    for places in _failed(database, wanted):
        _queue(database, places, trouble, reason, done)
        if most is not None and len(done.ids) >= most:
            break
    return done


def _failed(database: Database, wanted: Wanted) -> Iterator[dict[str, str]]:
    """Ids and places, a portion at a time, the oldest first. One that fails again meanwhile does not come again."""
    asked = _ROWS.where(WHICH[State.FAILED], *wanted.conditions()).order_by(jobs.c.id).limit(PORTION)
    last = 0
    while True:
        with database.reading() as connection:
            rows = connection.execute(asked.where(jobs.c.id > last)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield {id: pathname for _, id, pathname, _ in rows}


def _queue(database: Database, places: dict[str, str], trouble: Trouble, reason: str, done: Retried) -> None:
    wrong = {id: why for id, pathname in places.items() if (why := trouble(id, pathname))}
    good = [id for id in places if id not in wrong]
    done.refused.update(wrong)
    if not good:
        return
    asked = update(jobs).where(jobs.c.uuid.in_(good), jobs.c.success.is_not(None)).values(_AGAIN)
    with database.writing() as connection:
        went = set(connection.scalars(asked.returning(jobs.c.uuid)))
        queued, others = ([id for id in good if (id in went) is ours] for ours in (True, False))
        if queued:
            steps.note(connection, Step.RETRIED, queued, reason)
        states = states_in(connection, others)  # somebody was quicker
    done.ids += queued
    done.refused.update({id: _WHY_NOT.get(states.get(id), "it has ended again") for id in others})


_ROWS = select(jobs.c.id, jobs.c.uuid, jobs.c.pathname, STATE).select_from(jobs.outerjoin(processors))
#: It is as if it had come now: else it would count as one that took from then until its end.
_AGAIN = {
    "queueddatetime": ago(), "founddatetime": ago(), "starteddatetime": None, "completeddatetime": None,
    "success": None, "message": None, "token": None, "attempts": 0,
}  # fmt: skip
