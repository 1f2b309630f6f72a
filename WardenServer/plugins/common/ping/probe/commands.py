"""Pings made by a program of the system, `fping` or `ping`, where we may not make them ourselves."""

import asyncio
import ctypes
import math
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import command_output
from WardenServer.plugins.common.ping.probe.command_output import Printed
from WardenServer.plugins.common.ping.probe.sample import Measured
from WardenServer.plugins.common.ping.probe.stamp import Stamp

#: Seconds that a program may take beyond its last reply, and bytes that it may print.
GRACE, MOST = 2.0, 1_000_000
#: Bytes of data in which a program has room for the time that it measures with.
SMALLEST = 16

_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # looked up here: after a fork it is too late


class Unmeasured(WardenError):
    """A program did not say what it has seen."""


def _fping(address: str, pings: Pings, wait: float, patience: float) -> list[str]:
    said = {"-C": pings.number, "-p": round(1000 * wait), "-t": round(1000 * patience), "-b": pings.size}
    return ["fping", *(str(word) for pair in said.items() for word in pair), address]


def _ping(address: str, pings: Pings, wait: float, patience: float) -> list[str]:
    said = {"-c": pings.number, "-i": f"{wait:g}", "-W": math.ceil(patience), "-s": pings.size}
    return ["ping", "-n", *(str(word) for pair in said.items() for word in pair), address]


_COMMANDS: Mapping[str, Callable[[str, Pings, float, float], list[str]]] = {"fping": _fping, "ping": _ping}
_READ: Mapping[str, Callable[[str, int], Printed]] = {"fping": command_output.fping, "ping": command_output.ping}


class Command:
    """One of the programs, as a Method. Each set is a child process, which ends with the set.

    `ping` of iputils waits for late replies only as long as twice the longest time it has seen, once it has seen one.

    Args:
        name: "fping" or "ping".
        spacing: the least seconds between two pings of a set, so that all together keep the rate.
    """

    def __init__(self, name: str, spacing: float) -> None:
        self.name = name
        self._spacing = spacing

    async def ping(self, address: str, pings: Pings, wait: float, patience: float) -> Measured:
        """One set. See Method.

        Raises:
            Unmeasured: the program cannot be run, has failed, or did not say what it has seen.
        """
        if pings.size < SMALLEST:
            raise Unmeasured(f"{self.name} gives no times with {pings.size} bytes; set size to {SMALLEST} or more")
        wait = max(wait, self._spacing)
        command, stamp = _COMMANDS[self.name](address, pings, wait, patience), Stamp()
        limit = (pings.number - 1) * wait + math.ceil(patience) + GRACE
        text = await _output(command, limit)
        try:
            printed = _READ[self.name](text, pings.number)
        except ValueError as error:
            last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
            raise Unmeasured(f"{self.name} has not measured {address} ({error}): {last[:200]}") from None
        return Measured(stamp.time, printed.sent, printed.replies, stamp.marks())

    def close(self) -> None:
        """Nothing is open between two sets."""


async def why_not(name: str, family: int) -> str:
    """Why one of the programs cannot measure addresses of a family here, "" where it can."""
    if shutil.which(name) is None:
        return f"{name} is not installed"
    try:
        await Command(name, 0.0).ping(_LOOPBACK[socket.AddressFamily(family)], Pings(1, 56), 1.0, 1.0)
    except Unmeasured as error:
        return str(error)
    return ""


async def _output(command: list[str], limit: float) -> str:
    """All that a program prints, its errors among it. It is killed after `limit` seconds, or when nobody waits."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,  # so that it can be killed with what it has started
            preexec_fn=_die_with_this_thread,
        )
    except OSError as error:
        raise Unmeasured(f"{command[0]} cannot be run ({error.strerror}); correct its rights, or install it") from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(limit):
            text = await _read(process.stdout)
            await process.wait()
    except TimeoutError:
        await _kill(process, process.stdout)
        raise Unmeasured(f"{command[0]} did not end within {limit:.0f} s") from None
    except BaseException:
        await _kill(process, process.stdout)
        raise
    return text


async def _kill(process: asyncio.subprocess.Process, output: asyncio.StreamReader) -> None:
    """Kill a program with all that it has started. What it has printed is read to the end, which closes the pipe."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await output.read()
    await process.wait()


async def _read(stream: asyncio.StreamReader) -> str:
    text = bytearray()
    while part := await stream.read(65_536):
        text += part
        if len(text) > MOST:
            raise Unmeasured(f"a program for pings has printed more than {MOST} bytes")
    return text.decode("utf-8", "replace")


def _die_with_this_thread() -> None:
    """Runs in the child: Linux shall kill it with the thread that started it."""
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
