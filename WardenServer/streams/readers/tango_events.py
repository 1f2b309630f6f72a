"""Change events of the attributes of a Tango device."""

import re
import time
from typing import TYPE_CHECKING, Any

from WardenServer.settings import parse
from WardenServer.streams.batch import GATHER, MOST, Batch
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.option import checked

if TYPE_CHECKING:
    from WardenServer.servers.tango_subscription import Subscription

#: domain/family/member, with or without the place of its database or server, or an alias.
_DEVICE = re.compile(r"(tango://[^\s/#]+/)?[^\s/#:]+(/[^\s/#]+/[^\s/#]+)?(#dbase=(no|yes))?")


class TangoEvents(Reader):
    """Reads events as servers/tango_subscription.py has them; what comes while `limit` of them wait is `lost`."""

    counts_lost = True

    def __init__(self, device: str, attributes: Any, limit: int = 100_000) -> None:
        """Take on the settings.

        Args:
            device: "domain/family/member", an alias, or "tango://host:port/domain/family/member".
            attributes: of it, one or a list of them.
            limit: most events that wait; the oldest are dropped for more.

        Raises:
            SettingError: one of them cannot be used.
        """
        super().__init__()
        self._device = checked("device", device, _known_device)
        self._attributes = checked("attributes", attributes, _known_attributes)
        self._limit = checked("limit", limit, _positive)
        self._subscription: Subscription | None = None

    def open(self, position: Any) -> None:
        """See Reader. `notes` say which attributes send no events."""
        from WardenServer.servers.tango_subscription import Subscription

        self.close()
        self._subscription = Subscription(self._device, self._attributes, self._limit)

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        if self._subscription is None:
            return None
        if self._subscription.wait(wait):
            time.sleep(GATHER)
        events, lost = self._subscription.take(MOST)
        self.notes = self._subscription.notes
        return Batch(events, lost=lost) if events or lost else None

    def close(self) -> None:
        """See Reader."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None


def _known_device(value: Any) -> str:
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise ValueError('"domain/family/member", or "tango://host:port/domain/family/member"')
    return value


def _known_attributes(value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise ValueError('a list of names, such as ["position", "State"]')
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[^\s/]+", name):
            raise ValueError(f"the name of an attribute in place of {name!r:.60}")
    known = [name.lower() for name in names]
    if again := [name for name in names if known.count(name.lower()) > 1]:
        raise ValueError(f"{again[0]} once")
    return list(names)


def _positive(value: Any) -> int:
    if parse.whole(value) < 1:
        raise ValueError("a number of events, 1 or more")
    return int(value)
