"""The way to what needs the extra `runs`: the store and the source of runs. What is missing is said with its cure."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from WardenServer.errors import WardenError
from WardenServer.plugins.common.libraries import needed
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.source import Source

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.store import Store


def libraries(kind: type[WardenError] = WardenError) -> AbstractContextManager[None]:
    """Around imports: a library that is missing is said with its cure, as an error of this kind."""
    return needed("runs", kind)


def open_store(runs: Runs) -> "Store":
    """Our store. Nothing is connected to yet. Raises SettingError where its URL means nothing."""
    from WardenServer.plugins.common.runs.store import Store

    return Store(runs.url)


def open_source(runs: Runs, store: "Store") -> Source:
    """Where the runs come from. Nothing is connected to yet. Raises SettingError where a URL means nothing, or the file
    of parameters cannot be read."""
    if runs.is_own:
        from WardenServer.plugins.common.runs.own import Own

        return Own(store, runs.hub)
    from WardenServer.plugins.common.runs.runinfo.source import RunInfo

    return RunInfo(runs)
