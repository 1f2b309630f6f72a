"""The report on what is missing, as P02.2's checks wrote it: which servers, how many, and whether one is new."""

from collections.abc import Mapping, Sequence
from typing import Any

#: The kinds of its fields.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "servers": {"dtype": "str", "dims": 1},
    "new": {"dtype": "bool"},
    "errors": {"dtype": "int", "format": "%d"},
}


def report(missing: list[str], before: Sequence[str] | None) -> dict[str, Any]:
    """The fields. `before` is what was missing in the last run; None: there was none, so all that is missing is new."""
    known = [] if before is None else [str(name) for name in before]
    return {"servers": missing, "new": any(name not in known for name in missing), "errors": len(missing)}
