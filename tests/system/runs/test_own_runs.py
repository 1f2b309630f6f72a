"""Runs that a hub opens and closes, through its device and its store."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tango

from tests.conftest import wait_for
from tests.system.beamline import Beamline
from tests.system.conftest import Hub, MakeHub, free_port, new_name
from tests.system.postgresql import PostgreSQL, is_there
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Run, Side
from WardenServer.plugins.common.runs.store import Store

RING = "INTERVAL = 0.2\nKEY = 'Ring'\ndef work(agent):\n    return {{'text': open({!r}).read()}}\n"
TABLE = '[runs]\ndocuments = ["Ring"]\n'
#: A device of the fake beamline whose Gain is a whole number.
DEVICE = "p02/keithley428/eh2a.01"


class Place:
    """A hub with runs, what it publishes, and its store: `text` is a file whose text is in each snapshot."""

    def __init__(self, hub: MakeHub, write: Callable[..., Path], folder: Path) -> None:
        self._hub, self._folder = hub, folder
        self.text = folder / "text"
        self.text.write_text("one")
        write("ring", RING.format(str(self.text)))
        self._stores: list[Store] = []

    def start(self, table: str = TABLE, more: str = "", **said: str) -> Hub:
        (self._folder / "warden.toml").write_text(f"{more}\n{table}")
        server = self._hub(**said)
        server.wait_document("Ring", "text")
        return server

    def reload(self, server: Hub, table: str) -> None:
        (self._folder / "warden.toml").write_text(table)
        server.proxy.Reload()

    def runs(self, server: Hub, url: str = "") -> Own:
        """The runs of a hub as its store has them."""
        folder = self._folder / "state" / f"runs-{server.settings.instance}"
        self._stores.append(Store(url or f"sqlite:///{folder}/runs.db"))
        return Own(self._stores[-1], server.settings.instance)

    def close(self) -> None:
        """Let go of the stores; a server has to be there still."""
        for store in self._stores:
            store.close()


@pytest.fixture
def place(hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> Iterator[Place]:
    made = Place(hub, write, tmp_path)
    yield made
    made.close()


def wait_run(own: Own, number: int, closed: bool = False, limit: float = 20) -> Run:
    """Wait until a run is there with its snapshots."""
    phase = Phase.END if closed else Phase.START

    def there() -> bool:
        run = own.run(number)
        return run is not None and (run.closed is not None) is closed and bool(own.values(Side(number, phase)))

    wait_for(there, limit, f"for run {number}; it is {own.run(number)}")
    run = own.run(number)
    assert run is not None
    return run


def value(own: Own, number: int, phase: Phase, parameter: str = "text") -> Any:
    return {each.parameter: each.value for each in own.values(Side(number, phase))}[parameter]


def wait_status(server: Hub, text: str, there: bool = True) -> None:
    """Wait until the status has this text, or has it no more."""
    proxy = server.proxy
    wait_for(lambda: (text in proxy.status()) is there, 20, f"for {text!r}")


def refused(server: Hub, command: str, number: int) -> str:
    with pytest.raises(tango.DevFailed) as raised:
        server.proxy.command_inout(command, number)
    assert raised.value.args[0].reason.startswith("Warden_")
    return str(raised.value.args[0].desc)


def test_runs_by_command(place: Place) -> None:
    server = place.start()
    own = place.runs(server)
    assert server.proxy.StartRun(0) == 1
    run = wait_run(own, 1)
    assert run.is_ready
    assert f"pid {os.getpid()}" in run.by
    wait_status(server, "Note: run 1 is open since")
    place.text.write_text("two")
    server.wait_document("Ring", "text", "two")
    assert server.proxy.StopRun(0) == 1
    assert wait_run(own, 1, closed=True).closed is not None
    assert (value(own, 1, Phase.START), value(own, 1, Phase.END)) == ("one", "two")
    assert server.proxy.StartRun(12) == 12
    assert refused(server, "StartRun", 0) == "run 12 is open; stop it first: warden run stop"
    assert "run 11 is not open, run 12 is" in refused(server, "StopRun", 11)
    assert server.proxy.StopRun(12) == 12
    assert "no run is open; open one with: warden run start" in refused(server, "StopRun", 0)
    assert "run 12 is not larger than run 12" in refused(server, "StartRun", 12)
    assert "-1 is no number of a run" in refused(server, "StartRun", -1)
    wait_run(own, 12, closed=True)


def test_without_the_table_commands_are_refused_until_a_reload_brings_it(place: Place) -> None:
    server = place.start(table="")
    assert refused(server, "StartRun", 0) == (
        'the settings have no table [runs]; add one with documents = ["Petra"]'
    )
    place.reload(server, TABLE)
    assert server.proxy.StartRun(0) == 1
    wait_run(place.runs(server), 1)


@pytest.mark.parametrize("signal", [signal.SIGTERM, signal.SIGKILL])
def test_the_open_run_outlives_a_restart(place: Place, signal: int) -> None:
    server = place.start()
    own = place.runs(server)
    server.proxy.StartRun(7)
    wait_run(own, 7)
    server.tell(signal)
    wait_for(lambda: not server.alive)
    server.start()
    server.wait_document("Ring", "text")
    assert "run 7 is open" in refused(server, "StartRun", 0)
    place.text.write_text("two")
    server.wait_document("Ring", "text", "two")
    assert server.proxy.StopRun(0) == 7
    wait_run(own, 7, closed=True)
    assert (value(own, 7, Phase.START), value(own, 7, Phase.END)) == ("one", "two")
    assert server.proxy.StartRun(0) == 8


def test_init_leaves_the_run_open(place: Place) -> None:
    server = place.start()
    own = place.runs(server)
    server.proxy.StartRun(0)
    wait_run(own, 1)
    server.proxy.Init()
    wait_for(lambda: server.proxy.StopRun(0) == 1)
    wait_run(own, 1, closed=True)


def test_a_reload_changes_what_is_taken_and_the_run_stays_open(place: Place, write: Callable[..., Path]) -> None:
    server = place.start()
    own = place.runs(server)
    server.proxy.StartRun(0)
    wait_run(own, 1)
    write("vac", "INTERVAL = 0.2\nKEY = 'Vacuum'\ndef work(agent):\n    return {'p': 3}\n")
    place.reload(server, '[runs]\ndocuments = ["*"]\n')
    server.wait_document("Vacuum", "p")
    server.proxy.StopRun(0)
    wait_run(own, 1, closed=True)
    assert {each.partition for each in own.values(Side(1, Phase.START))} == {"Ring"}
    assert {each.partition for each in own.values(Side(1, Phase.END))} == {"Ring", "Vacuum"}


@pytest.fixture
def beamline(database: LocalDatabase, tmp_path: Path) -> Iterator[Beamline]:
    with Beamline(database.address, tmp_path, new_name("runs"), (DEVICE,)) as made:
        yield made


def test_runs_follow_attributes_and_a_device_that_is_away_ends_none(
    place: Place, beamline: Beamline, tmp_path: Path
) -> None:
    device = beamline.device(DEVICE)
    device.Become("STANDBY")
    device.Give(json.dumps({"Gain": 41}))
    table = f'{TABLE}attributes = ["{DEVICE}/Gain"]\nstate = "{DEVICE}/State"\nnumber = "{DEVICE}/Gain"\n'
    server = place.start(table)
    own = place.runs(server)
    assert f"runs follow the attribute {DEVICE}/State; begin and end them there" in refused(server, "StartRun", 0)
    device.Become("RUNNING")
    wait_run(own, 41)
    assert value(own, 41, Phase.START, "Gain") == 41
    beamline.stop()
    wait_status(server, f"{DEVICE}/State cannot be read")
    assert "run 41 is open" in server.proxy.status()
    assert own.run(41).closed is None
    beamline.start()
    device.Give(json.dumps({"Gain": 41}))
    device.Become("RUNNING")
    wait_status(server, "cannot be read", there=False)
    device.Give(json.dumps({"Gain": 42}))
    wait_run(own, 42)
    wait_run(own, 41, closed=True)
    device.Become("STANDBY")
    wait_run(own, 42, closed=True)
    assert [run.number for run in own.newest(10)] == [42, 41]


def test_runs_follow_a_file_also_over_a_restart(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "daq run"
    server = place.start(f'{TABLE}file = "{file}"\n')
    own = place.runs(server)
    file.write_text("5\n")
    wait_run(own, 5)
    server.stop()
    file.write_text("6\n")
    server.start()
    wait_run(own, 6)
    wait_run(own, 5, closed=True)
    file.write_text("scan six\n")
    wait_status(server, "holds 'scan six', which is no number of a run; write the number")
    file.unlink()
    wait_run(own, 6, closed=True)
    wait_status(server, "scan six", there=False)


def test_while_postgresql_is_away_nothing_is_lost_also_by_a_kill(place: Place, tmp_path: Path) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    with ExitStack() as stack:
        postgresql = stack.enter_context(PostgreSQL(free_port(), tmp_path / "postgresql"))
        server = place.start(more=f'runs_url = "{postgresql.url}"')
        own = place.runs(server, postgresql.url)
        server.proxy.StartRun(0)
        wait_run(own, 1)
        postgresql.stop()
        assert server.proxy.StopRun(0) == 1
        wait_status(server, "PostgreSQL at 127.0.0.1 cannot be used")
        assert server.proxy.StartRun(0) == 2
        state = tmp_path / "state" / f"runs-{server.settings.instance}" / "open.json"
        wait_for(lambda: json.loads(state.read_text())["content"]["started"])
        server.tell(signal.SIGKILL)
        wait_for(lambda: not server.alive)
        server.start()
        assert server.proxy.StopRun(2) == 2
        assert server.log().count("what is taken of runs waits until it can be used") == 1
        postgresql.start()
        wait_run(own, 1, closed=True)
        wait_run(own, 2, closed=True)
        assert value(own, 2, Phase.START) == "one"
        wait_status(server, "cannot be used", there=False)
        assert server.log().count("the runs' database can be used again") == 1
        assert postgresql.url not in server.log()
        place.close()


def test_a_folder_that_cannot_be_made_is_said_with_its_cure(place: Place, tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    server = place.start(more=f'runs_url = "sqlite:///{tmp_path}/full/runs.db"')
    assert server.proxy.StartRun(3) == 3
    wait_status(server, f"the runs' database {tmp_path}/full/runs.db cannot be used")
    (tmp_path / "full").unlink()
    wait_run(place.runs(server, f"sqlite:///{tmp_path}/full/runs.db"), 3)
    wait_status(server, "cannot be used", there=False)
