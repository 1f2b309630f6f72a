"""A snapshot of real devices, of which some are dead."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.conftest import wait_for
from tests.system.runs.many_devices import ATTRIBUTES, ManyDevices
from WardenServer.hub.runs.snapshot import take
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.source import Phase, Snapshot
from WardenServer.servers.tango_devices import Devices

Servers = tuple[ManyDevices, ManyDevices, ManyDevices]


@pytest.fixture
def servers(database: LocalDatabase, tmp_path: Path) -> Iterator[Servers]:
    """Eighteen devices, one that will be dead, and one that will hang."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(ManyDevices(database.address, tmp_path, f"s{tmp_path.name[-1]}{name}", count))
            for name, count in (("good", 18), ("dead", 1), ("hangs", 1))
        ]
        stack.callback(made[2].tell, signal.SIGCONT)
        yield made[0], made[1], made[2]


def values(shot: Snapshot) -> dict[str, object]:
    return {f"{each.partition}/{each.parameter}": each.value for each in shot.values}


@pytest.mark.parametrize("knows", [True, False])
def test_dead_devices_cost_only_their_own_values(servers: Servers, knows: bool) -> None:
    good, dead, hangs = servers
    attributes = [f"{device}/{name}" for server in servers for device in server.addresses for name in ATTRIBUTES]
    devices = Devices()
    if knows:  # the hub has read them all before
        before = take(1, Phase.START, [], attributes, 20, devices)
        assert all(isinstance(value, float) for value in values(before).values())
    dead.stop()
    hangs.tell(signal.SIGSTOP)
    wait_for(lambda: psutil.Process(hangs.pid).status() == psutil.STATUS_STOPPED)  # until then it may answer
    shot = take(1, Phase.END, [], attributes, 2.5, devices)
    found = values(shot)
    assert list(found) == attributes
    assert len(found) == 200
    for place, value in found.items():
        device, _, name = place.rpartition("/")
        if device in good.addresses:
            assert value == float(name[1:])
        else:
            assert isinstance(value, Unavailable)
            assert device in value.reason
    assert {each.quality for each in shot.values if not isinstance(each.value, Unavailable)} == {"CHANGING"}
    assert "did not answer within 2.5 s" in found[f"{hangs.addresses[0]}/A0"].reason  # type: ignore[attr-defined]
    hangs.tell(signal.SIGCONT)

    def is_back() -> bool:
        return values(take(1, Phase.END, [], attributes, 5, devices))[f"{hangs.addresses[0]}/A9"] == 9.0

    wait_for(is_back, 20)
