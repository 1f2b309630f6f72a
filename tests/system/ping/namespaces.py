"""Asks inside.py, which runs in a network namespace of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from WardenServer.plugins.common.ping.probe.sample import Measured, Reply

UNSHARE = ["unshare", "--net"]
_LIMIT = 60.0


def skip_without_namespaces() -> None:
    try:
        done = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False, timeout=10)
    except OSError as error:
        pytest.skip(f"no network namespace can be made: {error}")
    if done.returncode:
        pytest.skip(f"no network namespace can be made, which takes root on Linux: {done.stderr.strip()}")


def skip_without_ipv6() -> None:
    """::1 is the least that a machine with IPv6 has."""
    addresses = Path("/proc/net/if_inet6")
    if not addresses.exists() or not addresses.read_text():
        pytest.skip("this machine has no IPv6")


def ask(within: tuple[str, ...] = (), **question: Any) -> Any:
    """The answer to a question; `within` comes before the command."""
    command = [*UNSHARE, *within, sys.executable, "-m", "tests.system.ping.inside"]
    done = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, check=False, timeout=_LIMIT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def measure(within: tuple[str, ...] = (), **question: Any) -> dict[str, Measured]:
    """What is measured of all hosts at once, by address."""
    return {
        address: Measured(time, sent, tuple(Reply(*reply) for reply in replies), tuple(marks))
        for address, (time, sent, replies, marks) in ask(within, **question).items()
    }
