"""Clients of the hub's device in processes of their own: `python -m WardenServer.soak.client DEVICE KIND`.

Each command's time goes as a line of JSON to the standard output: [command, began, ended, error].
"""

import json
import random
import signal
import sys
import time
from typing import Any

import tango

from WardenServer.servers.tango_reading import first_reason

#: Seconds between the commands of one client.
PAUSE = 0.1


def ask(proxy: Any, command: str) -> tuple[str, float, float, str]:
    """Run a command: its name, when it began and ended on the monotonic clock, and why there was no answer.

    That the hub refuses, since it is just being made anew, is an answer.
    """
    began, error = time.monotonic(), ""
    try:
        proxy.command_inout(command)
    except tango.DevFailed as failed:
        error = "" if failed.args[0].reason.startswith("Warden_") else first_reason(failed)
    return command, began, time.monotonic(), error


def storm(proxy: Any, commands: list[str]) -> None:
    """Command after command, at random, until killed, or asked to end, which waits for the answer."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    while True:
        print(json.dumps(ask(proxy, random.choice(commands))), flush=True)
        time.sleep(PAUSE)


def subscribe(proxy: Any) -> None:
    """Subscribe to every attribute, and take the events until killed."""
    for name in proxy.get_attribute_list():
        proxy.subscribe_event(name, tango.EventType.CHANGE_EVENT, lambda event: None, [], True)
    time.sleep(600)


def read(proxy: Any) -> None:
    """Read everything in a loop, until killed."""
    while True:
        for name in proxy.get_attribute_list():
            try:
                proxy.read_attribute(name)
            except tango.DevFailed:
                pass  # an attribute whose agent is gone is refused: that is an answer too
        ask(proxy, "GetInfo")


def main() -> None:
    """Be the client that the command line says."""
    device, kind, *commands = sys.argv[1:]
    proxy = tango.DeviceProxy(device)
    if kind == "storm":
        storm(proxy, commands)
    elif kind == "subscribe":
        subscribe(proxy)
    else:
        read(proxy)


if __name__ == "__main__":
    main()
