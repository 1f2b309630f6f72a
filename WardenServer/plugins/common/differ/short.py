"""A comparison as text: the form of CMS HCAL's RunInfoDiffer, for terminals, messages and programs."""

from typing import Any

from WardenServer.plugins.common.differ.change import Comparison

EMPTY = "Diff was empty, all queried parameters are unchanged"


def text(comparison: Comparison, most: int | None = None) -> str:
    """All changes, of each parameter at most so many lines. What was not compared, and what masks hide, follows."""
    raise NotImplementedError


def as_json(comparison: Comparison) -> dict[str, Any]:
    """For programs. NaN and infinite numbers are text; a value that is missing is left out."""
    raise NotImplementedError
