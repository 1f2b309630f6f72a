"""How people are told of days that are missing or short: an event for each, or one for many."""

import hashlib
from collections.abc import Callable, Sequence

from WardenServer.plugins.common.ping.archive.checking import Fault

#: Most faults that are told one by one.
MOST = 20
#: Most characters of an event's id.
LONGEST_ID = 200

#: Tells people: the text, and the event's id.
Tell = Callable[[str, str], None]


def event_id(fault: Fault) -> str:
    """The same for good. The host of a long name stands as a hash."""
    id = f"ping.{fault.why}.{fault.host}.{fault.day}"
    return id if len(id) <= LONGEST_ID else f"ping.{fault.why}.{_digest(fault.host)}.{fault.day}"


def tell(faults: Sequence[Fault], say: Tell) -> None:
    """Tell of each of them; of many in one sentence."""
    if len(faults) <= MOST:
        for fault in faults:
            say(fault.text, event_id(fault))
        return
    hosts, days = len({fault.host for fault in faults}), sorted({fault.day for fault in faults})
    missing = sum(fault.why == "missing" for fault in faults)
    said = f"{missing} days of {hosts} monitoring hosts are missing and {len(faults) - missing} are short"
    cure = f"list them with: warden ping check {days[0]}..{days[-1]}"
    say(f"{said}, from {days[0]} to {days[-1]}; {cure}", f"ping.many.{_digest(*sorted(map(event_id, faults)))}")


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "replace")).hexdigest()[:16]
