"""The ports of local servers: sought once, and then the same at every start, as clients hold on to them."""

import random
import socket
from pathlib import Path
from typing import Any

from WardenServer.errors import Unreachable, WardenError
from WardenServer.machine.child import make_folder, wait_until
from WardenServer.machine.state_file import StateFile

LOOPBACK = "127.0.0.1"
#: Where a port is sought when the usual one is taken: below those that Linux hands out to outgoing connections.
SOUGHT = range(20_000, 30_000)
#: The ports that were found, by server, in the state folder.
FILE = "ports.json"


def keep(folder: Path, name: str, usual: int) -> int:
    """The port of a local server, the same at every start, as clients hold on to it; found free the first time.

    It is kept in the state folder.
    """
    ports = known(folder)
    if name not in ports:
        ports[name] = _find(usual, set(ports.values()))
        make_folder(folder)
        if not _file(folder).write(ports):
            raise WardenError(f"{folder / FILE} cannot be written; make room, or correct state_folder or its rights")
    return ports[name]


def forget(folder: Path, name: str) -> None:
    """Have the port of a server sought anew."""
    _file(folder).write({other: port for other, port in known(folder).items() if other != name})


def known(folder: Path) -> dict[str, int]:
    """The ports found so far, by server; none, if the file is missing or damaged."""
    return _file(folder).read(_understand, {})


def _file(folder: Path) -> StateFile:
    return StateFile(folder / FILE, 1, "the ports of local servers")


def _understand(version: int, content: Any) -> dict[str, int]:
    return {str(name): int(port) for name, port in content.items() if 0 < int(port) < 65_536}


def _find(usual: int, taken: set[int]) -> int:
    candidates = [usual, *random.sample(SOUGHT, 100)]
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise WardenError(f"no free port was found on {LOOPBACK}; end some of the programs that listen there")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: old connections do not matter
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def await_free(name: str, port: int) -> None:
    """Wait a little for the port: a predecessor may be dying just now."""
    if not wait_until(lambda: is_free(port), 3.0):
        raise Unreachable(
            f"{name} cannot start: another program has {LOOPBACK}:{port}; end it,"
            f" or remove {FILE} from the state folder to get another port"
        )
