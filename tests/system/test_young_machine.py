"""A machine booted a moment ago: Tango then compares "never" with a clock that counts from boot (see event_socket.py).

No client subscribes here: that would make what the server must make by itself.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tango

from tests.system.conftest import MakeHub, booted, free_port
from tests.system.test_device import nodb_client

AGE = 5.0
AGENT = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"

Write = Callable[..., Path]
Late = Callable[[], str]


@pytest.fixture(scope="module", autouse=True)
def _can_be_young() -> None:
    try:
        done = subprocess.run([*booted(AGE), "true"], capture_output=True, text=True, check=False, timeout=10)
    except OSError as error:
        pytest.skip(f"no time namespace can be made: {error}")
    if done.returncode:
        pytest.skip(f"no time namespace can be made, which takes root on Linux: {done.stderr.strip()}")


@pytest.fixture
def late(write: Write) -> Late:
    """Write the file of another agent; returns its name."""
    numbers = iter(range(100))

    def add() -> str:
        name = f"late{next(numbers)}"
        write(name, AGENT)
        return name

    return add


def test_attributes_are_added_to_a_running_server(hub: MakeHub, write: Write, late: Late) -> None:
    write("first", AGENT)
    server = hub(within=booted(AGE))
    server.wait_valid("first_x")
    admin = tango.DeviceProxy(server.proxy.adm_name())
    for begin in (
        server.proxy.Reload,
        server.proxy.Init,
        lambda: admin.DevRestart(server.settings.device),
        admin.RestartServer,
    ):
        name = late()
        begin()
        server.wait_valid(f"{name}_x", 20)
        server.wait_valid("first_x")
    assert server.alive


def test_without_a_database(hub: MakeHub, write: Write, late: Late) -> None:
    write("first", AGENT)
    server = hub(port=free_port(), within=booted(AGE))
    server.wait_document("first", "x")
    late()
    said = nodb_client(server.device, """
limit = time.monotonic() + 20
def wait(attribute):
    while time.monotonic() < limit:
        try:
            if proxy.read_attribute(attribute).quality == tango.AttrQuality.ATTR_VALID:
                return print(attribute)
        except tango.DevFailed:
            time.sleep(0.01)
wait("first_x")
proxy.Reload()
wait("late0_x")
proxy.Init()
wait("late0_x")
""")  # fmt: skip
    assert said.split() == ["first_x", "late0_x", "late0_x"]
    assert server.alive
