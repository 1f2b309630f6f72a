"""Whether all is well, in one code, for those who watch over many programs."""

from starlette.responses import Response

from WardenServer.web.follow import Follow
from WardenServer.web.paths import Asked, Parameter, Path, as_json

_STRICT = Parameter("strict", "Given, ALARM is 503 too.", {"type": "string", "maxLength": 10})


def paths(follow: Follow) -> list[Path]:
    """The path of this module."""

    def health(asked: Asked) -> Response:
        """200 where the hub runs, also with agents that fail; 503 where it does not."""
        hub = follow.view.hub or {}
        state = str(hub.get("state", "UNKNOWN"))
        good = state == "RUNNING" or (state == "ALARM" and "strict" not in asked.query)
        word = "degraded" if good and state == "ALARM" else "ok" if good else "failed"
        status = follow.view.problem or str(hub.get("status", ""))
        return as_json({"state": state, "health": word, "status": status}, 200 if good else 503)

    text = "200 where the hub is RUNNING, and with ALARM as degraded; else 503."
    return [Path("GET", "/health", text, health, parameters=(_STRICT,), schema={"type": "object"})]
