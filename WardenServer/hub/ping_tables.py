"""The tables [ping] and [ping_archive] of the settings, for commands and the web."""

from WardenServer.plugins.common.ping import configuration
from WardenServer.plugins.common.ping.configuration import Archive, Ping
from WardenServer.settings import secret
from WardenServer.settings.config import Settings


def ping_of(settings: Settings) -> Ping:
    """What [ping] says.

    Raises:
        SettingError: there is no such table, or something in it is wrong.
    """
    return configuration.read_ping(secret.shared_table(settings, "ping", 'add one with hosts = ["www.example.org"]'))


def archive_of(settings: Settings) -> Archive:
    """What [ping_archive] says.

    Raises:
        SettingError: there is no such table, or something in it is wrong.
    """
    cure = "add one, see README, Is it the network"
    return configuration.read_archive(secret.shared_table(settings, "ping_archive", cure))
