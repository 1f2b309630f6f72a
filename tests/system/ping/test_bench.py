"""The benchmark of pings measures real ones: on sockets, by fping, and in a hub."""

from pathlib import Path

import pytest

from tests.bench import ping_hub, ping_probing
from WardenServer.errors import WardenError


@pytest.fixture(autouse=True)
def _can_be_measured() -> None:
    if why_not := ping_probing.missing():
        pytest.skip(why_not)


def test_ours_and_fping_ping_the_same_hosts(tmp_path: Path) -> None:
    for measured in (ping_probing.ours, ping_probing.fping):
        assert measured(tmp_path, 3, 0.05)["cpu"] > 0
    lines = [line for path in (tmp_path / "pings").glob("ping-*.txt") for line in path.read_text().splitlines()]
    assert [line.split(" ")[2:8:2] for line in lines] == [[host, "100", "10"] for host in ping_probing.addresses(3)]


def test_hosts_that_do_not_answer_give_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ping_probing, "addresses", lambda hosts: ["127.1.0.1", "2001:db8::1"])
    monkeypatch.setattr(ping_probing, "PATIENCE", 0.2)
    with pytest.raises(WardenError, match="ours had replies of 1 of 2 hosts"):
        ping_probing.ours(tmp_path, 2, 0.05)
    with pytest.raises(WardenError, match="fping has shown"):
        ping_probing.fping(tmp_path, 2, 0.05)


@pytest.mark.parametrize("hosts", [0, 2])
def test_a_hub_that_pings_and_one_that_does_not(hosts: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ping_hub, "REMEMBERED", 100)
    monkeypatch.setattr(ping_hub, "ATTRIBUTES", 2)
    assert ping_hub.hub(tmp_path, hosts, [400, 1, 1, 0.02])["p99"] > 0
