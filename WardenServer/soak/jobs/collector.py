"""Puts pairs of files into the storages of a soak, as the collectors of Socorro do, and worse. On its own thread."""

import json
import os
import random
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from WardenServer.plugins.common.jobs.storage import collecting, radix_ids
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.plugins.common.jobs.storage.steady import SETTLE
from WardenServer.soak.jobs.job import BAD, DEADLY, END, GOOD

#: Shares of pairs that go to the deferred storage, fail, are written slowly, are changed later, lose their links, and
#: whose jobs take long.
DEFERRED, FAILING, SLOW, CHANGING, UNLINKED, LONG = 0.1, 0.1, 0.02, 0.02, 0.01, 0.03
#: One of so many pairs kills its workers, in the first half: it takes a while until it has done so often enough.
DEADLY_EACH = 3000
#: Seconds between two pieces of a file that is written slowly, and until a file is changed.
PIECE, CHANGE = (0.1, 0.5), (1.0, 6.0)
#: Seconds that a job takes, and a long one.
TAKES, TAKES_LONG = (0.0, 0.02), (0.5, 3.0)
#: So long ago pairs came, by the folder of their links: the one of this minute is not looked at.
AGO = 120.0


@dataclass
class Pair:
    """What was put.

    Args:
        id: of the job.
        fate: what its job does.
        is_deferred: it is taken on request only.
        is_asked: somebody has asked for it.
        dawdled: between two pieces was more time than files get to settle; then a job may see half of them.
    """

    id: str
    fate: str
    is_deferred: bool
    is_asked: bool = False
    dawdled: bool = False


@dataclass(frozen=True)
class _Piece:
    """What is to be appended to a file, and when, by the monotonic clock."""

    due: float
    pair: Pair
    path: Path
    text: bytes
    is_change: bool = False


class Collector:
    """Puts so many pairs within so many seconds. `pairs` are those that are there, by id."""

    def __init__(
        self, standard: RadixStorage, deferred: RadixStorage, journal: Path, count: int, seconds: float, seed: int
    ) -> None:
        self.pairs: dict[str, Pair] = {}
        self.failure = ""
        self._standard, self._deferred, self._journal = standard, deferred, journal
        self._count, self._seconds = count, seconds
        self._random = random.Random(seed)
        self._deadly = set(self._random.sample(range((count + 1) // 2), max(1, count // DEADLY_EACH)))
        self._pieces: deque[_Piece] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait until all are put, for so long at most; whether that is so."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Put no more; what was begun is written to its end."""
        self._stopping.set()

    def _run(self) -> None:
        began, pause = time.monotonic(), self._seconds / max(1, self._count)
        try:
            for number in range(self._count):
                self._write_due()
                if self._stopping.wait(max(0.0, began + number * pause - time.monotonic())):
                    break
                self._put(number)
            while self._pieces:
                self._write_due()
                time.sleep(0.01)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"

    def _put(self, number: int) -> None:
        chance = self._random.random
        fate = DEADLY if number in self._deadly else BAD if chance() < FAILING else GOOD
        pair = Pair(radix_ids.make(time.time()), fate, chance() < DEFERRED)
        storage = self._deferred if pair.is_deferred else self._standard
        is_slow = chance() < SLOW
        takes = self._random.uniform(*(TAKES_LONG if chance() < LONG else TAKES))
        said = {"id": pair.id, "fate": fate, "seconds": takes, "journal": str(self._journal)}
        data = os.urandom(50).hex().encode()
        contents = [json.dumps(said).encode(), data if is_slow else data + END]
        found = collecting.put(storage, pair.id, contents, time.time() - AGO)
        if is_slow:
            self._plan(pair, found.paths[1], data, self._random.uniform(*PIECE))
        elif chance() < CHANGING:
            self._pieces.append(_Piece(_in(self._random.uniform(*CHANGE)), pair, found.paths[1], data + END, True))
        if chance() < UNLINKED and not pair.is_deferred:
            storage.taken(pair.id)  # as after a crash: its arrival is missed
        self.pairs[pair.id] = pair

    def _plan(self, pair: Pair, path: Path, data: bytes, pause: float) -> None:
        for number in range(1, 4):
            self._pieces.append(_Piece(_in(number * pause), pair, path, data + END if number == 3 else data))

    def _write_due(self) -> None:
        for _ in range(len(self._pieces)):
            piece = self._pieces.popleft()
            if time.monotonic() < piece.due:
                self._pieces.append(piece)
            elif not _append(piece) and not piece.is_change:
                piece.pair.dawdled = True


def _append(piece: _Piece) -> bool:
    """Whether it came in time. A file that was moved meanwhile is not made anew."""
    with suppress(FileNotFoundError):
        handle = os.open(piece.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, piece.text)
        finally:
            os.close(handle)
        return time.monotonic() < piece.due + SETTLE - PIECE[1]
    return False


def _in(seconds: float) -> float:
    return time.monotonic() + seconds
