"""The table [runs] of the settings, for hub, commands and web."""

from WardenServer.plugins.common.runs import configuration
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.settings import secret
from WardenServer.settings.config import Settings


def runs_of(settings: Settings) -> Runs:
    """What the table says.

    Raises:
        SettingError: there is none, or something in it is wrong.
    """
    return configuration.read(secret.shared_table(settings, "runs", 'add one with documents = ["Petra"]'))
