"""What happens once: an alarm, the difference between two runs, a job that failed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from WardenServer.errors import FieldError

#: Most characters of an event's text and of its id, and most events that may go out with one result.
LONGEST_TEXT, LONGEST_ID, MOST = 10_000, 200, 100


class Severity(StrEnum):
    """How much an event matters."""

    INFO = "info"
    WARNING = "warning"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `id` is its name for good: an event with an id that was told before is the same one, and is kept once.
    `timestamp` in Unix seconds. `to` are the targets of the notifier that are told."""

    id: str
    timestamp: float
    agent: str
    severity: Severity
    text: str
    to: tuple[str, ...] = ()


#: How the ids of events begin that the hub itself makes; no agent can make such ones.
OURS = "warden:"
#: How the ids of an alarm, of one that nobody was told of, and of the end of either begin: the rest is the same.
ALARM, QUIET, CLEAR = f"{OURS}alarm:", f"{OURS}quiet:", f"{OURS}clear:"


def own_id(kind: str, rule: str, subject: str, stamp: float) -> str:
    """The id of an event of a rule, for good: of what kind, about what, and since when in Unix seconds."""
    return f"{OURS}{kind}:{rule}:{subject[: LONGEST_ID - 100]}:{stamp:.3f}"


def read_id(id: str) -> tuple[str, str, str, str] | None:
    """Kind, rule, subject and time of an id that `own_id` made; None of others."""
    if not id.startswith(OURS):
        return None
    kind, _, rest = id.removeprefix(OURS).partition(":")
    rule, _, rest = rest.partition(":")
    subject, _, stamp = rest.rpartition(":")
    return kind, rule, subject, stamp


def end_of(id: str) -> str:
    """The id of the end of an alarm."""
    return CLEAR + id[len(ALARM) :]


def make(id: Any, timestamp: float, agent: str, severity: Any, text: Any) -> Event:
    """An event from what a plugin says.

    Raises:
        FieldError: a part of it is none; the text has the cure.
    """
    if not isinstance(text, str) or not text or len(text) > LONGEST_TEXT:
        raise FieldError(f"tell({text!r:.40}): write a text of 1 to {LONGEST_TEXT} characters")
    if not isinstance(id, str) or not id or len(id) > LONGEST_ID:
        raise FieldError(f"tell(id={id!r:.40}): write a text of 1 to {LONGEST_ID} characters")
    if id.startswith(OURS):
        raise FieldError(f"tell(id={id!r:.40}): ids that begin with {OURS} are the hub's own; choose another")
    if severity not in list(Severity):
        raise FieldError(f"tell(severity={severity!r:.40}): write {', '.join(Severity)}")
    return Event(_storable(id), timestamp, agent, Severity(severity), _storable(text))


def _storable(text: str) -> str:
    """Lone surrogates (undecodable bytes of file names) become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
