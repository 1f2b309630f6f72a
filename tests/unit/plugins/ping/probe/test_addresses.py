"""PingER's rule of addresses."""

from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe.addresses import Addresses
from WardenServer.plugins.common.ping.probe.resolving import Found

ONE, TWO, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"
FAILS = Found(trouble="no such name")


def settle(addresses: Addresses, host: Host, *found: str) -> tuple[str, list[str]]:
    settled = addresses.settle([host], {host.name: Found(found) if found else FAILS})
    return settled.addresses.get(host.name, ""), list(settled.news)


@pytest.mark.parametrize(
    ("host", "found", "address", "said"),
    [
        (Host("a.b"), (), "", "a.b has no address and is not pinged (no such name); correct its name"),
        (Host("a.b"), (ONE, SIX), ONE, ""),
        (Host("a.b"), (SIX,), SIX, ""),
        (Host("a.b", protocol="IPv6"), (ONE, SIX), SIX, ""),
        (Host("a.b", protocol="IPv6"), (ONE,), "", "has no address and is not pinged (it has none of IPv6)"),
        (Host("a.b", ONE), (ONE,), ONE, ""),
        (Host("a.b", ONE), (TWO, ONE), ONE, ""),
        (Host("a.b", ONE), (TWO,), TWO, "a.b has a new address in DNS, 192.0.2.2 in place of 192.0.2.1"),
        (Host("a.b", SIX), (TWO,), SIX, ""),
        (Host("a.b", ONE), (), ONE, ""),
        (Host("a.b", ONE, is_cached=False), (ONE,), ONE, ""),
        (Host("a.b", ONE, is_cached=False), (TWO,), ONE, "as its line has it: DNS gives 192.0.2.2"),
        (Host("a.b", ONE, is_cached=False), (), ONE, "as its line has it: DNS gives none (no such name)"),
        (Host("a.b", ONE, is_cached=False), (SIX,), ONE, "DNS gives none (none of its protocol)"),
        (Host("a.b", is_cached=False), (TWO,), TWO, ""),
        (Host("a.b", is_cached=False), (), "", "a.b has no address and is not pinged"),
    ],
)
def test_the_rule(tmp_path: Path, host: Host, found: tuple[str, ...], address: str, said: str) -> None:
    addresses = Addresses(tmp_path)
    used, news = settle(addresses, host, *found)
    assert used == address
    assert [said in text for text in news] == ([True] if said else []), news
    assert settle(addresses, host, *found) == (address, []), "told once"


def test_an_address_that_changes_is_told_each_time_and_kept_while_dns_fails(tmp_path: Path) -> None:
    addresses, host = Addresses(tmp_path), Host("a.b")
    assert settle(addresses, host, ONE) == (ONE, [])
    assert settle(addresses, host, TWO, ONE) == (ONE, []), "one of several addresses stays"
    assert settle(addresses, host) == (ONE, [])
    changes = [settle(addresses, host, address) for address in (TWO, ONE, TWO)]
    assert [used for used, _ in changes] == [TWO, ONE, TWO]
    assert [len(news) for _, news in changes] == [1, 1, 1]


def test_it_is_remembered_over_restarts_until_the_list_has_another_one(tmp_path: Path) -> None:
    assert settle(Addresses(tmp_path), Host("a.b", ONE), TWO)[0] == TWO
    assert settle(Addresses(tmp_path), Host("a.b", ONE)) == (TWO, [])
    assert settle(Addresses(tmp_path), Host("a.b", ONE, protocol="IPv6"))[0] == ONE, "not of that protocol"
    assert settle(Addresses(tmp_path), Host("a.b", "192.0.2.9")) == ("192.0.2.9", [])
    Addresses(tmp_path).settle([], {})
    assert settle(Addresses(tmp_path), Host("a.b", ONE)) == (ONE, []), "a host that is gone is forgotten"


def test_without_alarm_nothing_is_told(tmp_path: Path) -> None:
    assert settle(Addresses(tmp_path), Host("a.b", ONE, has_alarm=False), TWO) == (TWO, [])


def test_a_host_that_has_a_name_again_is_told_of_when_it_loses_it_again(tmp_path: Path) -> None:
    addresses, host = Addresses(tmp_path), Host("a.b", is_cached=False)
    assert [len(settle(addresses, host, *found)[1]) for found in ((), (), (ONE,), ())] == [1, 0, 0, 1]


def test_one_bad_host_takes_nothing_from_the_others(tmp_path: Path) -> None:
    found = {"a.b": Found((ONE,)), "c.d": FAILS, "::1": Found(("::1",))}
    settled = Addresses(tmp_path).settle([Host("c.d"), Host("e.f"), Host("a.b"), Host("::1")], found)
    assert settled.addresses == {"a.b": ONE, "::1": "::1"}
    assert len(settled.news) == 2
    assert "was not asked for" in settled.news[1]


@pytest.mark.parametrize(
    "content", ["", "{", '{"version": 1, "content": []}', '{"version": 1, "content": {"a.b": ["", "../x"]}}',
                '{"version": 1, "content": {"a.b": ["192.0.2.9"]}}']
)  # fmt: skip
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "addresses.json").write_text(content)
    assert settle(Addresses(tmp_path), Host("a.b", ONE), ONE) == (ONE, [])
    assert settle(Addresses(tmp_path), Host("a.b", ONE)) == (ONE, [])
