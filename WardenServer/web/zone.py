"""The time zone of the beamline."""

import os
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from WardenServer.settings.config import Settings

_MACHINES = Path("/etc/localtime")


def zone_name(settings: Settings) -> str:
    """Its IANA name: from the settings, else that of this machine, else UTC."""
    after = str(_MACHINES.resolve()).partition("zoneinfo/")[2]
    for name in (settings.zone, os.environ.get("TZ", ""), after):
        try:
            if name:
                return ZoneInfo(name.lstrip(":")).key
        except (ValueError, OSError, ZoneInfoNotFoundError):
            pass
    return "UTC"


def zone(settings: Settings) -> tzinfo:
    """The zone itself."""
    return ZoneInfo(zone_name(settings))
