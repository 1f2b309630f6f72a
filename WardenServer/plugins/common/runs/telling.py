"""How people are told of a difference: its event, each once, and the address of its page."""

import hashlib
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from WardenServer.plugins.common.runs import differences
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.store import Store

#: Most lines of a parameter in a text for people.
SHORT = 20
#: Most characters of an event's id, of the changes in its text, of the names of partitions in it, and of an address.
LONGEST_ID, LONGEST_TEXT, LONGEST_NAMES, LONGEST_ADDRESS = 200, 2000, 200, 1000
#: What follows on a text that was cut.
CUT = "\ndiff truncated for clarity"
#: Most differences that are told at once.
MOST = 50
#: Seconds after which what was told is taken to be in the store of events, which keeps each id once.
SETTLED = 5.0

#: Tells people: the text, and the event's id.
Tell = Callable[[str, str], None]


class Teller:
    """Tells the differences of a source that nobody was told yet. For one thread.

    What was told is marked in a later run: if the process ends in between it is told again, with the same id.
    """

    def __init__(self, store: Store, source: str, link: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._source, self._link, self._monotonic = store, source, link, monotonic
        self._told: dict[int, float] = {}  # when, by the number of the difference

    def tell(self, tell: Tell) -> bool:
        """Tell the oldest of them; whether there are more. Raises Unreachable where the database cannot be used."""
        now = self._monotonic()
        if settled := [number for number, when in self._told.items() if now - when >= SETTLED]:
            differences.mark_told(self._store, self._source, settled)
            for number in settled:
                del self._told[number]
        new = [each for each in differences.untold(self._store, self._source) if each.number not in self._told]
        for each in new[:MOST]:
            tell(event_text(each, self._link), event_id(each))
            self._told[each.number] = now
        return len(new) > MOST


def event_id(difference: Difference) -> str:
    """Made of the partitions and both runs: the same for good. Many partitions stand as their number and a hash."""
    names, runs = "+".join(difference.partitions), f"{difference.old}.{difference.new}"
    id = f"runs.{names}.{runs}"
    if len(id) <= LONGEST_ID:
        return id
    digest = hashlib.sha256(names.encode("utf-8", "replace")).hexdigest()
    return f"runs.{len(difference.partitions)}-{digest[:16]}.{runs}"


def event_text(difference: Difference, link: str) -> str:
    """What people read: both runs, the partitions, what changed, and where there is more, if `link` is known."""
    names = cut(", ".join(difference.partitions), LONGEST_NAMES, " ...")
    head = f"Run parameters changed between run {difference.old} and run {difference.new} ({names}):"
    end = f"\n{address(link, difference)}" if link else ""
    return f"{head}\n{cut(difference.text, LONGEST_TEXT)}{end}"


def address(link: str, difference: Difference) -> str:
    """The page of a difference. Without `link`, it begins with `#/diff`: an address within the page. Where it would be
    too long, it is that of all partitions."""
    runs = [("old", str(difference.old)), ("new", str(difference.new))]
    begin = f"{link.rstrip('/')}/#/diff?" if link else "#/diff?"
    whole = begin + _query([*runs, *(("partition", each) for each in difference.partitions)])
    return whole if len(whole) <= LONGEST_ADDRESS else begin + _query(runs)


def cut(text: str, most: int, note: str = CUT) -> str:
    """At most so many characters of a text; what is longer is cut, at the end of a line where that leaves most of it,
    and `note` follows."""
    if len(text) <= most:
        return text
    room = most - len(note)
    end = text.rfind("\n", 0, room + 1)
    return text[: end if end > room // 2 else room] + note


def _query(values: Sequence[tuple[str, str]]) -> str:
    return urlencode(values, errors="replace")
