"""Field names for things that the computer names: mount points, interfaces, sensors, programs."""

import re
from collections.abc import Iterable
from itertools import chain, count

#: Agent, thing and quantity together must stay under the limit of a Tango attribute's name.
LONGEST = 50


def field_names(things: Iterable[str]) -> list[str]:
    """A readable name of letters, digits and _ for each thing, in their order.

    No two are the same without regard to case, as Tango compares them; of two that would be, the later gets a number.
    """
    names: list[str] = []
    taken: set[str] = set()
    for thing in things:
        names.append(_free(_fit(thing), taken))
        taken.add(names[-1].lower())
    return names


def _fit(thing: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", thing).strip("_")[:LONGEST] or "unnamed"


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate.lower() not in taken)
