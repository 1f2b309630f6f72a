"""What the commands for runs share: the table [runs], our store and the source of runs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.configuration import Runs
    from WardenServer.plugins.common.runs.source import Source
    from WardenServer.plugins.common.runs.store import Store


class Opened(NamedTuple):
    """What [runs] says, our store, and where the runs come from."""

    runs: "Runs"
    store: "Store"
    source: "Source"


@contextmanager
def opened(settings: config.Settings) -> Iterator[Opened]:
    """All of it, for as long as a command needs it.

    Raises:
        WardenError: there is no [runs], it is wrong, or a library is missing; the text has the cure.
    """
    from WardenServer.hub.runs.configured import runs_of
    from WardenServer.plugins.common.runs import opening

    runs = runs_of(settings)
    with opening.libraries():
        store = opening.open_store(runs)
    with closing(store):
        with opening.libraries():
            source = opening.open_source(runs, store)
        with closing(source):
            yield Opened(runs, store, source)
