"""What changed between two runs, by HTTP: as JSON, and as HTML for the page."""

from collections.abc import Sequence
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.differ.change import Comparison
from WardenServer.plugins.common.runs import comparing, opening
from WardenServer.plugins.common.runs.source import Side
from WardenServer.web import runs_asked, runs_shown
from WardenServer.web.paths import Asked, Parameter, Path, Refused, as_json
from WardenServer.web.runs_asked import MOST, NAME, TWO, Opening, bounded, sides

#: Partitions that one question may name.
PARTITIONS = 200
#: Seconds within which there is an answer, and comparisons at a time.
LIMIT, AT_A_TIME = 30.0, 2
VIEWS = ("short", "complete")
_WHICH = Parameter("partition", "Only these.", NAME, many=True, most=PARTITIONS)
_VIEW = Parameter("view", "The complete one has the lines side by side.", {"type": "string", "enum": [*VIEWS]})


class Diff:
    """Comparisons, for those who ask by HTTP."""

    def __init__(self, opened: Opening) -> None:
        self._opened = opened

    def paths(self) -> list[Path]:
        """The paths of this module."""
        more: dict[str, Any] = {"turn": CapacityLimiter(AT_A_TIME), "limit": LIMIT}
        return [
            Path("GET", "/api/runs/diff", "What changed between two runs.", self.diff, parameters=(*TWO, _WHICH),
                 schema={"type": "object"}, **more),
            Path("GET", "/api/runs/diff.html", "The same as HTML without a frame.", self.fragment,
                 parameters=(*TWO, _WHICH, _VIEW), media_type="text/html", **more),
            Path("GET", "/api/runs/acknowledged", "Changes between two runs that people know of.", self.acknowledged,
                 parameters=TWO, schema={"type": "array"}, **more),
        ]  # fmt: skip

    def diff(self, asked: Asked) -> Response:
        """The short form as `text`, the changes, and what people know of."""
        old, new = sides(asked)
        said = runs_shown.comparison(self._compare(old, new, asked), MOST)
        title = f"Diff of run {old} and run {new}"
        about = {"old": str(old), "new": str(new), "title": title, "acknowledged": self._known(old, new)}
        return bounded(as_json({**about, **said}))

    def fragment(self, asked: Asked) -> Response:
        """The changes in short, or complete. All that came from a run is escaped."""
        if (view := asked.get("view", VIEWS[0])) not in VIEWS:
            raise Refused(400, f"view is {view[:40]!r}; write {' or '.join(VIEWS)}")
        with opening.libraries(Unreachable):
            import jinja2  # noqa: F401  # used further down: what is missing is said here
        from WardenServer.plugins.common.differ import page

        found = page.fragment(self._compare(*sides(asked), asked), view == "complete")
        return bounded(Response(found.encode("utf-8", "replace"), media_type="text/html"))

    def acknowledged(self, asked: Asked) -> Response:
        """The oldest run first."""
        return as_json(self._known(*sides(asked)))

    def _compare(self, old: Side, new: Side, asked: Asked) -> Comparison:
        table, _, source = self._opened()
        return comparing.compare(source, table.rules, old, new, _partitions(asked) or None)

    def _known(self, old: Side, new: Side) -> list[dict[str, Any]]:
        _, store, source = self._opened()
        from WardenServer.plugins.common.runs import acknowledging

        found = acknowledging.between(store, source.name, old.run, new.run)
        return [runs_shown.acknowledgement(each) for each in found[-MOST:]]


def _partitions(asked: Asked) -> Sequence[str]:
    return [runs_asked.text("partition", each) for each in dict.fromkeys(asked.query.get("partition", [])) if each]
