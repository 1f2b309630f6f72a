"""warden ping probe, with a method that replies as the test says."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.plugins.ping.probe.fake_method import Fake
from WardenServer.cli import commands as cli
from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import methods
from WardenServer.plugins.common.ping.probe.methods import Methods

Probe = Callable[..., Result]


@pytest.fixture
def fake() -> Fake:
    return Fake(lambda address, pings: "silent" if address == "192.0.2.1" else None)


@pytest.fixture
def opened(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> list[Ping]:
    """The settings with which methods were opened."""
    made: list[Ping] = []

    async def open_methods(ping: Ping, families: Iterable[int], turn: float) -> Methods:
        made.append(ping)
        if ping.method == "raw":
            return Methods({}, dict.fromkeys(families, "raw is not allowed; allow it"))
        return Methods(dict.fromkeys(families, fake), {2: "IPv4 is measured by fake"} if ping.method == "auto" else {})

    monkeypatch.setattr(methods, "open_methods", open_methods)
    return made


@pytest.fixture
def probe(opened: list[Ping], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n')
    monkeypatch.setenv("WARDEN_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Result:
        done = CliRunner().invoke(cli.main, ["ping", "probe", *map(str, words)], prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        return done

    return run


def test_a_host_that_answers(probe: Probe, fake: Fake, opened: list[Ping]) -> None:
    done = probe("127.0.0.1", "::1", "--count", 3, "--size", 64, "--wait", 0.5, "--method", "tcp")
    assert done.exit_code == 0 and done.stderr == ""
    assert [line.split()[1:7:2] for line in done.stdout.splitlines() if "answers" in line] == [
        ["127.0.0.1", "answers", "127.0.0.1"], ["::1", "answers", "::1"],
    ]  # fmt: skip
    assert "0.000" in done.stdout and "1.500" in done.stdout and "fake" in done.stdout
    assert fake.pings[-1][1:3] == (Pings(3, 64), 0.5) and fake.is_closed
    assert opened[0].method == "tcp"


def test_one_that_does_not_makes_the_exit_code_1(probe: Probe) -> None:
    done = probe("127.0.0.1", "192.0.2.1", "--json")
    assert done.exit_code == 1
    assert done.stderr == "warden: IPv4 is measured by fake\n"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["host"], each["state"], each["loss_100"]) for each in found] == [
        ("127.0.0.1", "answers", 0.0), ("192.0.2.1", "silent", 100.0),
    ]  # fmt: skip


def test_a_method_that_is_not_allowed_is_a_sentence(probe: Probe) -> None:
    done = probe("127.0.0.1", "--method", "raw")
    assert (done.exit_code, done.stderr) == (1, "warden: raw is not allowed; allow it\n")


def test_a_table_ping_is_kept_to(probe: Probe, opened: list[Ping], tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(f'{file.read_text()}[ping]\nhosts = ["a.org"]\npatience = 3.5\nmethod = "fping"\n')
    assert probe("127.0.0.1").exit_code == 0
    assert (opened[0].patience, opened[0].method) == (3.5, "fping")


@pytest.mark.parametrize("host", ["../x", "a b", "-f", "1.2.3.400", ""])
def test_what_is_no_host_is_wrong_usage(probe: Probe, host: str) -> None:
    done = probe("--", host)
    assert done.exit_code == 2
    assert "write a name of letters" in done.stderr or "write an address" in done.stderr


def test_the_same_host_twice_is_one(probe: Probe) -> None:
    assert len(probe("::1", "::1", "--json").stdout.splitlines()) == 1
