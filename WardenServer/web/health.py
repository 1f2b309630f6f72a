"""Whether all is well, in one code, for those who watch over many programs."""

from starlette.responses import Response

from WardenServer.web.follow import Follow
from WardenServer.web.paths import Asked, Parameter, Path, as_json

_STRICT = Parameter("strict", "Given, ALARM is 503 too.")


class Health:
    """The health of the hub, for those who ask by HTTP."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow

    def paths(self) -> list[Path]:
        """The path of this module."""
        text = "200 where the hub is RUNNING, and with ALARM as degraded; else 503."
        return [Path("GET", "/health", text, self.health, parameters=(_STRICT,), schema={"type": "object"})]

    def health(self, asked: Asked) -> Response:
        """200 where the hub runs, also with agents that fail; 503 where it does not."""
        hub = self._follow.view.hub or {}
        state = str(hub.get("state", "UNKNOWN"))
        good = state == "RUNNING" or (state == "ALARM" and "strict" not in asked.query)
        word = "degraded" if good and state == "ALARM" else "ok" if good else "failed"
        status = self._follow.view.problem or str(hub.get("status", ""))
        said = {"state": state, "health": word, "status": status}
        return as_json(said if good else {**said, "error": status}, 200 if good else 503)
