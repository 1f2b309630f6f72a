"""What is known of an agent's runs, and the sentence on why one failed."""

import errno
import traceback
from collections import deque
from dataclasses import dataclass, field

from WardenServer.agent import Contract
from WardenServer.errors import FieldError, PluginError
from WardenServer.health import News, Overruns
from WardenServer.masking import mask


@dataclass
class Record:
    """What is known of an agent's runs, over reloads. Written by its runner only; times on the monotonic clock."""

    runs: int = 0
    failures: int = 0
    skipped: int = 0
    lateness: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    last_error: str | None = None
    failing_since: float | None = None  # Unix seconds
    in_a_row: int = 0  # failures since the last success
    no_data: str | None = None
    began: float = 0.0
    ended: float | None = None
    warnings: dict[str, str] = field(default_factory=dict)
    overruns: Overruns = field(default_factory=Overruns)
    news: News = field(default_factory=News)
    was_said: bool = False  # in the log, that it fails now

    def fail(self, sentence: str, now: float) -> None:
        """A run has failed; `now` in Unix seconds."""
        self.failures += 1
        self.in_a_row += 1
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.last_error, self.no_data = sentence, None

    def recover(self) -> None:
        """A run after failures was good."""
        self.failing_since, self.in_a_row, self.was_said = None, 0, False


def explain(error: BaseException, contract: Contract) -> str:
    """A sentence on why a run failed: what was said, in which line of the plugin."""
    try:
        said = mask(str(error))[:500]  # masked first: a part of a secret is one too
    except Exception:  # the plugin's own exception may fail even here
        said = "(no text)"
    trace = reversed(traceback.extract_tb(error.__traceback__))
    line = next((frame.lineno for frame in trace if frame.filename == str(contract.path)), None)
    where = f"{contract.path}:{line}" if line else f"{contract.path}"
    if isinstance(error, FieldError | PluginError):
        return f"{contract.path}: {said}"
    if isinstance(error, SystemExit):
        return f"{where}: work calls sys.exit(); return a dict, or raise NoData"
    cure = "correct the file, or raise NoData where that is no failure"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        cure = "the process has no file descriptor left: see what keeps so many open, or raise the limit (ulimit -n)"
    return f"{where}: {type(error).__name__}{': ' if said else ''}{said}; {cure}"
