"""What questions about runs say, checked; and store and source of runs, opened at the first of them."""

import threading
from typing import Any, NamedTuple

from starlette.responses import Response

from WardenServer.errors import SettingError, Unreachable
from WardenServer.hub.runs.configured import runs_of
from WardenServer.plugins.common.runs import comparing, opening
from WardenServer.plugins.common.runs.configuration import Runs as Table
from WardenServer.plugins.common.runs.source import LARGEST, Side, Source
from WardenServer.settings.config import Settings
from WardenServer.web.paths import LONGEST, Asked, Parameter, Refused

#: Runs, differences, parameters or values that are given when nothing is said, and the most that are given.
USUAL, MOST = 100, 1000
#: Bytes that an answer may have.
LARGEST_ANSWER = 20_000_000
NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_SIDE = {"type": "string", "pattern": "^[0-9]{1,19}(:end)?$"}
TWO = tuple(
    Parameter(name, "The number of a run, with :end behind it for what was set at its end.", _SIDE, required=True)
    for name in ("old", "new")
)
BEFORE = Parameter("before", "Only those with smaller numbers.", {"type": "integer", "minimum": 1, "maximum": LARGEST})
NUMBER = Parameter("number", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST})


class Opened(NamedTuple):
    """What [runs] says, our store, and where the runs come from."""

    table: Table
    store: Any
    source: Source


class Opening:
    """They are opened once. Any thread may ask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    def __call__(self) -> Opened:
        """Raises SettingError where the table is missing or wrong, Unreachable without the libraries."""
        with self._lock:
            if self._opened is None:
                table = runs_of(self._settings)
                with opening.libraries(Unreachable):
                    store = opening.open_store(table)
                    self._opened = Opened(table, store, opening.open_source(table, store))
            return self._opened


def sides(asked: Asked) -> tuple[Side, Side]:
    """The two runs that are to be compared. Raises Refused, as all here."""
    try:
        old, new = (comparing.side(asked.get(name)) for name in ("old", "new"))
    except SettingError as error:
        raise Refused(400, str(error)) from None
    return old, new


def text(name: str, said: str) -> str:
    """What a database can take."""
    try:
        said.encode()
    except UnicodeEncodeError:
        said = "\0"
    if "\0" in said:
        raise Refused(400, f"{name} has a character that no text has; take it out")
    return said


def most(asked: Asked) -> int:
    """How many are wanted."""
    return number("number", asked.get("number", str(USUAL)), MOST)


def before(asked: Asked) -> int | None:
    """The number under which they are to be."""
    return number("before", said, LARGEST) if (said := asked.get("before")) else None


def number(name: str, said: object, largest: int = LARGEST) -> int:
    """A whole number, also as text: a browser has no larger ones than 2^53."""
    digits = str(said) if isinstance(said, int) and not isinstance(said, bool) and abs(said) <= LARGEST else said
    good = isinstance(digits, str) and digits.isascii() and digits.isdigit() and len(digits) < 20
    if not good or not 1 <= int(str(digits)) <= largest:
        raise Refused(400, f"{name} is {str(digits)[:40]!r}; write a whole number from 1 to {largest}")
    return int(str(digits))


def bounded(answer: Response) -> Response:
    """An answer, unless it is too large for a browser."""
    if len(answer.body) > LARGEST_ANSWER:
        raise Refused(400, f"this is more than {LARGEST_ANSWER // 1_000_000} MB; choose partitions, or ask for less")
    return answer
