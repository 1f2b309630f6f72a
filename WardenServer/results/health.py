"""How the hub is, judged by its agents: state and status text."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from WardenServer.results.hub_document import AgentEntry

#: States of an agent in which somebody should look at it.
BAD = ("failing", "stalled", "refused")

#: Share of a processor from which on an agent is named for it.
MUCH = 0.5


def p99(values: Iterable[float]) -> float:
    """The 99th percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[int(0.99 * (len(ordered) - 1) + 0.5)] if ordered else 0.0


def with_refused(agents: Mapping[str, AgentEntry], refused: Mapping[str, str]) -> dict[str, AgentEntry]:
    """The agents with those that were refused: as agents of their own, or as failing where the old code runs on."""
    merged = dict(agents)
    for name, reason in refused.items():
        if name in merged:
            merged[name] = replace(merged[name], state="failing", last_error=f"{reason}; the old code runs on")
        else:
            merged[name] = AgentEntry("refused", last_error=reason)
    return dict(sorted(merged.items()))


def state(running: bool, agents: Mapping[str, AgentEntry], problems: Sequence[str]) -> str:
    """The Tango state's name: FAULT nothing can run, ON stopped, ALARM something is wrong, else RUNNING."""
    if all(agent.state == "refused" for agent in agents.values()):
        return "FAULT"
    if not running:
        return "ON"
    return "ALARM" if problems or any(agent.state in BAD for agent in agents.values()) else "RUNNING"


_FIRST_LINE = {
    "INIT": "The agents are being loaded.",
    "ON": "Stopped, {} agents loaded; Start lets them run.",
    "FAULT": "No agent can run; put plugin files into the plugin folder (warden new NAME) and Reload.",
    "RUNNING": "{} agents run.",
    "ALARM": "{} agents run, and something needs care.",
}


def status(state: str, agents: Mapping[str, AgentEntry], problems: Sequence[str], notes: Sequence[str] = ()) -> str:
    """The text an operator reads: what is wrong, since when, why, and the cure; then notes, which are no failures."""
    able = sum(agent.state != "refused" for agent in agents.values())
    lines = [_FIRST_LINE[state].format(able), *problems]
    for name, agent in agents.items():
        lines += _lines(name, agent)
    lines += [f"Note: {note}" for note in notes]
    return "\n".join(lines)


def _lines(name: str, agent: AgentEntry) -> list[str]:
    lines = []
    if agent.state in BAD:
        since = f" since {time.strftime('%F %T', time.localtime(agent.since))}" if agent.since else ""
        again = f"; tried every {agent.tries_every:.3g} s" if agent.tries_every else ""
        lines.append(f"{name} is {agent.state}{since}: {agent.last_error}{again}")
    elif agent.state in ("stopped", "no data"):
        lines.append(f"{name}: {agent.state}" + (f": {agent.reason}" if agent.reason else ""))
    if agent.skipping:
        lines.append(f"{name} skips: {agent.skipping} run(s), since they take longer than INTERVAL; raise that")
    if agent.cpu > MUCH:
        lines.append(f"{name} uses {agent.cpu:.0%} of a processor; ISOLATE = True gives it a process of its own")
    if agent.pending:
        lines.append(f"{name}: its new code waits for the next run")
    return lines + [f"{name} warns: {text}" for text in agent.warnings.values()]
