"""What is worth a line in the log: one that goes to and fro says each thing once in a while."""

import logging

#: Seconds in which the same sentence is logged once, and how many different ones are in that time.
SILENCE, MOST_SAID = 600.0, 10


class News:
    """Which sentences on an agent are worth a line in the log: one that goes to and fro says each once in a while."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_news(self, sentence: str, now: float) -> bool:
        """Whether a sentence is to be logged at `now`, on the monotonic clock; then it is no news for some time."""
        self._said = {said: when for said, when in self._said.items() if now - when < SILENCE}
        news = sentence not in self._said and len(self._said) < MOST_SAID
        if news:
            self._said[sentence] = now
        return news


class Overruns:
    """Says once what becomes of runs that are skipped because the last one still goes on, as netdata's SkipTracker:
    INFO at the first skip, WARNING when it goes on (at twice the number each time), INFO when it is over."""

    def __init__(self) -> None:
        self.skipped = 0  # in the overrun that goes on; 0 when there is none
        self._counted = 0
        self._next = 2

    def look(self, counted: int, age: float | None) -> tuple[int, str] | None:
        """What to log, as level and sentence. `counted` are all skips so far, `age` the seconds since the start of the
        run that goes on, if one does."""
        more, self._counted = counted - self._counted, counted
        since = "" if age is None else f"; the last one started {age:.1f} s ago"
        if more <= 0:
            return self._recover() if self.skipped and age is None else None
        self.skipped += more
        if self.skipped == 1:
            return logging.INFO, f"a run was skipped, since the one before takes longer than INTERVAL{since}"
        if self.skipped < self._next:
            return None
        self._next = 2 * self.skipped
        return logging.WARNING, f"{self.skipped} runs were skipped, since runs take longer than INTERVAL{since}"

    def _recover(self) -> tuple[int, str]:
        said = f"runs on time again; {self.skipped} run(s) were skipped"
        self.skipped, self._next = 0, 2
        return logging.INFO, said
