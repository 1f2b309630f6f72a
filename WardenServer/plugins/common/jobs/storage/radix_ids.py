"""The ids of Socorro's storage: a UUID whose last seven characters are a depth digit and a day, DYYMMDD."""

import re
import uuid
from datetime import datetime

#: How many pairs of characters are folders, where an id does not say.
DEPTH = 2
#: Where it says 0, or nothing: from before it was said.
_OLD_DEPTH = 4
_ID = re.compile(r"[0-9A-Za-z_-]{8,200}")
_TAIL = re.compile(r"([0-4])([0-9]{6})")


def make(at: float, depth: int = DEPTH) -> str:
    """A new id for a time in Unix seconds, with 1 to 4 pairs of characters as folders.

    Raises:
        ValueError: the depth is another.
    """
    if not 1 <= depth <= 4:
        raise ValueError(f"the depth is {depth}; it can be 1 to 4")
    return f"{str(uuid.uuid4())[:-7]}{depth}{datetime.fromtimestamp(at):%y%m%d}"


def is_one(id: str) -> bool:
    """Whether a text can be an id: it becomes names of files and folders, and may come from strangers."""
    return _ID.fullmatch(id) is not None


def day(id: str) -> str | None:
    """The day of an id as YYYYMMDD; None where it has none."""
    return _read(id)[1]


def parts(id: str) -> list[str]:
    """The names of the folders of an id."""
    return [id[2 * place : 2 * place + 2] for place in range(_read(id)[0])]


def _read(id: str) -> tuple[int, str | None]:
    """Depth and day."""
    said = _TAIL.fullmatch(id[-7:])
    if said is None:
        return _OLD_DEPTH, None
    try:
        moment = datetime(2000 + int(said[2][:2]), int(said[2][2:4]), int(said[2][4:]))
    except ValueError:  # such as a 13th month
        return _OLD_DEPTH, None
    return int(said[1]) or _OLD_DEPTH, f"{moment:%Y%m%d}"
