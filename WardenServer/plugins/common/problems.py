"""What is wrong for a while: said once in the log, and again only when it was well in between."""

import logging

#: Most that are kept of one round.
_MOST = 100


class Problems:
    """What the rounds of one loop meet. For one thread."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log
        self._now: dict[str, None] = {}
        self._before: dict[str, None] = {}
        self._more = 0

    def add(self, text: str, level: int = logging.WARNING) -> None:
        """One sentence on what is wrong in this round."""
        if text in self._now:
            return
        if len(self._now) >= _MOST:
            self._more += 1
            return
        self._now[text] = None
        if text not in self._before:
            self.log.log(level, "%s", text)

    def end(self) -> list[str]:
        """The round is over: what was wrong in it."""
        more = [f"and {self._more} more problems"] if self._more else []
        self._before, self._now, self._more = self._now, {}, 0
        return [*self._before, *more]
