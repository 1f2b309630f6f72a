"""An agent that runs once a day: publishes how full a disk is, and tells when it is too full.

It goes by the calendar: a run that was missed while the hub was down is made up for at its start. What `tell` says is
an event: `warden events` lists them. To make your own, copy this file and change

* AT, the time of the day in UTC; "1 03:00" is the first of each month,
* what `work` looks at, and when it tells what.
"""

import shutil
import time

from WardenServer.agent import Agent

AT = "05:30"  # UTC

SETTINGS = {"folder": "/", "limit": 90.0}  # percent

FIELDS = {"Used": {"unit": "%", "label": "used", "format": "%5.1f", "min": 0, "max": 100}}


def work(agent: Agent) -> dict[str, float]:
    """Run every day at AT."""
    folder = agent.settings["folder"]
    disk = shutil.disk_usage(folder)
    used = 100 * disk.used / disk.total
    if used > agent.settings["limit"]:
        day = time.strftime("%F", time.gmtime())
        agent.tell(f"{folder} is {used:.0f}% full; make room", severity="warning", id=f"{folder} is full, {day}")
    return {"Used": used}
