"""What jobs are given to and taken from: ours, and who else keeps a queue in a database.

All do the same: a job for each id, so many in a transaction; then each is taken, does nothing, and is written down as
done. A side that cannot do one of these says so where it is made.
"""

import importlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any


class Side:
    """A queue at the URL of a database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self, workers: int) -> None:
        """Make the tables, for so many workers."""
        raise NotImplementedError

    def queue(self, ids: Sequence[str], batch: int) -> None:
        """Make a job for each id, `batch` in a transaction."""
        raise NotImplementedError

    def open(self, worker: int) -> None:
        """Be the worker with this number, from 0; another process has made the tables."""

    def work(self, batch: int) -> list[str]:
        """Take jobs and write down that they are done, `batch` at once, until none waits; the ids."""
        raise NotImplementedError

    def waiting(self) -> list[str]:
        """The ids of jobs that nobody has taken."""
        raise NotImplementedError

    def ended(self) -> int | None:
        """How many jobs are written down as done; None where nothing is."""
        raise NotImplementedError

    def durability(self) -> Any:
        """By which one sees what a commit outlives; of all sides at one kind of database it must be the same."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the database."""


def side(name: str, url: str) -> Side:
    """The class `Side` of the module of this name."""
    made: Side = importlib.import_module(f"tests.bench.jobs_{name}").Side(url)
    return made


def batches(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    """So many at once."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def path_of(url: str) -> str:
    """The file of a URL of SQLite."""
    return url.removeprefix("sqlite:///")


def ask(url: str, *words: str) -> list[Any]:
    """Ask PostgreSQL; the first column of the last answer."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for each in words[:-1]:
            connection.execute(each)
        return [row[0] for row in connection.execute(words[-1]).fetchall()]


def postgresql_durability(url: str) -> Any:
    """Of PostgreSQL: what a commit waits for, and how many tables are not written to its log."""
    unlogged = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relpersistence <> 'p'"
    return [*(ask(url, f"SHOW {name}")[0] for name in ("fsync", "synchronous_commit")), ask(url, unlogged)[0]]
