"""The way to what needs the extra `jobs`: what is missing is said with its cure."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from WardenServer.errors import SettingError

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.loop import Loop
    from WardenServer.plugins.common.jobs.status_loop import StatusLoop


def open_loop(kind: str, table: Mapping[str, Any], log: logging.Logger, soon: Callable[[], None]) -> "Loop":
    """The loop of an agent.

    Args:
        kind: of its round, by the name of the class in rounds.py.
        table: [jobs].
        log: the agent's.
        soon: asks for a run of the agent.

    Raises:
        SettingError: a library is missing, or the table is wrong.
    """
    with _said():
        from WardenServer.plugins.common.jobs import rounds
        from WardenServer.plugins.common.jobs.loop import Loop
    return Loop(getattr(rounds, kind), table, log, soon)


def open_status(table: Mapping[str, Any]) -> "StatusLoop":
    """The loop of the agent jobs_status; raises as `open_loop`."""
    with _said():
        from WardenServer.plugins.common.jobs.status_loop import StatusLoop
    return StatusLoop(table)


@contextmanager
def _said() -> Iterator[None]:
    """Say how to get a library that is missing."""
    try:
        yield
    except ImportError as error:
        cure = "install it with: pip install wardenserver[jobs]"
        raise SettingError(f"jobs need the library {error.name}; {cure}") from None
