"""What does a job: a command or a function of Python. And what runners and worker tell each other."""

from dataclasses import dataclass
from pathlib import Path

from WardenServer.jobs.work.stopping import Stopping

#: Seconds between two looks at a job that runs.
LOOK = 0.1


@dataclass(frozen=True)
class Options:
    """How to work.

    Args:
        name: of the processor, to which something is added that makes it its own.
        limit: seconds that one job may take.
        once: end when no job is left, of whichever processor.
    """

    name: str
    limit: float
    once: bool = False


@dataclass(frozen=True)
class Order:
    """One job for a runner.

    Args:
        id: of the job.
        paths: its files, in the order of the suffixes.
        output: the file for what it prints.
        limit: seconds that it may take.
    """

    id: str
    paths: tuple[Path, ...]
    output: Path
    limit: float

    @property
    def late(self) -> str:
        """What is said when it took longer."""
        return f"took longer than {self.limit:g} s and was ended"


@dataclass(frozen=True)
class Done:
    """How a job ended, with a message for people."""

    success: bool
    message: str


class Runner:
    """Does one job at a time, on the thread that calls `run`."""

    def run(self, order: Order, stopping: Stopping) -> Done:
        """Do a job.

        Raises:
            Stopped: it was ended since the worker ends.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what it holds; from any thread."""
