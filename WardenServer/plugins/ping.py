"""Is it the network: pings of many hosts, as PingER (SLAC) makes them. It runs where the settings have a table [ping].

    [ping]
    hosts = ["www.desy.de", "gateway.example.org 192.0.2.1 send=5", "2001:db8::1 # a comment"]
    beacons = "https://pinger.example.org/beacons.txt"
    gateway = "192.0.2.254"

Every half hour each host gets 10 pings of 100 bytes and 10 of 1000, a second apart. Raw data are appended to
ping-YYYY-MM.txt in PingER's format; samples that were measured while this machine was late stand in
marks-YYYY-MM.jsonl, too. Publishes in the document "ping":

    hosts               how many there are; answering, silent, without_name: those in each state
    round, took, next   when the last round began, how long the one before took, and when the next begins
    loss                of all pings of all hosts together
    method              how it is measured: raw, unprivileged (both ICMP), fping, ping (programs), or tcp (connections)
    lines, late         raw lines written since the start, and samples that were marked as late
    skipped             rounds left out since the start, for the one before took too long
    problem             what people should put right, else ""

In the document "ping.silent" `servers` are the hosts that gave no reply to any ping of the last round, for a rule:

    [notify.rules.network]
    missing = "ping.silent"
    after = "12h"
    reminder = "12h"

In the document "ping.HOST", for each size S of its pings:

    loss_S              % of the pings without a reply
    rtt_min_S, rtt_avg_S, rtt_max_S     reply times; jitter_S: the distance of the quartiles of their differences
    state               "answers", "silent", "no name" (DNS does not know it) or "not measured"
    address, method, measured           where and how it was measured, and when
    trouble             why it has no address or could not be measured, else ""
    marks               "late", "clock" or "tcp" where times are not to be trusted
    gateway_loss        % of the pings that the gateway lost meanwhile
    fault               where packets were lost: "ours" if the gateway lost some, too, else "theirs"

The first `attributes` hosts have Tango attributes as well. A round at once:

    warden ask ping '{"round": true}'
"""

import json
from typing import TYPE_CHECKING, Any

from WardenServer.agent import Agent, Place, Value
from WardenServer.errors import NoData, SettingError
from WardenServer.plugins.common.naming import field_names

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.probe.board import Snapshot
    from WardenServer.plugins.common.ping.probe.fields import Document
    from WardenServer.plugins.common.ping.probe.loop import Loop

INTERVAL = 60.0
KEY = "ping"
ISOLATE = True
EXCLUSIVE = True

SETTINGS = {"ping": ...}

_COUNT = {"dtype": "int", "format": "%d"}
_SECONDS = {"dtype": "float", "unit": "s", "format": "%.0f"}
_TEXT = {"dtype": "str"}
FIELDS = {
    **dict.fromkeys(("hosts", "answering", "silent", "without_name", "lines", "late", "skipped"), _COUNT),
    **dict.fromkeys(("round", "took", "next"), _SECONDS),
    "loss": {"dtype": "float", "unit": "%", "format": "%.1f"},
    **dict.fromkeys(("method", "problem"), _TEXT),
    "silent_servers": {"dtype": "str", "dims": 1, "key": "ping.silent", "name": "servers"},
}

loop: "Loop"


def setup(agent: Agent) -> None:
    """Read the table, and begin to measure."""
    global loop
    from WardenServer.plugins.common.ping.probe.loop import open_loop

    loop = open_loop(agent.settings["ping"], agent.log, agent.soon)
    loop.start()


def work(agent: Agent) -> dict[str, Any]:
    """Show what was measured."""
    seen = loop.snapshot()
    for text in seen.events:
        agent.tell(text, "warning")
    if seen.has_more:
        agent.soon()
    return agent.tolerate({**_summary(seen), **_hosts(seen, loop.attributes)})


def close(agent: Agent) -> None:
    """End the measuring."""
    loop.close()


def answer(agent: Agent, request: Any) -> dict[str, Any]:
    """Begin a round at once, unless one is running."""
    if request != {"round": True}:
        raise SettingError('the agent ping does not know this; ask {"round": true}')
    return {"round": loop.ask()}


def _summary(seen: "Snapshot") -> dict[str, Any]:
    state, total = seen.state, seen.total
    return {
        "hosts": total.hosts,
        "answering": total.answering,
        "silent": total.silent,
        "without_name": total.without_name,
        "round": state.began,
        "took": state.took,
        "next": state.next,
        "loss": total.loss,
        "method": state.method,
        "lines": state.lines,
        "late": state.late,
        "skipped": state.skipped,
        "problem": Value(state.problem, "WARNING" if state.problem else "VALID"),
        "silent_servers": NoData("no round was whole yet") if state.took is None else list(total.silent_names),
    }


def _hosts(seen: "Snapshot", attributes: int) -> dict[str, Any]:
    """The documents of all hosts: those of the first ones as fields, those of the others each as one text."""
    from WardenServer.plugins.common.ping.probe.fields import properties

    fields: dict[str, Any] = {}
    names = list(seen.documents)
    for name, short in zip(names, field_names(names), strict=True):
        document, key = seen.documents[name], _key(name)
        if attributes <= 0:
            fields[f"{short}_document"] = Value(_text(document), place=Place(key, "document"))
            continue
        attributes -= 1
        for field, value in document.items():
            said = {"timestamp": document["measured"], "properties": properties(field)}
            fields[f"{short}_{field}"] = Value(value, **said, place=Place(key, name=field))
    return fields


def _key(name: str) -> str:
    """Where the document of a host is; a host may be called "silent"."""
    return "ping.silent." if name == "silent" else f"ping.{name}"


def _text(document: "Document") -> str:
    """A document as the hub would write it."""
    return json.dumps({**document, "timestamp": document["measured"]})
