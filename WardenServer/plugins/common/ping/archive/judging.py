"""Whether what a monitoring host sends are raw lines of a day, judged as they come."""

from datetime import UTC, date, datetime

from WardenServer.plugins.common.ping.archive.day_file import NOTHING

#: Bytes of the longest line; a line of 1000 pings has 20 kB.
LONGEST = 100_000
#: Fields of the shortest raw line, and the place of the time.
FIELDS, TIME = 8, 5


class NotRaw(ValueError):
    """What came are no raw lines of that day. The text is the end of a sentence about who sent it, with the cure."""


class Judge:
    """Cuts one answer into whole lines, counts them, and how many look like raw lines of the day in UTC.

    `lines` is how many there are; `says_nothing` whether the host says that it has no data.
    """

    def __init__(self, day: date) -> None:
        self.lines = 0
        self.says_nothing = False
        self._day = day
        self._begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        self._good = 0
        self._rest = b""

    def take(self, block: bytes) -> bytes:
        """The lines that end in this block, without those that are blank.

        Raises:
            NotRaw: this is a page of HTML, or has no lines.
        """
        *lines, self._rest = (self._rest + block).split(b"\n")
        if len(self._rest) > LONGEST:
            raise NotRaw("sends no lines; correct its URL")
        found = [line for each in lines if (line := each.strip())]
        if found and not self.lines:
            self._look_at_first(found[0])
        self.lines += len(found)
        self._good += sum(map(self._is_good, found))
        return b"".join(line + b"\n" for line in found)

    def end(self, may_be_empty: bool = False) -> None:
        """The answer has ended.

        Raises:
            NotRaw: it was cut, is empty, or has something else than raw lines of that day.
        """
        rest = self._rest.strip()
        if not self.lines and rest:
            self._look_at_first(rest)
        is_empty = may_be_empty and not self.lines and not rest
        self.says_nothing = is_empty or (self.says_nothing and not self._good)
        if self.says_nothing:
            return
        if rest:
            raise NotRaw("sends an answer that ends within a line; fetch it again")
        if not self.lines:
            raise NotRaw('sends nothing, not even "No data"; see its log')
        if 2 * self._good < self.lines:
            said = f"{self._good} of {self.lines} lines"
            raise NotRaw(f"sends something else than raw data of {self._day} ({said} are that); correct its URL")

    def _look_at_first(self, line: bytes) -> None:
        if line.startswith(b"<"):
            raise NotRaw("sends a page in place of raw data; correct its URL")
        self.says_nothing = line.lower().startswith(NOTHING)

    def _is_good(self, line: bytes) -> bool:
        fields = line.split(None, FIELDS)
        if len(fields) < FIELDS:
            return False
        time = fields[TIME]
        return time.isdigit() and len(time) <= 12 and 0 <= int(time) - self._begin < 86400
