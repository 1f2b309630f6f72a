"""New code is tried before it takes over: a trial instance gets copies of events, is sampled, and is thrown away."""

import copy
import threading
from collections.abc import Callable
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.results.result import clean
from WardenServer.streams.batch import Batch
from WardenServer.streams.host import give
from WardenServer.streams.told import Run, begin

#: Most events that new code is tried with.
MOST = 100


def prove(
    make: Callable[[], Any],
    recent: Batch | None,
    limit: float,
    judge: Callable[[Any], Any] = clean,
    run: Run | None = None,
) -> None:
    """Try what `make` makes with copies of events that came lately; raises what it raises, and what `judge` raises of
    its sample. It is told of the run of now, as new processors are, and gets no events where they would get none.

    Raises:
        PluginError: it has not ended after `limit` seconds; it is left behind.
    """
    events = recent.part(0, MOST) if recent is not None else Batch()
    found: list[BaseException | None] = []

    def attempt() -> None:
        try:
            judge(_try(make(), events, run))
            found.append(None)
        except BaseException as error:  # a processor may raise anything
            found.append(error)

    thread = threading.Thread(target=attempt, name="trial", daemon=True)
    thread.start()
    thread.join(limit)
    if not found:
        raise PluginError(f"its trial has not ended after {limit:g} s; let event and sample return sooner")
    if found[0] is not None:
        raise found[0]


def _try(trial: Any, events: Batch, run: Run | None) -> Any:
    if begin(trial, run):
        copied = Batch(array=copy.deepcopy(events.array)) if events.is_array else Batch(copy.deepcopy(events.events))
        give(trial, copied)
    return trial.sample()
