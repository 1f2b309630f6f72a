"""Days of values: a month is asked for, and a day is packed beside agents. They are made once."""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.bench.figure import Run
from tests.bench.keeping import settings_of

if TYPE_CHECKING:
    from WardenServer.settings.config import Settings
    from WardenServer.sinks.history.ask import Range

#: Seconds in a day, in what is asked for, and points across it.
DAY, MONTH, PIXELS = 86400, 30 * 86400, 1200
#: Agents at 0.1 s beside the packing of a day.
AGENTS = 100
#: Questions of which every minimum and maximum is looked at.
LOOKED_AT = 3


def make(folder: Path, kept: str, days: int, first: int, keys: int) -> Run:
    """Make the days that the others need, in a process of its own: afterwards it is another one than it was."""
    from tests.bench import simulation

    simulation.write_days(Path(kept, "ours"), first, days)
    simulation.write_fresh(Path(kept, "fresh"), first + days - 2, DAY, keys)
    return {"days": days}


def ask(folder: Path, kept: str, days: int, first: int, begins: list[float]) -> Run:
    """The months that begin at `begins`, in Unix seconds, each read for a plot."""
    from tests.bench import simulation
    from WardenServer.sinks.history.ask import History

    history = History(settings_of(folder, history_url=f"sqlite:///{Path(kept, 'ours')}"))
    took, answers = [], []
    for begin in begins:
        before = time.perf_counter()
        answers.append(history.range(simulation.KEY, simulation.FIELD, begin, begin + MONTH, PIXELS))
        took.append(1e3 * (time.perf_counter() - before))
    history.close()
    looked_at = answers[:LOOKED_AT]
    points, right = sum(len(answer.time) for answer in looked_at), sum(map(_right, looked_at))
    return {"first": took[0], "p50": float(np.median(took)), "points": points, "right": right, "days": days}


def _right(answer: "Range") -> int:
    """How many points have the smallest and the largest value of their span, and none is left out."""
    from tests.bench import simulation

    begin, last = int(answer.begin // DAY), int(answer.end // DAY)
    values = np.concatenate([simulation.day(number) for number in range(begin, last + 1)])
    time = begin * DAY + np.arange(len(values))
    fine = 600  # the points that these are made of: those at the ends have all of theirs
    inside = (time >= answer.begin // fine * fine) & (time < answer.end // fine * fine + fine)
    time, values = time[inside] // answer.seconds * answer.seconds, values[inside]
    starts = np.flatnonzero(np.diff(time, prepend=-1))
    if not np.array_equal(time[starts], answer.time):
        return 0
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return int(((low == answer.columns["min"]) & (high == answer.columns["max"])).sum())


# -- where packing is done


def packing(folder: Path, kept: str, day: int, seconds: float, keys: int, where: str) -> Run:
    """Start lateness of agents while a day is packed and another one is deleted, in a thread or process, or nowhere."""
    from tests.bench import agents
    from WardenServer.sinks.history import rolling, store
    from WardenServer.sinks.history.parts import RAW, part_of

    place, part, old = folder / "history", part_of(RAW, day), part_of(RAW, day - 30)
    shutil.copytree(Path(kept, "fresh"), place)
    shutil.copy(place / f"{part}.db", place / f"{old}.db")
    settings = settings_of(folder, history_url=f"sqlite:///{place}")
    opened = store.open_store(store.url(settings), settings.instance)
    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755)
    began = time.time()
    _UPKEEP[where](settings)
    run = agents.ours(plugins, AGENTS, seconds)
    while where != "nowhere" and not rolling.is_rolled(opened, part):
        time.sleep(0.1)
    ended = max(path.stat().st_mtime for path in place.iterdir())  # it may have been before the agents'
    return {**run, "took": ended - began, "keys": keys}


def _in_thread(settings: "Settings") -> None:
    from WardenServer.sinks.history import keeper, store, upkeep
    from WardenServer.sinks.history.thinning import Keep

    asked = keeper.request(settings)
    opened = store.open_store(asked["url"], asked["instance"])
    rounds = upkeep.round_of(opened, Keep(asked["seconds"], asked["size"]), time.time())
    threading.Thread(target=deque, args=(rounds, 0), daemon=True).start()


def _in_process(settings: "Settings") -> None:
    from WardenServer.sinks.history import keeper

    keeper.FIRST = 0.0
    keeper.Keeper(settings).open()


_UPKEEP: dict[str, Callable[["Settings"], None]] = {
    "nowhere": lambda settings: None, "thread": _in_thread, "process": _in_process,
}  # fmt: skip
