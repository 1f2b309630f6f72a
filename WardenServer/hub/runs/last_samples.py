"""The last samples of processors at the end of a run."""

import threading
import time
from collections.abc import Callable, Iterable

from WardenServer.results.board import Board

#: Seconds between looks.
LOOK = 0.02


def await_results(
    board: Board, soon: Callable[[str], None], agents: Iterable[str], seconds: float, closing: threading.Event
) -> None:
    """Have agents run, and wait until each of them has done so from begin to end; at most `seconds`, and not while the
    hub is `closing`.

    The first result of each may be of a run that had begun before; the second one is not.
    """
    until = time.monotonic() + seconds
    for _ in range(2):
        left = {name: board.result(name) for name in agents}
        for name in left:
            soon(name)
        while left and time.monotonic() < until and not closing.wait(LOOK):
            left = {name: before for name, before in left.items() if board.result(name) is before}
