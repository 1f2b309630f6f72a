"""A program that measures in a network namespace of its own, so that nothing of the machine is touched.

    unshare --net python -m tests.system.ping.inside < QUESTION

Question and answer are JSON; see `_answer`, and namespaces.py, which asks.
"""

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import sockets
from WardenServer.plugins.common.ping.probe.icmp import Icmp
from WardenServer.plugins.common.ping.probe.pace import Pace

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def _write(name: str, value: str) -> None:
    Path("/proc/sys/net", name).write_text(value)


def _lo_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


@contextmanager
def _responder(script: dict[str, Any]) -> Iterator[None]:
    _write("ipv4/icmp_echo_ignore_all", "1")
    _write("ipv6/icmp/echo_ignore_all", "1")
    command = [sys.executable, "-m", "tests.system.ping.responder"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(script) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield
        process.stdin.close()
        assert process.wait(10) == 0


async def _measure(
    addresses: list[str], kind: str, number: int, size: int, wait: float, patience: float
) -> dict[str, Any]:
    method = Icmp(kind, Pace(5000))
    try:
        found = await asyncio.gather(
            *(method.ping(address, Pings(number, size), wait, patience) for address in addresses)
        )
    finally:
        method.close()
    return {
        address: (measured.time, measured.sent, measured.replies, measured.marks)
        for address, measured in zip(addresses, found, strict=True)
    }


def _answer(
    up: bool = True,
    sysctls: dict[str, str] | None = None,
    allowed: bool = False,
    script: dict[str, Any] | None = None,
    addresses: list[str] | None = None,
    kind: str = "raw",
    number: int = 10,
    size: int = 100,
    wait: float = 0.02,
    patience: float = 5.0,
) -> Any:
    if up:
        _lo_up()
    for name, value in (sysctls or {}).items():
        _write(name, value)
    if allowed:
        return [sockets.allowed(kind, family) for family in (socket.AF_INET, socket.AF_INET6)]
    if script is None:
        return asyncio.run(_measure(addresses or [], kind, number, size, wait, patience))
    with _responder(script):
        return asyncio.run(_measure(list(script), kind, number, size, wait, patience))


if __name__ == "__main__":
    print(json.dumps(_answer(**json.loads(sys.stdin.read()))))
