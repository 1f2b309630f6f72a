"""Runs by HTTP: the list of them, differences that were found, the past of a parameter; and what people say of it."""

import logging
from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import SettingError
from WardenServer.settings.config import Settings
from WardenServer.web import runs_asked, runs_past, runs_shown
from WardenServer.web.paths import Asked, Parameter, Path, Refused, Right, as_json
from WardenServer.web.runs_asked import BEFORE, NAME, NUMBER, TWO, Opening, bounded
from WardenServer.web.runs_diff import Diff

log = logging.getLogger("warden.web")

#: Seconds within which there is an answer, and questions to the databases at a time.
LIMIT, AT_A_TIME = 10.0, 4
_SEARCH = Parameter("search", "Only those with this in their number, or in what is said of them.")
_MATCH = Parameter("match", "Only those with this in PARTITION:PARAMETER, in small or large letters.")
_ONE = tuple(Parameter(name, "Of the values.", NAME, required=True) for name in ("partition", "parameter"))
_OBJECT, _LIST = {"type": "object"}, {"type": "array"}
#: The number of a run in a body; as text where JavaScript has no such number.
_RUN = ["integer", "string"]
_REASON = {"type": "string", "minLength": 1, "maxLength": 1000}


class Runs:
    """Runs, for those who ask by HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._opened = Opening(settings)

    def paths(self) -> list[Path]:
        """The paths of this module, and of comparisons."""
        more: dict[str, Any] = {"turn": CapacityLimiter(AT_A_TIME), "limit": LIMIT}

        def get(
            name: str, text: str, answer: Callable[[Asked], Response], schema: Any, *parameters: Parameter
        ) -> Path:
            return Path("GET", f"/api/runs{name}", text, answer, parameters=parameters, schema=schema, **more)

        def post(name: str, text: str, answer: Callable[[Asked], Response], **body: Any) -> Path:
            return Path("POST", f"/api/runs{name}", text, answer, Right.CHANGE, body=body, schema=_OBJECT, **more)

        return [
            get("", "Runs, the newest first.", self.runs, _LIST, _SEARCH, BEFORE, NUMBER),
            get("/partitions", "Partitions of which one of two runs has values.", self.partitions, _LIST, *TWO),
            get("/differences", "Differences that were found, the newest first.", self.differences, _LIST, BEFORE,
                NUMBER),
            get("/parameters", "Parameters, each with its partition.", self.parameters, _LIST, _MATCH, NUMBER),
            get("/past", "The values of a parameter over runs.", self.past, _OBJECT, *_ONE, NUMBER),
            post("/acknowledge", "Say why a parameter changed in a run.", self.acknowledge, partition=NAME,
                 parameter=NAME, run={"type": _RUN}, reason=_REASON),
            post("/golden", "Measure others by this run; null: by none.", self.golden, run={"type": [*_RUN, "null"]}),
            *Diff(self._opened).paths(),
        ]  # fmt: skip

    def runs(self, asked: Asked) -> Response:
        """A list; the golden one is marked."""
        _, store, source = self._opened()
        from WardenServer.plugins.common.runs import golden

        search = runs_asked.text("search", asked.get("search"))
        found = source.newest(runs_asked.most(asked), runs_asked.before(asked), search)
        best = golden.golden(store, source.name) if found else None
        return as_json([runs_shown.run(each, best) for each in found])

    def partitions(self, asked: Asked) -> Response:
        """Sorted; of runs that are not there none."""
        old, new = runs_asked.sides(asked)
        return as_json(self._opened().source.partitions({old.run, new.run}))

    def differences(self, asked: Asked) -> Response:
        """A list; `text` is the beginning of the short form."""
        _, store, source = self._opened()
        from WardenServer.plugins.common.runs import differences

        found = differences.newest(store, source.name, runs_asked.most(asked), runs_asked.before(asked))
        return as_json([runs_shown.difference(each) for each in found])

    def parameters(self, asked: Asked) -> Response:
        """A list of partition and parameter."""
        match = runs_asked.text("match", asked.get("match"))
        found = self._opened().source.parameters(match, runs_asked.most(asked))
        return as_json([{"partition": partition, "parameter": parameter} for partition, parameter in found])

    def past(self, asked: Asked) -> Response:
        """The points, the oldest first; the spans of runs with the same value, the newest first; whether there may be
        more; and what people know of."""
        table, store, source = self._opened()
        from WardenServer.plugins.common.runs import acknowledging

        partition, parameter = (runs_asked.text(name, asked.get(name)) for name in ("partition", "parameter"))
        points = source.past(partition, parameter, most := runs_asked.most(asked))
        said = runs_past.past(points, table.rules.tolerance(partition, parameter))
        known = map(runs_shown.acknowledgement, acknowledging.of(store, source.name, partition, parameter))
        return bounded(as_json({**said, "more": len(points) >= most, "acknowledged": list(known)}))

    def acknowledge(self, asked: Asked) -> Response:
        """The run."""
        said = {name: runs_asked.text(name, each) if isinstance(each, str) else each
                for name, each in asked.body.items()}  # fmt: skip
        run = runs_asked.number("run", said.get("run"))
        return self._say(asked, {"acknowledge": {**said, "run": run, "by": _who(asked)}})

    def golden(self, asked: Asked) -> Response:
        """The run, or null."""
        if "run" not in asked.body:
            raise Refused(400, 'the body names no run; send {"run": 12}, or {"run": null}')
        run = asked.body["run"]
        return self._say(asked, {"golden": None if run is None else runs_asked.number("run", run)})

    def _say(self, asked: Asked, request: Any) -> Response:
        """What the agent would be asked; the answer has the same words."""
        _, store, source = self._opened()
        from WardenServer.plugins.common.runs import answering

        try:
            done = answering.answer(store, source, request)
        except SettingError as error:
            raise Refused(400, str(error)) from None
        log.info("%.300s, by %s", ascii(request), _who(asked))
        return as_json({name: runs_shown.exact(run) for name, run in done.items()})


def _who(asked: Asked) -> str:
    client = asked.request.client
    return client.host if client else "somebody"
