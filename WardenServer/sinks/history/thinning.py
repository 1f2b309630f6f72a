"""Deletes what is older than it is to be kept, and the oldest where there is too much or the disk is almost full."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from WardenServer.errors import WardenError
from WardenServer.settings.units import megabytes
from WardenServer.sinks.history.parts import BREAKS, DAY, RAW, ROLLUPS, Part
from WardenServer.sinks.history.store import Store

#: Share of the disk that is left free.
FREE = 0.05
#: What goes first where there is too much: from the finest to the coarsest level.
_ORDER = {level.name: place for place, level in enumerate((RAW, *ROLLUPS, BREAKS))}

_LARGE = (RAW, ROLLUPS[0])


class Keep(NamedTuple):
    """How long levels are kept, in seconds by name (those that are not named: for ever), and how many bytes all may
    take together."""

    seconds: Mapping[str, float]
    size: int


def thin(store: Store, keep: Keep, now: float) -> Iterator[str]:
    """Delete parts; a sentence on each. `now` in Unix seconds.

    Raises:
        Unreachable: the store does not answer.
        WardenError: there is too much though all that may go is gone.
    """
    for part in store.parts():
        kept = keep.seconds.get(part.level.name, 0.0)
        if kept and part.end * DAY < now - kept:
            store.drop(part)
            yield f"{part} was deleted: it is older than {kept / DAY:g} days"
    yield from _make_room(store, keep.size, now)


def _make_room(store: Store, most: int, now: float) -> Iterator[str]:
    sizes = {part: store.size(part) for part in store.parts()}
    today = [part for part in sizes if part.begin * DAY <= now < part.end * DAY]
    for part in sorted(sizes.keys() - set(today), key=lambda part: (_ORDER[part.level.name], part.begin)):
        if not (why := _too_much(store, part, sum(sizes.values()), most)):
            return
        store.drop(part)
        yield f"{part} was deleted: {why}"
        del sizes[part]
    if (size := sum(sizes.values())) > most:
        limit = f"more than history_size, {megabytes(most)}"
        said = f"with today's values alone the history takes {megabytes(size)}, {limit}"
        raise WardenError(f"{said}; raise that, or let fewer agents run")


def _too_much(store: Store, part: Part, size: int, most: int) -> str:
    """Why a part has to go. That others have filled the disk costs no years: only what is fine and large goes."""
    if size > most:
        return f"the history took {megabytes(size)}, more than history_size ({megabytes(most)})"
    room = store.free()
    if part.level in _LARGE and room is not None and room[0] < FREE * room[1]:
        return f"only {megabytes(room[0])} of the disk were free, less than {FREE:.0%}"
    return ""
