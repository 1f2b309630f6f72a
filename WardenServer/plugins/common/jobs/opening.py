"""The way to what needs the extra `jobs`: what is missing is said with its cure."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common.libraries import needed

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.loop import Loop
    from WardenServer.plugins.common.jobs.status_loop import StatusLoop


def libraries(kind: type[WardenError] = WardenError) -> AbstractContextManager[None]:
    """Around imports: a library that is missing is said with its cure, as an error of this kind."""
    return needed("jobs", kind)


class Asker(Protocol):
    """What the loop needs of its agent."""

    settings: Mapping[str, Any]
    log: logging.Logger

    def soon(self) -> None:
        """Ask for a run."""


class AgentLoop:
    """The loop of an agent: `setup`, `close`, `save` and `load` are those of its plugin file."""

    def __init__(self, kind: str) -> None:
        """Open nothing yet. `kind`: of its rounds, by the name of the class in rounds.py."""
        self._kind = kind
        self._opened: Loop | None = None

    @property
    def opened(self) -> "Loop":
        """The loop, once it is set up."""
        assert self._opened is not None
        return self._opened

    def setup(self, agent: Asker) -> None:
        """Read the table [jobs].

        Raises:
            SettingError: a library is missing, or the table is wrong.
        """
        with libraries(SettingError):
            from WardenServer.plugins.common.jobs import rounds
            from WardenServer.plugins.common.jobs.loop import Loop
        self._opened = Loop(getattr(rounds, self._kind), agent.settings["jobs"], agent.log, agent.soon)

    def close(self, agent: Asker) -> None:
        """End what asks for runs, and let go of the database."""
        self.opened.close()

    def save(self) -> dict[str, int]:
        """The counts."""
        return dict(self.opened.totals)

    def load(self, state: Mapping[str, int]) -> None:
        """Go on counting."""
        self.opened.totals.update(state)


def open_status(table: Mapping[str, Any]) -> "StatusLoop":
    """The loop of the agent jobs_status; raises as `AgentLoop.setup`."""
    with libraries(SettingError):
        from WardenServer.plugins.common.jobs.status_loop import StatusLoop
    return StatusLoop(table)
