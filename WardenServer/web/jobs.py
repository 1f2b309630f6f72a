"""Jobs by HTTP: lists, one job, the state of the queue; requests, and jobs that are to be done again."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import SettingError, Unreachable
from WardenServer.jobs.configured import jobs_of
from WardenServer.plugins.common.jobs.opening import libraries
from WardenServer.settings.config import Settings
from WardenServer.web.paths import LONGEST, Asked, Parameter, Path, Refused, Right, as_json
from WardenServer.web.period import moment
from WardenServer.web.zone import zone

log = logging.getLogger("warden.web")

#: Jobs that are given when nothing is said, and the most that are given.
USUAL, MOST = 100, 1000
#: Ids that one request may name, and about how many failed jobs one of them puts back.
MOST_IDS, AGAIN = 500, 1000
#: Seconds within which there is an answer, and questions to the database at a time.
LIMIT, AT_A_TIME = 5.0, 4
_STATES = ["waiting", "running", "done", "failed"]
_ID = {"type": "string", "minLength": 1, "maxLength": 255}
_IDS = {"type": "array", "items": _ID, "maxItems": MOST_IDS}
_LIST = (
    Parameter("state", "Only those in this state.", {"type": "string", "enum": _STATES}),
    Parameter("owner", "Only those of the processor with this name."),
    Parameter("match", "Only those with this in id or message, in small or large letters."),
    Parameter("since", "Only those that were queued, begun or ended after this: Unix seconds or ISO 8601."),
    Parameter("before", "Only those that are older than the job with this number.", {"type": "integer", "minimum": 1}),
    Parameter("number", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST}),
)
_ONE = (Parameter("id", "Of the job.", {"type": "string", "minLength": 1, "maxLength": LONGEST}, required=True),)
_JOBS = {"type": "array", "items": {"type": "object", "required": ["number", "id", "state"]}}
_OBJECT = {"type": "object"}
_RETRY: dict[str, Any] = {"ids": {**_IDS, "default": []}, "failed": {"type": "boolean", "default": False}}


class Jobs:
    """The jobs' database, for those who ask by HTTP. It is opened at the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: tuple[Any, Any] | None = None

    def paths(self) -> list[Path]:
        """The paths of this module."""
        more: dict[str, Any] = {"turn": CapacityLimiter(AT_A_TIME), "limit": LIMIT}
        change = {**more, "needs": Right.CHANGE, "schema": _OBJECT}
        return [
            Path("GET", "/api/jobs", "Jobs, the newest first.", self.jobs, parameters=_LIST, schema=_JOBS, **more),
            Path("GET", "/api/jobs/stats", "How the queue is, and its processors.", self.stats, schema=_OBJECT, **more),
            Path("GET", "/api/jobs/job", "One job: all that is known of an id.", self.job, parameters=_ONE,
                 schema=_OBJECT, **more),
            Path("POST", "/api/jobs/prioritize", "Ask for jobs to be done first.", self.prioritize,
                 body={"ids": {**_IDS, "minItems": 1}}, **change),
            Path("POST", "/api/jobs/retry", f"Do these again, or about {AGAIN} of those that failed.", self.retry,
                 body=_RETRY, **change),
        ]  # fmt: skip

    def jobs(self, asked: Asked) -> Response:
        """A list."""
        _, database = self._open()
        from WardenServer.plugins.common.jobs import looking

        state, since, before = (asked.get(name) for name in ("state", "since", "before"))
        if state and state not in _STATES:
            raise Refused(400, f"state is {state[:40]!r}; write {', '.join(_STATES)}")
        wanted = looking.Wanted(
            looking.State(state) if state else None, asked.get("owner"), asked.get("match"),
            max(0.0, time.time() - max(0.0, moment(since, zone(self._settings)))) if since else None,
            _number("before", before, 2**31 - 1) if before else None,
        )  # fmt: skip
        found = looking.newest(database, wanted, _number("number", asked.get("number", str(USUAL)), MOST))
        return as_json([asdict(job) for job in found])

    def stats(self, asked: Asked) -> Response:
        """The numbers of the queue, and the processors as `workers`."""
        jobs, database = self._open()
        from WardenServer.plugins.common.jobs import status, workers

        listed = [asdict(each) for each in workers.workers(database, jobs.check_in)]
        return as_json({**asdict(status.server_status(database, jobs)), "workers": listed})

    def job(self, asked: Asked) -> Response:
        """A job, null where the queue has none; its steps with their sentences, and how it is now."""
        jobs, database = self._open()
        from WardenServer.plugins.common.jobs import looking, why

        account = why.why(database, jobs, asked.get("id"))
        job = looking.one(database, account.id)
        steps = [{"at": at, "text": text} for at, text in account.steps]
        about = {"id": account.id, "is_known": account.is_known, "steps": steps, "now": account.now}
        return as_json({**about, "job": None if job is None else asdict(job)})

    def prioritize(self, asked: Asked) -> Response:
        """The state of each, null where the queue has none."""
        ids = _ids(asked.body.get("ids"))
        if not ids:
            raise Refused(400, 'the body names no ids; send {"ids": ["ID"]}')
        _, database = self._open()
        from WardenServer.plugins.common.jobs import looking, requests

        _tell("prioritize", asked, ids)
        states = looking.states(database, ids)
        try:
            requests.ask(database, ids)
        except SettingError as error:
            raise Refused(400, f"{error}; all others are asked for") from None
        return as_json({"states": {id: states.get(id) for id in ids}})

    def retry(self, asked: Asked) -> Response:
        """The ids of those that wait again, why others do not, and whether there may be more that have failed."""
        ids, is_failed = _ids(asked.body.get("ids", [])), asked.body.get("failed", False)
        if not isinstance(is_failed, bool) or is_failed == bool(ids):
            raise Refused(400, 'the body must have either {"ids": ["ID"]} or {"failed": true}')
        jobs, database = self._open()
        from WardenServer.plugins.common.jobs import again, looking

        _tell("retry", asked, ids or ["all that have failed"])
        trouble, reason = again.trouble_of(jobs), "somebody has asked for it on the web page"
        if ids:
            done = again.these(database, ids, trouble, reason)
        else:
            done = again.failed(database, looking.Wanted(), trouble, reason, AGAIN)
        return as_json({**asdict(done), "more": is_failed and len(done.ids) >= AGAIN})

    def _open(self) -> tuple[Any, Any]:
        """The table and the database; raises SettingError where there is no table, Unreachable without the library."""
        with self._lock:
            if self._opened is None:
                jobs = jobs_of(self._settings)
                with libraries(Unreachable):
                    from WardenServer.plugins.common.jobs.database import Database
                self._opened = jobs, Database(jobs.url)
            return self._opened


def _tell(what: str, asked: Asked, ids: Sequence[str]) -> None:
    who = asked.request.client
    log.info("%s %d jobs, such as %.80s, by %s", what, len(ids), ascii(ids[0]), who.host if who else "somebody")


def _ids(said: Any) -> list[str]:
    right = isinstance(said, list) and all(isinstance(id, str) and 0 < len(id) <= 255 for id in said)
    if not right or len(said) > MOST_IDS:
        raise Refused(400, f"ids is no list of up to {MOST_IDS} ids, each of 1 to 255 characters; correct it")
    return list(dict.fromkeys(said))


def _number(name: str, said: str, most: int) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 11 and 1 <= int(said) <= most):
        raise Refused(400, f"{name} is {said[:40]!r}; write a whole number from 1 to {most}")
    return int(said)
