"""The run database of CMS as a source."""

from WardenServer.plugins.common.runs.configuration import Runs


class RunInfo:
    """The global runs of a run database. See Source."""

    def __init__(self, runs: Runs) -> None:
        """Take on the places. Raises SettingError."""
        self.name = ""
