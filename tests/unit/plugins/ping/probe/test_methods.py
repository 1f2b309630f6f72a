"""Which way to measure is taken, on machines that allow more or less."""

import asyncio
import socket
from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.configuration import METHODS, Ping
from WardenServer.plugins.common.ping.probe import methods as module
from WardenServer.plugins.common.ping.probe.methods import Methods, Refused, family_of, open_methods

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[str]]:
    """What each family may use."""
    made: dict[int, list[str]] = {V4: list(METHODS), V6: list(METHODS)}

    async def why_not(name: str, family: int) -> str:
        return "" if name in made[family] else f"{name} is not allowed; allow it"

    monkeypatch.setattr(module, "_why_not", why_not)
    return made


def opened(method: str = "auto", families: tuple[int, ...] = (V4, V6)) -> Methods:
    return asyncio.run(open_methods(Ping(Path(), method=method), families, 0.0))


@pytest.mark.parametrize("best", METHODS)
def test_the_best_that_is_allowed_is_taken(allowed: dict[int, list[str]], best: str) -> None:
    allowed[V4] = allowed[V6] = list(METHODS[METHODS.index(best) :])
    found = opened()
    assert found.names == found.of("192.0.2.1").name == found.of("::1").name == best
    said = {} if best == "raw" else {
        V4: f"IPv4 is measured by {best}, since raw is not allowed; allow it",
        V6: f"IPv6 is measured by {best}, since raw is not allowed; allow it",
    }  # fmt: skip
    assert found.notices == said
    found.close()


def test_each_family_has_its_own(allowed: dict[int, list[str]]) -> None:
    allowed[V6] = ["tcp"]
    found = opened()
    assert found.names == "raw (IPv4), tcp (IPv6)"
    assert list(found.notices) == [V6]
    found.close()


def test_where_nothing_is_allowed_each_host_says_so_and_the_other_family_goes_on(allowed: dict[int, list[str]]) -> None:
    allowed[V6] = []
    found = opened()
    assert found.of("127.0.0.1").name == "raw"
    with pytest.raises(Refused, match="IPv6 cannot be measured: raw is not allowed; allow it"):
        found.of("::1")
    found.close()


def test_a_family_that_no_host_has_is_not_asked_for(allowed: dict[int, list[str]]) -> None:
    allowed[V6] = []
    found = opened(families=(V4,))
    assert not found.notices
    with pytest.raises(Refused, match="nothing measures IPv6"):
        found.of("::1")
    assert opened(families=()).names == ""
    found.close()


def test_one_that_is_named_is_taken_or_refused_with_the_cure(allowed: dict[int, list[str]]) -> None:
    assert opened("ping").names == "ping"
    assert not opened("tcp").notices, "people know that they named it"
    allowed[V4] = allowed[V6] = ["tcp"]
    found = opened("raw")
    assert found.names == ""
    with pytest.raises(Refused, match='the method "raw" cannot be used: raw is not allowed; allow it; or take "auto"'):
        found.of("192.0.2.1")


def test_families() -> None:
    assert (family_of("192.0.2.1"), family_of("fe80::1%eth0")) == (V4, V6)
