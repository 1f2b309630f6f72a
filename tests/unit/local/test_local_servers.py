"""The local servers, as far as no process is needed."""

import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from WardenServer.errors import SettingError, WardenError
from WardenServer.local import up
from WardenServer.machine.child import Child, Keeper
from WardenServer.results import hub_document
from WardenServer.servers import memcached, ports, tango_database
from WardenServer.settings.config import Settings


class Mortal(Child):
    """A child that dies when told to, without a process."""

    def __init__(self):
        super().__init__("Mortal", ["mortal"], Path("nowhere/mortal.out"))
        self.living = True
        self.launches = 0

    @property
    def alive(self):
        return self.living

    def launch(self):
        self.living = True
        self.launches += 1


@pytest.fixture
def mortal(monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    return Mortal()


def test_a_child_that_lives_is_left_alone(mortal):
    assert Keeper(mortal).look(101.0) == ""
    assert mortal.launches == 0


def test_a_dead_child_is_started_again_after_the_pause_and_said_once(mortal):
    keeper = Keeper(mortal)
    mortal.living = False
    assert "Mortal has ended" in keeper.look(101.0)
    assert keeper.look(101.9) == ""
    assert mortal.launches == 0
    assert keeper.look(102.0) == ""
    assert mortal.launches == 1


def pauses(keeper, mortal, lives):
    """The pause after each life of so many seconds."""
    now, found = 100.0, []
    for life in lives:
        now += life
        mortal.living = False
        said = keeper.look(now)
        pause = float(said.rpartition(" in ")[2].removesuffix(" s."))
        now += pause
        keeper.look(now)
        found.append(pause)
    return found


def test_the_pause_doubles_up_to_its_limit(mortal):
    assert pauses(Keeper(mortal), mortal, [1] * 7) == [1, 2, 4, 8, 16, 30, 30]


def test_the_pause_is_short_again_after_a_minute_of_life(mortal):
    assert pauses(Keeper(mortal), mortal, [1, 1, 1, 60, 1]) == [1, 2, 4, 1, 2]


def test_a_restart_that_fails_is_said_and_tried_again(mortal):
    keeper = Keeper(mortal)
    mortal.living = False
    keeper.look(101.0)

    def fail():
        raise WardenError("no room")

    mortal.launch = fail
    assert keeper.look(102.0) == "no room"
    assert "starts again in 2 s" in keeper.look(102.5)


def test_a_late_call_is_left_behind():
    release = threading.Event()
    with pytest.raises(TimeoutError):
        tango_database.within(0.01, release.wait, 30)
    release.set()


def test_a_call_in_time_gives_its_result_or_its_error():
    assert tango_database.within(5, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        tango_database.within(5, divmod, 7, 0)


@pytest.mark.parametrize("wrong", ["localhost", "localhost:", ":10000", "localhost:x", "a:1,b"])
def test_a_tango_host_that_is_none_is_a_wrong_setting(wrong, monkeypatch):
    monkeypatch.setattr(tango_database.tango, "Database", lambda host, port: (_ for _ in ()).throw(TimeoutError))
    with pytest.raises(SettingError, match="write host:port"):
        tango_database.connect(wrong)


def test_the_second_of_two_tango_hosts_will_do(monkeypatch):
    def database(host, port):
        if host == "a":
            raise tango_database.tango.DevFailed
        return host, port

    monkeypatch.setattr(tango_database.tango, "Database", database)
    assert tango_database.connect("a:1,b:2") == ("b", 2)


def test_the_tango_database_is_the_named_one_or_the_local_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tango_database.tango.ApiUtil, "get_env_var", lambda name: None)
    settings = Settings(state_folder=tmp_path)
    with pytest.raises(WardenError, match="set TANGO_HOST"):
        tango_database.tango_host(settings)
    (tmp_path / ports.FILE).write_text('{"database": 23456, "memcached": 23457}')
    assert tango_database.tango_host(settings) == "127.0.0.1:23456"
    assert memcached.memcached_servers(settings) == ("127.0.0.1:23457",)
    named = replace(settings, tango_host="far:10000", memcached=("far:11211",))
    assert tango_database.tango_host(named) == "far:10000"
    assert memcached.memcached_servers(named) == ("far:11211",)


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"database": null}', '{"database": 99999}', '{"database": -1}'])
def test_a_damaged_file_of_ports_counts_as_none(tmp_path, damaged):
    (tmp_path / ports.FILE).write_text(damaged)
    assert ports.known(tmp_path) == {}


AGENT = {
    "state": "good", "key": "Petra", "interval": 3.0, "offset": 0.1, "runs": 12, "failures": 0, "skipped": 1,
    "lateness_p99": 0.0012, "last_error": None, "age": 0.4,
}  # fmt: skip
REFUSED = {**AGENT, "state": "refused", "key": None, "interval": None, "age": None, "last_error": "bad [file]"}


def shown(document):
    screen = Console(width=140, file=io.StringIO())
    screen.print(up.table(hub_document.read(document)))
    return screen.file.getvalue()


def test_the_table_shows_agents_that_need_care_first_and_text_as_it_is():
    text = shown(
        {
            "device": "warden/hub/x", "state": "ALARM", "problems": ["Memcached is away"],
            "agents": {"a_good": AGENT, "z_bad": REFUSED},
        }
    )  # fmt: skip
    assert "warden/hub/x is ALARM" in text
    assert "Memcached is away" in text
    assert text.index("z_bad") < text.index("a_good")
    assert "bad [file]" in text
    row = next(line for line in text.splitlines() if "a_good" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "a_good", "good", "3 s", "0.4 s", "12", "0", "1", "1.2 ms", "Petra", "",
    ]  # fmt: skip


def test_the_table_of_a_hub_that_does_not_answer_is_empty():
    assert "warden/hub/x is UNKNOWN" in shown({"device": "warden/hub/x", "state": "UNKNOWN", "agents": {}})
