"""A program that measures by programs in a network namespace of its own, against the responder: see inside.py.

    unshare --net python -m tests.system.ping.inside_programs NAME SCRIPT WAIT PATIENCE
"""

import asyncio
import json
import sys
from typing import Any

from tests.system.ping.inside import _lo_up, _responder
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe.commands import Command


async def _measure(name: str, script: dict[str, list[Any]], wait: float, patience: float) -> dict[str, Any]:
    command = Command(name, 0.0)
    sets = {address: Pings(len(answers), 100) for address, answers in script.items()}
    found = await asyncio.gather(*(command.ping(address, pings, wait, patience) for address, pings in sets.items()))
    return {address: [each.sent, each.replies] for address, each in zip(script, found, strict=True)}


if __name__ == "__main__":
    said = json.loads(sys.argv[2])
    _lo_up()
    with _responder(said):
        print(json.dumps(asyncio.run(_measure(sys.argv[1], said, *map(float, sys.argv[3:])))))
