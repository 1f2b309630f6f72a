"""What the hub does when it is told to, and all about one agent: through the Tango device, off the event loop."""

import json
import logging
from functools import partial
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import WardenError
from WardenServer.servers import client
from WardenServer.settings.config import Settings
from WardenServer.web.follow import Follow
from WardenServer.web.paths import Asked, Path, Refused, Right, as_json

log = logging.getLogger("warden.web")

#: Questions to the device at a time.
AT_A_TIME = 4
_TEXT: dict[str, Any] = {"type": "string", "maxLength": 1000}
_RULE = {"rule": _TEXT}
_UNTIL = {"type": "number", "description": "Unix seconds", "exclusiveMinimum": 0, "exclusiveMaximum": 1e11}
_MUTE = {**_RULE, "until": _UNTIL, "why": _TEXT}
_SAID = {"type": "object", "properties": {"said": {"type": "string"}}}


class Device:
    """The hub's device, for those who ask by HTTP."""

    def __init__(self, settings: Settings, follow: Follow) -> None:
        self._settings, self._follow = settings, follow
        self._turn = CapacityLimiter(AT_A_TIME)

    def paths(self) -> list[Path]:
        """The paths of this module."""
        return [*self._looks(), *self._commands()]

    def _looks(self) -> list[Path]:
        hangs = "One agent, with its fields; with its stack where it hangs."
        look = partial(Path, "GET", schema={"type": "object"})
        return [
            look("/api/agents", "All agents, by name.", self.agents),
            look("/api/agents/{name}", hangs, self.agent, turn=self._turn),
            look("/api/agents/{name}/source", "Its file and settings.", self.source, Right.CHANGE, turn=self._turn),
        ]

    def _commands(self) -> list[Path]:
        change = partial(Path, "POST", needs=Right.CHANGE, schema=_SAID, turn=self._turn)
        return [
            change("/api/agents/{name}/run", "Run it now.", partial(self.tell_agent, "RunAgent"), body={}),
            change("/api/agents/{name}/start", "Schedule it again.", partial(self.tell_agent, "StartAgent"), body={}),
            change("/api/agents/{name}/stop", "Run it no more.", partial(self.tell_agent, "StopAgent"), body={}),
            change("/api/hub/start", "Let the agents run.", partial(self.tell, "Start"), body={}),
            change("/api/hub/stop", "Start no agent any more.", partial(self.tell, "Stop"), body={}),
            change("/api/hub/reload", "Read the plugin files again.", partial(self.tell, "Reload"), body={}),
            change("/api/alarms/mute", "Tell nobody of a rule for a time.", partial(self.say, "Mute"), body=_MUTE),
            change("/api/alarms/unmute", "Tell people again.", partial(self.say, "Unmute"), body=_RULE),
            change("/api/alarms/acknowledge", "Send no reminders.", partial(self.say, "Acknowledge"), body=_RULE),
        ]

    def agents(self, asked: Asked) -> Response:
        """All agents as the hub's document has them."""
        return as_json(self._follow.view.agents)

    def agent(self, asked: Asked) -> Response:
        """One agent."""
        name, view = asked.place["name"], self._follow.view
        entry = self._entry(name)
        fields = [key for key, field in view.fields.items() if field.get("agent") == name]
        stack = self._stack(name) if entry.get("state") == "stalled" else None
        return as_json({**entry, "fields": fields, "stack": stack})

    def source(self, asked: Asked) -> Response:
        """The agent's file and settings."""
        name = asked.place["name"]
        self._entry(name)
        about = self._about(name)
        return as_json({part: about.get(part) for part in ("file", "source", "settings")})

    def tell_agent(self, command: str, asked: Asked) -> Response:
        """A command about one agent."""
        name = asked.place["name"]
        self._entry(name)
        return self._command(asked, command, name)

    def tell(self, command: str, asked: Asked) -> Response:
        """A command about the hub."""
        return self._command(asked, command)

    def say(self, command: str, asked: Asked) -> Response:
        """A command about an alarm."""
        return self._command(asked, command, json.dumps(asked.body))

    def _command(self, asked: Asked, command: str, argument: str | None = None) -> Response:
        who = asked.request.client
        log.info("%s %.80s by %s", command, argument or "", who.host if who else "somebody")
        return as_json({"said": client.command(self._settings, command, argument) or ""})

    def _entry(self, name: str) -> dict[str, Any]:
        view = self._follow.view
        if name not in view.agents:
            raise Refused(404, f'there is no agent "{name}"; there are: {", ".join(view.agents)[:500] or "none"}')
        return dict(view.agents[name])

    def _stack(self, name: str) -> list[str] | None:
        try:
            return list(self._about(name)["stack"])
        except WardenError:  # the rest of the answer stands without it
            return None

    def _about(self, name: str) -> dict[str, Any]:
        return dict(json.loads(client.command(self._settings, "GetAgent", name)))
