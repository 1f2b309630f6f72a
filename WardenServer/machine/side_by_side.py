"""Asking many at once, within a limit: who does not answer costs only their own answer."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: Most threads that ask, those that still wait for an answer of earlier included.
THREADS = 32


class Late(Exception):
    """In place of an answer: there was none in time. The text says so, as the end of a sentence."""


class SideBySide(Generic[K, V]):
    """Asks by a function that may take long, or for ever. Who has not answered is not asked again before they have.

    Any thread may use it. The threads that ask end when they are answered; a process does not wait for them.
    """

    def __init__(self, ask: Callable[[K], V], make_thread: Callable[..., threading.Thread] = threading.Thread) -> None:
        """`make_thread` is called as threading.Thread is."""
        self._ask, self._make_thread = ask, make_thread
        self._lock = threading.Lock()
        self._asked: set[K] = set()
        self._slow: set[K] = set()  # have not answered in time when they were last asked
        self._threads = 0

    def ask(self, keys: Iterable[K], limit: float) -> dict[K, V | Exception]:
        """All answers, in the order of the keys, within `limit` seconds: what the function returned, or raised, or
        Late."""
        keys = list(dict.fromkeys(keys))
        with self._lock:
            hanging = self._asked.intersection(keys)
            new = sorted((key for key in keys if key not in hanging), key=self._slow.__contains__)
            round_: _Round[K, V] = _Round(new)
            threads = min(THREADS - self._threads, len(new))
            self._threads += max(0, threads)
        for _ in range(threads):
            self._make_thread(target=self._work, args=(round_,), name="side by side", daemon=True).start()
        found = round_.wait(limit)
        with self._lock:
            self._slow = (self._slow - found.keys()) | (set(keys) - found.keys())
        late = Late(f"did not answer within {limit:g} s")
        still = Late("has not answered since it was last asked")
        return {key: still if key in hanging else found.get(key, late) for key in keys}

    def _work(self, round_: "_Round[K, V]") -> None:
        while True:
            with self._lock:
                key = round_.next()
                if key is None:
                    self._threads -= 1
                    return
                self._asked.add(key)
            answer = self._answer(key)
            with self._lock:
                self._asked.discard(key)
            round_.put(key, answer)

    def _answer(self, key: K) -> V | Exception:
        try:
            return self._ask(key)
        except Exception as error:  # is the answer: who asked must judge it
            return error


class _Round(Generic[K, V]):
    """What is asked at once: who is left, and the answers of the others."""

    def __init__(self, keys: Iterable[K]) -> None:
        self._left = deque(keys)
        self._count = len(self._left)
        self._found: dict[K, V | Exception] = {}
        self._changed = threading.Condition()
        self._is_over = False

    def next(self) -> K | None:
        """Who is to be asked next; None: nobody."""
        with self._changed:
            return self._left.popleft() if self._left and not self._is_over else None

    def put(self, key: K, answer: V | Exception) -> None:
        """An answer."""
        with self._changed:
            self._found[key] = answer
            self._changed.notify()

    def wait(self, limit: float) -> dict[K, V | Exception]:
        """The answers, once there are all, or after this many seconds those that there are."""
        until = time.monotonic() + limit
        with self._changed:
            while len(self._found) < self._count and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            self._is_over = True
            return dict(self._found)
