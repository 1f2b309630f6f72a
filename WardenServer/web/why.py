"""Why a value is missing: in words, since when, and what to do."""

import time
from collections.abc import Mapping
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.settings.config import Settings
from WardenServer.web.follow import Follow
from WardenServer.web.history import History
from WardenServer.web.live import FIELD, KEY
from WardenServer.web.metrics import fresh_value
from WardenServer.web.paths import Asked, Parameter, Path, as_json
from WardenServer.web.period import moment
from WardenServer.web.view import View
from WardenServer.web.zone import zone

_AT = Parameter("at", "A time of the past: Unix seconds or ISO 8601.")
#: Seconds of history that are looked at before a time.
_BACK = 86400.0
_SAID = {"type": "object", "required": ["text", "since", "cure"]}
#: By state of an agent: what to do.
_CURES = {
    "refused": "correct its file, then reload",
    "failing": "correct what its last error says; `warden try FILE` shows its runs one by one",
    "stalled": "give the call it hangs at a time limit, or set ISOLATE = True in its file",
    "stopped": "start it again, by StartAgent or on its page",
    "waiting": "wait for its first run, or run it now",
    "no data": "see what it reads from",
}


class Why:
    """Answers from the newest view, and of the past from the history."""

    def __init__(self, settings: Settings, follow: Follow, history: History) -> None:
        self._settings, self._follow, self._history = settings, follow, history

    def paths(self) -> list[Path]:
        """The path of this module."""
        text = "Why a value is missing, now or at a time of the past."
        return [
            Path("GET", "/api/why", text, self.why, parameters=(KEY, FIELD, _AT), schema=_SAID, turn=CapacityLimiter(2))
        ]

    def why(self, asked: Asked) -> Response:
        """Text, since when in Unix seconds, and the cure; both may be null."""
        key, field = asked.get("key"), asked.get("field")
        if asked.get("at"):
            return as_json(self._then(key, field, moment(asked.get("at"), zone(self._settings))))
        return as_json(now(self._follow.view, key, field))

    def _then(self, key: str, field: str, at: float) -> dict[str, Any]:
        found, series = self._history.ask(key, field, at - _BACK, at, 0)
        for gap in found.gaps:
            if gap.begin <= at <= gap.end:
                return _said(f"nothing was kept: {gap.reason}", gap.begin)
        times = series.time.tolist() or ([series.before[0]] if series.before else [])
        if not times:
            return _said(f"nothing is known of {field} of {key} in the day before", None)
        return _said(f"the last value before was {at - times[-1]:.3g} s old", times[-1])


def now(view: View, key: str, field: str) -> dict[str, Any]:
    """What is said of a field now."""
    if view.hub is None:
        return _said(view.problem or "the hub does not publish", None)
    entries = [entry for entry in view.fields.values() if (entry["key"], entry["field"]) == (key, field)]
    if not entries:
        return _said(f"no agent fills {field} of {key} now", None, "`warden status` says which agents were refused")
    name = str(entries[0].get("agent"))
    agent: Mapping[str, Any] = view.agents.get(name, {})
    if (state := agent.get("state", "refused")) in _CURES:
        why = agent.get("last_error") or agent.get("reason")
        return _said(f"agent {name} is {state}{f': {why}' if why else ''}", agent.get("since"), _CURES[state])
    return _of_document(view, entries[0], name)


def _of_document(view: View, entry: Mapping[str, Any], agent: str) -> dict[str, Any]:
    """Of a field whose agent is good."""
    key, field = entry["key"], entry["field"]
    document = view.documents.get(key)
    if document is None:
        cure = "`warden status` says whether it was too large; else give Memcached more memory"
        return _said(f"{key} is not in Memcached, though agent {agent} is good", None, cure)
    said = document if isinstance(document, dict) else {"value": document}
    since = said.get("timestamp")
    if said.get(field) is None:
        reasons = said.get("reason")
        why = reasons.get(field) if isinstance(reasons, dict) else None
        return _said(why or said.get("error") or f"agent {agent} gave no value", since)
    if fresh_value(view, entry, time.time()) is None:
        return _said(f"the value is old: agent {agent} has given no newer one", since)
    return _said("the value is there", since)


def _said(text: str, since: float | None, cure: str | None = None) -> dict[str, Any]:
    return {"text": text, "since": since, "cure": cure}
