"""The ends of the pipes that a child process of the hub has: lines of JSON in and out, out of reach of plugins."""

import json
import logging
import os
import threading
from typing import IO, Any


class Answers:
    """The pipe to the hub. Any thread may use it."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, kind: str, said: Any) -> None:
        """Send something of a kind."""
        self.send_line(json.dumps([kind, said]))

    def send_line(self, line: str) -> None:
        """Send a line."""
        with self._lock:
            self._pipe.write(line + "\n")
            self._pipe.flush()


def take_pipes() -> tuple[IO[str], Answers]:
    """The pipes to and from the hub, out of a plugin's way: what it prints goes where the hub's own words go, and it
    has nothing to read."""
    calls, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return calls, Answers(answers)


def logger(answers: Answers, name: str) -> logging.Logger:
    """A logger whose lines go to the hub, by their level."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            answers.send("log", [record.levelno, record.getMessage()])

    made = logging.getLogger(name)
    made.handlers, made.propagate = [Lines()], False
    made.setLevel(logging.DEBUG)
    return made
