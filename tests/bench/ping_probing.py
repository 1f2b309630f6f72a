"""A thousand hosts on this machine's loopback pinged, by ours and by fping: processor time for the same pings."""

import asyncio
import logging
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from socket import AF_INET

from tests.bench.figure import Run
from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.configuration import read_ping
from WardenServer.plugins.common.ping.probe import sockets
from WardenServer.plugins.common.ping.probe.board import Board
from WardenServer.plugins.common.ping.probe.lists import Lists
from WardenServer.plugins.common.ping.probe.records import Records
from WardenServer.plugins.common.ping.probe.rounds import Rounds

PROGRAM = "fping"
#: Pings of each host, and bytes of data in each.
NUMBER, SIZE = 10, 100
#: Seconds for the replies to the last ping of a host.
PATIENCE = 2.0


def missing() -> str:
    """Why pings of both kinds cannot be measured, with the cure; "" where they can."""
    if why_not := sockets.allowed("raw", AF_INET):
        return why_not
    return "" if shutil.which(PROGRAM) else f"{PROGRAM} is missing; apt install {PROGRAM}"


def addresses(hosts: int) -> Sequence[str]:
    """Of so many hosts, all of them this machine."""
    return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)]


def ours(folder: Path, hosts: int, wait: float) -> Run:
    """A round as the agent's process makes it: raw lines and documents included, and a priming ping of each host.

    Raises:
        WardenError: a reply is missing.
    """
    table = {
        "hosts": addresses(hosts), "folder": str(folder / "pings"), "name": "here", "address": "127.0.0.1",
        "pings": [f"{NUMBER}x{SIZE}"], "wait": wait, "at_once": hosts, "rate": hosts / wait, "method": "raw",
        "patience": PATIENCE,
    }  # fmt: skip
    ping, log = read_ping(table), logging.getLogger(__name__)
    board = Board(lambda is_due: None)
    rounds = Rounds(ping, Lists(ping, board), Records(ping.folder, 0, log), board, log)
    with closing(rounds):
        before, began = _seconds(RUSAGE_SELF), time.monotonic()
        asyncio.run(rounds.run())
        used = _seconds(RUSAGE_SELF) - before
    total = board.snapshot().total
    if (total.answering, total.loss) != (hosts, 0.0):
        why = board.state.problem
        raise WardenError(f"ours had replies of {total.answering} of {hosts} hosts, or lost some; {why}")
    return {"cpu": 1e6 * used / (hosts * NUMBER), "took": time.monotonic() - began}


def fping(folder: Path, hosts: int, wait: float) -> Run:
    """The program, with the same spacing for each host and the same rate over all.

    Raises:
        WardenError: a reply is missing.
    """
    file = folder / "hosts"
    file.write_text("".join(f"{address}\n" for address in addresses(hosts)), encoding="ascii")
    spacing = [f"-p{1e3 * wait:g}", f"-i{1e3 * wait / hosts:g}"]
    command = [PROGRAM, "-q", f"-C{NUMBER}", f"-b{SIZE}", *spacing, "-f", str(file)]
    before, began = _seconds(RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    used = _seconds(RUSAGE_CHILDREN) - before
    replies = [time for line in done.stderr.splitlines() for time in line.partition(" : ")[2].split()]
    if len(replies) != hosts * NUMBER or "-" in replies:
        raise WardenError(f"{PROGRAM} has shown {len(replies)} of {hosts * NUMBER} replies, or lost some")
    return {"cpu": 1e6 * used / (hosts * NUMBER), "took": time.monotonic() - began}


def _seconds(who: int) -> float:
    """Processor time, of the kernel for it, too."""
    used = getrusage(who)
    return used.ru_utime + used.ru_stime
