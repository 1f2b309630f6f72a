"""Keeps the process as the hub set it up, whatever one agent changes for all.

The things are read once, before any plugin is imported, and compared about once a second; what is not as it was is set
right, and people are told which agents ran meanwhile.
"""

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from WardenServer.machine import origin
from WardenServer.machine.clock import Clock
from WardenServer.machine.process_things import TIMERS, Thing, things
from WardenServer.running.news import News

log = logging.getLogger("warden")

#: Seconds that a change stands in the status, and names of agents that a sentence has at most.
SHOWN, MOST_NAMES = 600.0, 10


@dataclass
class _Kept:
    value: Any
    news: News = field(default_factory=News)


class Surroundings:
    """What a process is to be like; without effect until `open`. Any thread may call it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._kept: dict[Thing, _Kept] = {}
        self._said: dict[str, tuple[float, str]] = {}  # by thing: when, on the monotonic clock, and what
        self._looked = 0.0
        self._lock = threading.Lock()

    def open(self) -> None:
        """Take all as it is now for right. For the main thread, before any plugin is imported; once per process."""
        for _, number in TIMERS:
            signal.signal(number, _ignore)
        self._kept = {thing: _Kept(thing.read()) for thing in things()}
        origin.remember()
        self._looked = self._clock.monotonic()

    def change(self, thing: Thing, value: Any) -> None:
        """Set a thing that the hub itself changes now and then; from now on that is right."""
        with self._lock:
            thing.put(value)
            if thing in self._kept:
                self._kept[thing].value = thing.read()

    def look(self, ran: Callable[[float], Sequence[str]]) -> None:
        """Set right what was changed, and tell people; `ran` says who ran since a time on the monotonic clock."""
        with self._lock:
            since, self._looked = self._looked, self._clock.monotonic()
            found = {thing: said for thing, kept in self._kept.items() if (said := _mend(thing, kept))}
            names = ran(since) if found else []
            for thing, said in found.items():
                self._tell(thing, said, names)

    def _tell(self, thing: Thing, said: str, names: Sequence[str]) -> None:
        now = self._clock.monotonic()
        sentence = f"{thing.name} {said}; {_who(names)}"
        self._said[thing.name] = now, sentence
        if self._kept[thing].news.is_news(said, now):
            log.warning("%s", sentence)

    def notes(self) -> list[str]:
        """Sentences on what was changed lately."""
        recent = self._clock.monotonic() - SHOWN
        return [sentence for when, sentence in list(self._said.values()) if when > recent]


def _ignore(*_: object) -> None:
    """Of a timer's signal: one that is ignored would be so in child processes, too."""


def _mend(thing: Thing, kept: _Kept) -> str:
    """Set one thing right; what to say about it, if anything. It never raises: the other things must be looked at."""
    try:
        change = thing.change(kept.value, now := thing.read())
    except Exception as error:  # a plugin may have put anything there
        change, now = f"cannot be read any more ({type(error).__name__})", kept.value
    if not change:
        return ""
    try:
        thing.put(kept.value)
    except Exception as error:  # as above; it is said once, not at every look
        kept.value = now
        return f"{change} for the whole process and cannot be set back ({error!s:.80}): restart the hub"
    return f"{change} for the whole process and is set back"


def _who(names: Sequence[str]) -> str:
    if not names:
        return "no agent ran just before: look for threads that agents have left, and for files that were refused"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    ran = f"{', '.join(names[:MOST_NAMES])}{more} ran just before"
    return f"{ran}; take it out of the plugin file, or give that ISOLATE = True"


#: That of this process.
PROCESS = Surroundings()
