"""What a hub writes to Memcached, made up: any number of agents with sine waves, and whatever is to be wrong."""

import json
import math
from typing import Any

from pymemcache.client.base import Client

#: What the agents of the fake hub measure, by field: how they begin, and what their entries say.
_KINDS: dict[str, tuple[float, dict[str, Any]]] = {
    "Current": (100, {"type": "float", "unit": "mA", "format": "%6.2f", "min_alarm": "91", "min_warning": "93"}),
    "Lifetime": (8, {"type": "float", "unit": "h", "format": "%.3f", "max_warning": "12.5"}),
    "Count": (5000, {"type": "int", "unit": ""}),
}
STATES = ("OPEN", "CLOSED")


class FakeHub:
    """A beamline at a time: `agents` of them, of which those named in `bad` are in that state."""

    def __init__(self, agents: int, bad: dict[str, str] | None = None, instance: str = "local") -> None:
        self.names = [f"agent_{number:03d}" for number in range(agents)]
        self.bad = bad or {}
        self.instance = instance
        self.state = "RUNNING"

    def hub(self, now: float, ticks: int) -> dict[str, Any]:
        """The document of the hub about itself."""
        agents = {name: self._agent(name, now, ticks) for name in self.names}
        wrong = [name for name in self.names if self.bad.get(name) in ("failing", "stalled", "refused")]
        state = "ALARM" if wrong and self.state == "RUNNING" else self.state
        return {
            "state": state, "status": f"{len(self.names)} agents run.", "instance": self.instance,
            "device": f"warden/hub/{self.instance}", "tango_host": "127.0.0.1:10000",
            "memcached": ["127.0.0.1:11211"], "memcached_ok": True, "tick": 0.1, "ticks": ticks, "missed": 0,
            "lateness_p99": 0.0012, "problems": [], "notes": [], "sinks": {}, "agents": agents, "timestamp": now,
        }  # fmt: skip

    def _agent(self, name: str, now: float, ticks: int) -> dict[str, Any]:
        state = self.bad.get(name, "good")
        entry: dict[str, Any] = {
            "state": state, "key": name, "interval": 1.0, "at": None, "offset": 0.0, "runs": ticks // 10,
            "failures": 0, "skipped": 0, "lateness_p99": 0.0011, "last_error": None, "age": 0.4, "since": None,
            "reason": None, "tries_every": None, "skipping": 0, "cpu": 0.01, "pending": False, "warnings": {},
        }  # fmt: skip
        if state != "good":
            entry |= {"failures": 7, "since": now - 300, "age": 300.0, "last_error": _ERRORS.get(state)}
        return entry

    def documents(self, now: float) -> dict[str, Any]:
        """The documents of the agents, by key."""
        return {name: self._document(number, name, now) for number, name in enumerate(self.names)}

    def _document(self, number: int, name: str, now: float) -> dict[str, Any]:
        if self.bad.get(name) in _ERRORS:
            return {**dict.fromkeys([*_KINDS, "Shutter"]), "timestamp": now, "error": _ERRORS[self.bad[name]]}
        wave = math.sin(now / 20 + number)
        values = {field: round(begin * (1 + 0.1 * wave), 4) for field, (begin, _) in _KINDS.items()}
        values["Count"] = int(values["Count"])
        return {**values, "Shutter": STATES[int(now / 30) % 2], "timestamp": now}

    def fields(self, now: float) -> dict[str, Any]:
        """The document of the fields."""
        kinds = {field: said for field, (_, said) in _KINDS.items()} | {"Shutter": {"type": "str"}}
        entries = {f"{name}.{field}": self._field(name, field, said) for name in self.names
                   for field, said in kinds.items()}  # fmt: skip
        return {**entries, "timestamp": now}

    def _field(self, name: str, field: str, said: dict[str, Any]) -> dict[str, Any]:
        quality = "INVALID" if self.bad.get(name) in _ERRORS else "VALID"
        return {"agent": name, "key": name, "field": field, "attribute": f"{name}_{field}", **said, "quality": quality}

    def alarms(self, now: float) -> dict[str, Any]:
        """The document of the alarms: one for each agent that is not well."""
        return {"timestamp": now} | {f"rule_{name}": _alarm(f"rule_{name}", name, now) for name in self.bad}

    def write(self, client: Client, now: float, ticks: int) -> None:
        """Write all of it to Memcached, as the hub does."""
        own = f"warden.{self.instance}"
        said = {own: self.hub(now, ticks), f"{own}.fields": self.fields(now), f"{own}.alarms": self.alarms(now)}
        everything = {**said, **self.documents(now)}
        client.set_many({key: json.dumps(document) for key, document in everything.items()}, expire=30, noreply=False)


_ERRORS = {
    "failing": "plugins/ring.py:12: the device p02/ring/1 does not answer; start its server",
    "stalled": "plugins/ring.py: the run started 300 s ago has not ended, it is at ring.py:14 read; TIMEOUT is 10 s",
    "refused": "plugins/ring.py:3: INTERVALL is unknown; did you mean INTERVAL?",
}


def _alarm(rule: str, agent: str, now: float) -> dict[str, Any]:
    return {
        "rule": rule, "subject": "", "state": "alarm", "severity": "alarm", "agent": agent, "since": now - 300,
        "text": f"{agent} has no data", "told": True, "quiet": "", "muted_until": None, "flaps": False,
        "acknowledged": False,
    }  # fmt: skip

