"""Why a field has no value, now or at a time: what everybody who looks at a gap asks."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from WardenServer.errors import Unreachable, WardenError
from WardenServer.results import hub_document
from WardenServer.results.field import PLAIN
from WardenServer.results.hub_document import AgentEntry, HubDocument
from WardenServer.servers import client
from WardenServer.settings.config import Settings
from WardenServer.sinks.history import reading
from WardenServer.sinks.history.ask import History
from WardenServer.sinks.history.parts import DAY
from WardenServer.sinks.history.question import Range

#: Seconds that are searched before a time for the value that counted then.
BEFORE = 3600.0


class Why(NamedTuple):
    """What there is to say: a sentence, since when in Unix seconds, and what to do about it."""

    text: str
    since: float | None = None
    cure: str = ""

    def __str__(self) -> str:
        since = "" if self.since is None else f" (since {_clock(self.since)})"
        return f"{self.text}{since}{f'; {self.cure}' if self.cure else ''}"


class Seen(NamedTuple):
    """What is in Memcached now. `problem` says why there is nothing, `document` gives that of a key: a mapping, the
    value of a plain key, or None."""

    problem: str
    hub: HubDocument | None
    fields: Mapping[str, Any]
    document: Callable[[str], Any]


def look(settings: Settings) -> Seen:
    """Look into Memcached."""
    try:
        hub = hub_document.read(json.loads(client.document(settings, settings.hub_key)))
        table = json.loads(client.document(settings, settings.fields_key))
    except Unreachable as error:
        return Seen(str(error), None, {}, lambda key: None)
    except (WardenError, ValueError):
        return Seen("", None, {}, lambda key: None)
    fields = {name: entry for name, entry in table.items() if isinstance(entry, dict)}  # beside its timestamp
    return Seen("", hub, fields, lambda key: _document(settings, key))


def _document(settings: Settings, key: str) -> Any:
    try:
        said = client.document(settings, key)
    except WardenError:  # it is not there
        return None
    try:
        return json.loads(said)
    except ValueError:  # plain text
        return said


def named(seen: Seen, history: History, name: str) -> tuple[str, str]:
    """Key and field of KEY.FIELD, of a field that is there now or was once; raises WardenError where it is neither."""
    entry = seen.fields.get(name)
    return history.named(name) if entry is None else (str(entry["key"]), str(entry["field"]))


# -- now


def now(seen: Seen, history: History, key: str, field: str) -> Why:
    """Why a field has no value now, or that it has one."""
    if seen.hub is None:
        if seen.problem:
            return Why(seen.problem, cure="start it, or correct the setting memcached")
        return Why("the hub does not run: it says nothing in Memcached", cure="see: warden status")
    entry = next((each for each in seen.fields.values() if (each["key"], each["field"]) == (key, field)), None)
    if entry is None:
        return _unknown(seen.hub, history, key, field)
    if seen.hub.state == "ON":
        return Why("the hub is stopped: no agent runs", cure="start it with: warden start")
    agent = seen.hub.agents.get(entry["agent"])
    if agent is not None and (said := _of_agent(entry["agent"], agent)) is not None:
        return said
    return _of_document(seen.document(key), key, field, entry["agent"])


def _unknown(hub: HubDocument, history: History, key: str, field: str) -> Why:
    for name, agent in hub.agents.items():
        if agent.state == "refused" and key in (name, agent.key):
            return Why(f"agent {name} is refused: {agent.last_error}", cure="correct its file, then: warden reload")
    try:
        last = [known.last for known in history.known() if (known.key, known.field) == (key, field)]
    except WardenError:
        last = []
    if last:
        return Why(f"no agent fills {key}.{field} any more", max(last), "see which agents run: warden status")
    return Why(f"no agent has ever filled {key}.{field}", cure="see what there is: warden history list")


_STATES = {
    "failing": ("fails", "correct what it says; it tries again by itself"),
    "stalled": ("hangs", "see where: warden status; ISOLATE = True lets the hub end such a run"),
    "refused": ("is refused", "correct its file, then: warden reload"),
    "no data": ("has no data", ""),
    "stopped": ("is stopped", "start it with the command StartAgent"),
    "waiting": ("has not run yet", "wait for its first run"),
}


def _of_agent(name: str, agent: AgentEntry) -> Why | None:
    """What the state of its agent says; None where that is good."""
    if agent.state not in _STATES:
        return None
    verb, cure = _STATES[agent.state]
    reason = agent.reason or agent.last_error
    return Why(f"agent {name} {verb}{f': {reason}' if reason else ''}", agent.since, cure)


def _of_document(said: Any, key: str, field: str, agent: str) -> Why:
    if said is None:
        cure = "give Memcached more memory (-m), or raise `expire`"
        return Why(f"agent {agent} is good, but Memcached has dropped {key}, or its life is over", cure=cure)
    document = said if isinstance(said, dict) else {PLAIN: said}
    since = document.get("timestamp")
    if document.get(field) is not None:
        return Why(f"{key}.{field} has a value: {document[field]!r:.100}", since)
    reasons = str(document.get("reason") or document.get("error") or "its agent returned None, or NaN")
    own = [each.removeprefix(f"{field}: ") for each in reasons.split("; ") if each.startswith(f"{field}: ")]
    return Why(f"{key}.{field} is null: {own[0] if own else reasons}", since)


# -- then


def then(settings: Settings, history: History, key: str, field: str, at: float) -> Why:
    """Why a field had no value at a time, in Unix seconds, or which it had.

    Raises:
        WardenError: there is no history, or nothing of this field in it.
    """
    if at > time.time():
        raise WardenError("the time is in the future; nobody knows yet")
    found = history.range(key, field, at - BEFORE, at)
    gap = next((gap for gap in reversed(found.gaps) if gap.begin <= at and (gap.end is None or at < gap.end)), None)
    if gap is not None:
        return Why(f"{key}.{field} had no value: {gap.reason}", gap.begin)
    if found.seconds:
        return _thinned(found, at, settings.history_raw)
    last = _last(found)
    if last is None:
        return Why(f"{key}.{field} had no value yet, or its values of that time have been deleted")
    return Why(f"{key}.{field} was {last[1]!r:.100}", last[0])


def _last(found: Range) -> tuple[float, Any] | None:
    if not len(found.time):
        return found.before
    return float(found.time[-1]), reading.bare(found.columns["value"][-1])


def _thinned(found: Range, at: float, keep: float) -> Why:
    text = f"single values are kept for {keep / DAY:g} days; those of {_clock(at)} have been thinned away"
    if not len(found.time):
        return Why(f"{text}, and there is no point of that time", cure="the setting history_raw says how long")
    low, mean, high = (float(found.columns[name][-1]) for name in ("min", "mean", "max"))
    span = f"{found.seconds} s from {_clock(float(found.time[-1]))}"
    return Why(f"{text}; in the {span} it was {low:g} to {high:g}, {mean:g} in the mean")


def _clock(stamp: float) -> str:
    return time.strftime("%F %T", time.localtime(stamp))
