"""Log lines: dropped when the targets cannot follow, and then counted."""

import logging
import queue

from WardenServer.hub.logs import _Queue


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("warden", logging.INFO, "", 0, text, (), None)


def test_dropped_lines_are_counted_and_said_where_they_are_missing() -> None:
    lines: queue.Queue[logging.LogRecord] = queue.Queue(2)
    target = _Queue(lines)
    for number in range(5):
        target.handle(record(f"line {number}"))
    assert [lines.get().getMessage() for _ in range(2)] == ["line 0", "line 1"]
    for number in (5, 6):
        target.handle(record(f"line {number}"))
    said = [lines.get().getMessage() for _ in range(2)]
    assert said == ["3 log lines were dropped here: there were too many at once", "line 5"]
    target.handle(record("line 7"))
    assert lines.get().getMessage() == "1 log lines were dropped here: there were too many at once"
    assert lines.get().getMessage() == "line 7"
