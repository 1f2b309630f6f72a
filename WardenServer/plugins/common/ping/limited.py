"""Work that nobody can end, such as a question to DNS, with a limit."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def limited(work: Callable[[], T], limit: float, otherwise: T) -> T:
    """What `work` returns; `otherwise` where that takes more than `limit` seconds, or raises OSError or UnicodeError. A
    thread that takes longer ends by itself, and does not hold up the end of the process."""
    answers: queue.SimpleQueue[T] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(work())
        except (OSError, UnicodeError):
            answers.put(otherwise)

    threading.Thread(target=run, name="ping asks DNS", daemon=True).start()
    try:
        return answers.get(timeout=limit)
    except queue.Empty:
        return otherwise
