"""What the hub says of itself, made from plain records: state, status text and the document `warden.<instance>`."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: States of an agent in which somebody should look at it.
BAD = ("failing", "stalled", "refused")

#: Share of a processor from which on an agent is named for it.
MUCH = 0.5

#: An agent whose file was refused.
REFUSED: Mapping[str, Any] = {
    "state": "refused", "key": None, "interval": None, "offset": None, "runs": 0, "failures": 0, "skipped": 0,
    "lateness_p99": None, "last_error": None, "age": None, "since": None, "reason": None, "tries_every": None,
    "skipping": 0, "cpu": 0.0, "pending": False, "warnings": {},
}  # fmt: skip


def p99(values: Iterable[float]) -> float:
    """The 99th percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[int(0.99 * (len(ordered) - 1) + 0.5)] if ordered else 0.0


#: Seconds in which the same sentence is logged once, and how many different ones are in that time.
SILENCE, MOST_SAID = 600.0, 10


class News:
    """Which sentences on an agent are worth a line in the log: one that goes to and fro says each once in a while."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_news(self, sentence: str, now: float) -> bool:
        """Whether a sentence is to be logged at `now`, on the monotonic clock; then it is no news for some time."""
        self._said = {said: when for said, when in self._said.items() if now - when < SILENCE}
        news = sentence not in self._said and len(self._said) < MOST_SAID
        if news:
            self._said[sentence] = now
        return news


class Overruns:
    """Says once what becomes of runs that are skipped because the last one still goes on, as netdata's SkipTracker:
    INFO at the first skip, WARNING when it goes on (at twice the number each time), INFO when it is over."""

    def __init__(self) -> None:
        self.skipped = 0  # in the overrun that goes on; 0 when there is none
        self._counted = 0
        self._next = 2

    def look(self, counted: int, age: float | None) -> tuple[int, str] | None:
        """What to log, as level and sentence. `counted` are all skips so far, `age` the seconds since the start of the
        run that goes on, if one does."""
        more, self._counted = counted - self._counted, counted
        since = "" if age is None else f"; the last one started {age:.1f} s ago"
        if more <= 0:
            return self._recover() if self.skipped and age is None else None
        self.skipped += more
        if self.skipped == 1:
            return logging.INFO, f"a run was skipped, since the one before takes longer than INTERVAL{since}"
        if self.skipped < self._next:
            return None
        self._next = 2 * self.skipped
        return logging.WARNING, f"{self.skipped} runs were skipped, since runs take longer than INTERVAL{since}"

    def _recover(self) -> tuple[int, str]:
        said = f"runs on time again; {self.skipped} run(s) were skipped"
        self.skipped, self._next = 0, 2
        return logging.INFO, said


def with_refused(agents: Mapping[str, Mapping[str, Any]], refused: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The agents with those that were refused: as agents of their own, or as failing where the old code runs on."""
    merged = {name: dict(agent) for name, agent in agents.items()}
    for name, reason in refused.items():
        if name in merged:
            merged[name].update(state="failing", last_error=f"{reason}; the old code runs on")
        else:
            merged[name] = {**REFUSED, "last_error": reason}
    return dict(sorted(merged.items()))


def state(running: bool, agents: Mapping[str, Mapping[str, Any]], problems: Sequence[str]) -> str:
    """The Tango state's name: FAULT nothing can run, ON stopped, ALARM something is wrong, else RUNNING."""
    if all(agent["state"] == "refused" for agent in agents.values()):
        return "FAULT"
    if not running:
        return "ON"
    return "ALARM" if problems or any(agent["state"] in BAD for agent in agents.values()) else "RUNNING"


_FIRST_LINE = {
    "INIT": "The agents are being loaded.",
    "ON": "Stopped, {} agents loaded; Start lets them run.",
    "FAULT": "No agent can run; put plugin files into the plugin folder (warden new NAME) and Reload.",
    "RUNNING": "{} agents run.",
    "ALARM": "{} agents run, and something needs care.",
}


def status(
    state: str, agents: Mapping[str, Mapping[str, Any]], problems: Sequence[str], notes: Sequence[str] = ()
) -> str:
    """The text an operator reads: what is wrong, since when, why, and the cure; then notes, which are no failures."""
    able = sum(agent["state"] != "refused" for agent in agents.values())
    lines = [_FIRST_LINE[state].format(able), *problems]
    for name, agent in agents.items():
        lines += _lines(name, agent)
    lines += [f"Note: {note}" for note in notes]
    return "\n".join(lines)


def _lines(name: str, agent: Mapping[str, Any]) -> list[str]:
    lines = []
    if agent["state"] in BAD:
        since = f" since {time.strftime('%F %T', time.localtime(agent['since']))}" if agent["since"] else ""
        again = f"; tried every {agent['tries_every']:.3g} s" if agent["tries_every"] else ""
        lines.append(f"{name} is {agent['state']}{since}: {agent['last_error']}{again}")
    elif agent["state"] in ("stopped", "no data"):
        lines.append(f"{name}: {agent['state']}" + (f": {agent['reason']}" if agent["reason"] else ""))
    if agent["skipping"]:
        lines.append(f"{name} skips: {agent['skipping']} run(s), since they take longer than INTERVAL; raise that")
    if agent["cpu"] > MUCH:
        lines.append(f"{name} uses {agent['cpu']:.0%} of a processor; ISOLATE = True gives it a process of its own")
    if agent["pending"]:
        lines.append(f"{name}: its new code waits for the next run")
    return lines + [f"{name} warns: {text}" for text in agent["warnings"].values()]
