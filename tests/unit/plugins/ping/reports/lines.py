"""Raw lines for tests, of one day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

DAY = date(2026, 11, 25)
BEGIN = int(datetime(2026, 11, 25, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Line:
    """One line: `replies` are (sequence number, RTT) as they came; `summary` are min, avg, max where they are others
    than those of the replies; `received` as many as `replies`, unless it is said."""

    src: str = "hub.example.org"
    dst: str = "www.example.com"
    size: int = 100
    time: int = BEGIN
    sent: int = 10
    replies: tuple[tuple[int, float], ...] = ()
    received: int | None = None
    summary: tuple[float, float, float] | None = None
    has_list: bool = True
    address: str = "198.51.100.7"

    @property
    def count(self) -> int:
        return len(self.replies) if self.received is None else self.received

    @property
    def times(self) -> tuple[float, float, float] | None:
        """min, avg, max; None without a reply."""
        rtts = [rtt for _, rtt in self.replies]
        if not self.count or not rtts:
            return self.summary if self.count else None
        return self.summary or (min(rtts), sum(rtts) / len(rtts), max(rtts))

    def __str__(self) -> str:
        head = f"{self.src} 192.0.2.1 {self.dst} {self.address} {self.size} {self.time} {self.sent} {self.count}"
        if self.times is None:
            return head
        fields = [*self.times]
        if self.has_list:
            fields += [*(sequence for sequence, _ in self.replies), *(rtt for _, rtt in self.replies)]
        return " ".join([head, *map(repr, fields)])


def raw(lines: Sequence[Line | str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def rtts(*times: float) -> tuple[tuple[int, float], ...]:
    """Replies in order, none lost."""
    return tuple(enumerate(times))
