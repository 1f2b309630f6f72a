"""A history made up: sine waves over any time, with a gap where the hub was stopped, and what is asked beside."""

import math
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: Seconds up to which single values are there, and the share of a period in which the hub was stopped.
RAW = 7200.0
GAP = (0.4, 0.45)
WORDS = {"hour": 3600.0, "day": 86400.0}


def history(url: str) -> dict[str, Any]:
    """The answer of /api/history."""
    said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    begin, end = _period(said["range"])
    gap_begin, gap_end = (begin + share * (end - begin) for share in GAP)
    step = (end - begin) / int(said["points"])
    known = min(end, time.time())
    times = [t for t in _steps(begin, known, step) if not gap_begin <= t <= gap_end]
    about = {"key": said["key"], "field": said["field"], "begin": begin, "end": end, "unit": None}
    gaps = [{"begin": gap_begin, "end": gap_end, "reason": "the hub was stopped"}]
    return {**about, "time": times, **_columns(said["field"], times, end - begin), "gaps": gaps}


def _period(said: str) -> tuple[float, float]:
    if said in WORDS:
        return time.time() - WORDS[said], time.time()
    begin, end = said.split("..")
    return float(begin), float(end)


def _steps(begin: float, end: float, step: float) -> list[float]:
    return [begin + number * step for number in range(int((end - begin) / step))]


def _columns(field: str, times: list[float], length: float) -> dict[str, Any]:
    if field == "Shutter":
        return {"level": "raw", "value": ["OPEN" if int(t / 30) % 2 else "CLOSED" for t in times], "before": None}
    values = [100 + 10 * math.sin(t / 20) for t in times]
    if length <= RAW:
        return {"level": "raw", "value": values, "before": [times[0] - 1, values[0]]}
    edges = {"min": [value - 5 for value in values], "max": [value + 5 for value in values]}
    return {"level": "10m", "n": [600] * len(times), "mean": values, **edges, "before": None}


def why(url: str) -> dict[str, Any]:
    """The answer of /api/why."""
    return {"text": "The agent fails: p02/ring/1 does not answer.", "since": time.time() - 300, "cure": "Start it."}


def changes(url: str) -> list[dict[str, Any]]:
    """The answer of /api/changes."""
    return [
        {"key": "agent_000", "field": "Current", "before": 100.2, "after": 0.1, "change": 100.1},
        {"key": "agent_000", "field": "Shutter", "before": "OPEN", "after": "CLOSED", "change": 1.0},
    ]
