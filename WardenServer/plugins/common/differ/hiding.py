"""What masks hide: parts of the lines of a value, in place of which `…` is compared and shown."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from WardenServer.plugins.common.differ.change import MISSING, Pair
from WardenServer.plugins.common.differ.rules import Mask

HIDDEN = "…"


def hide(pair: Pair, masks: Sequence[Mask]) -> tuple[Pair, str]:
    """A pair as texts in which what the masks match is hidden, and why; the pair itself and "" where none matches."""
    partial = [(mask.lines, mask.reason) for mask in masks if mask.lines is not None]
    if not partial:
        return pair, ""
    old, new = _text(pair.old), _text(pair.new)
    reasons: dict[str, None] = {}
    for lines, reason in partial:
        was = old, new
        old, new = _hidden(old, lines), _hidden(new, lines)
        if was != (old, new):
            reasons[reason] = None
    return (replace(pair, old=old, new=new), "; ".join(reasons)) if reasons else (pair, "")


def _hidden(text: Any, lines: re.Pattern[str]) -> Any:
    """A text without what the pattern matches in its lines; where it matches nowhere, the same text."""
    if not isinstance(text, str):
        return text
    whole = text.splitlines()
    hidden = [lines.sub(_sign, line) for line in whole]
    return "\n".join(hidden) if hidden != whole else text


def _sign(match: re.Match[str]) -> str:
    """A pattern such as `x*` matches nothing between any two letters: that is not to be hidden."""
    return HIDDEN if match.group() else ""


def _text(value: Any) -> Any:
    """The text form of a value: JSON, with a line for each leaf. What has none stays as it is."""
    if isinstance(value, str) or value is MISSING:
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        return value
