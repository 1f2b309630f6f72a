"""The hub's own runs as a source: the database compares."""

from WardenServer.plugins.common.runs.store import Store


class Own:
    """The runs that this hub has opened and closed. See Source."""

    def __init__(self, store: Store, hub: str) -> None:
        self.name = hub
        self._store = store
