"""What is sent of the messages that wait: one by one, or many in one when there are too many. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from WardenServer.results.event import Event, Severity, end_of, read_id
from WardenServer.sinks.events.outbox import Message

#: So many letters within so many seconds go out one by one; what comes beyond follows together, once in PAUSE seconds.
SINGLE, WITHIN, PAUSE = 9, 600.0, 60.0
#: Most groups, and most characters of a line, in a letter about many.
LINES, LONGEST = 40, 300


@dataclass(frozen=True)
class Letter:
    """What is sent at once. `numbers` are the messages that it delivers."""

    numbers: tuple[int, ...]
    title: str
    text: str
    severity: Severity


def next_letter(messages: Sequence[Message], sent: Sequence[float], now: float, hub: str) -> Letter | float | None:
    """What is to be sent now of the messages that wait; the seconds until then; or None where there is nothing.

    Args:
        messages: what waits, the oldest first.
        sent: when letters were sent to this target, in seconds of any clock, the oldest first.
        now: on the same clock.
        hub: its name, for titles.
    """
    waiting = _without_ended(messages)
    if not waiting:
        return None
    recent = [stamp for stamp in sent if now - stamp < WITHIN]
    if len(recent) < SINGLE:
        return _single(waiting[0], hub)
    pause = recent[-1] + PAUSE - now if len(recent) > SINGLE else 0.0
    if pause > 0:
        return pause
    return _single(waiting[0], hub) if len(waiting) == 1 else _together(waiting, hub)


def _without_ended(messages: Sequence[Message]) -> list[tuple[Message, ...]]:
    """Messages, those on the begin and the end of one fault together where both still wait."""
    by_id = {message.event.id: message for message in messages}
    ended = {end_of(each.event.id) for each in messages if each.end is not None}
    together: list[tuple[Message, ...]] = []
    for message in messages:
        if message.end is not None:
            end = by_id.get(end_of(message.event.id))
            together.append((message,) if end is None else (message, end))
        elif message.event.id not in ended:
            together.append((message,))
    return together


def _single(messages: tuple[Message, ...], hub: str) -> Letter:
    first = messages[0]
    event, number = first.event, first.number
    word = "OVER" if first.end is not None else _word(event)
    title = f"[{hub}] {word} #{number}"
    text = first.end if first.end is not None else event.text
    return Letter(tuple(each.number for each in messages), title, text, event.severity)


def _together(waiting: Sequence[tuple[Message, ...]], hub: str) -> Letter:
    """One letter about many, by agent, each with its first cause."""
    messages = [message for each in waiting for message in each]
    by_agent: dict[str, list[Message]] = {}
    for message, *_ in waiting:
        by_agent.setdefault(message.event.agent, []).append(message)
    lines = [_line(agent, those) for agent, those in list(by_agent.items())[:LINES]]
    if len(by_agent) > LINES:
        lines.append(f"... and of {len(by_agent) - LINES} more agents; `warden events` has them all")
    worst = max((message.event.severity for message in messages), key=list(Severity).index)
    first, last = min(each.number for each in messages), max(each.number for each in messages)
    title = f"[{hub}] {len(waiting)} messages #{first} to #{last}"
    return Letter(tuple(each.number for each in messages), title, "\n".join(lines), worst)


def _line(agent: str, messages: Sequence[Message]) -> str:
    first = messages[0]
    said = first.end if first.end is not None else first.event.text
    when = datetime.datetime.fromtimestamp(first.event.timestamp).strftime("%H:%M:%S")
    many = f"{agent}: {len(messages)} messages, the first at {when}" if len(messages) > 1 else f"{agent}, {when}"
    return f"{many}: {said}"[:LONGEST]


def _word(event: Event) -> str:
    own = read_id(event.id)
    return "GOOD AGAIN" if own is not None and own[0] in ("clear", "steady") else event.severity.upper()
