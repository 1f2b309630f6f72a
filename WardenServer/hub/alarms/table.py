"""The document of alarms as people read it, and what they can say of alarms without a device."""

import json
import time
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub.alarms import mutes
from WardenServer.hub.alarms.fault import clock
from WardenServer.hub.alarms.mutes import ALL, Mutes
from WardenServer.servers import client
from WardenServer.settings.config import Settings


def read(document: str) -> dict[str, dict[str, Any]]:
    """The alarms by name.

    Raises:
        WardenError: the document is none of alarms.
    """
    try:
        found = json.loads(document)
        return {name: entry for name, entry in found.items() if isinstance(entry, dict) and entry["state"]}
    except (ValueError, KeyError, AttributeError) as error:
        raise WardenError(f"this is no document of alarms ({error}); is the hub of this release?") from None


def lines(alarms: dict[str, dict[str, Any]]) -> str:
    """One line for each, alarms first."""
    if not alarms:
        return "No rule has said anything yet."
    order = sorted(alarms, key=lambda name: (alarms[name]["state"] != "alarm", name))
    return "\n".join(_line(name, alarms[name]) for name in order)


def _line(name: str, alarm: dict[str, Any]) -> str:
    since = f" since {clock(alarm['since'])}" if alarm.get("since") else ""
    more = [alarm.get("quiet") or "", "acknowledged" if alarm.get("acknowledged") else ""]
    if alarm.get("muted_until") and not alarm.get("quiet"):
        more.append(f"muted until {clock(alarm['muted_until'])}")
    remarks = "".join(f" [{each}]" for each in more if each)
    return f"{name}: {alarm['state']}{since}{remarks}{': ' if alarm['text'] else ''}{alarm['text']}"


def say(settings: Settings, command: str, said: dict[str, Any]) -> None:
    """Mute, Unmute or Acknowledge by the file that the hub looks at.

    Raises:
        WardenError: there is no such rule, or the file cannot be written.
    """
    file, rule, now = Mutes(mutes.place(settings)), said["rule"], time.time()
    if command == "Acknowledge":
        alarms = read(client.document(settings, settings.alarms_key))
        found = {name: each["since"] for name, each in alarms.items() if rule in (name, each["rule"]) and each["since"]}
        if not found:
            raise WardenError(f'"{rule}" has no alarm')
        file.acknowledge(found, now)
        return
    if rule not in settings.notify.rules and rule != ALL:
        raise WardenError(f'there is no rule "{rule}"; there are: {", ".join(settings.notify.rules) or "none"}')
    if command == "Mute":
        file.mute(rule, said["until"], said["why"], now)
    else:
        file.unmute(rule, now)
