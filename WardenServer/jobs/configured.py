"""The table [jobs] of the settings, for commands and the web."""

from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.settings import secret
from WardenServer.settings.config import Settings


def jobs_of(settings: Settings) -> Jobs:
    """What the table says.

    Raises:
        SettingError: there is none, or something in it is wrong.
    """
    return configuration.read(secret.shared_table(settings, "jobs", 'add one with storage = "/a/folder"'))
