"""Names to addresses, with a DNS of our own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from WardenServer.plugins.common.ping.probe import resolving
from WardenServer.plugins.common.ping.probe.resolving import Found, Resolver, look_up


class Names:
    """A DNS: names that begin with "slow" have no answer until the end."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []

    def ask(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name.startswith("slow"):
            self.gate.wait(20)
        if name.startswith("none"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name.startswith("odd"):
            raise UnicodeError("label too long")
        return () if name.startswith("empty") else ("192.0.2.1", "2001:db8::1")


@pytest.fixture
def names() -> Iterator[Names]:
    names = Names()
    yield names
    names.gate.set()


def test_each_name_has_its_own_fate(names: Names) -> None:
    asked = ["good.de", "none.de", "odd.de", "empty.de", "slow.de", "192.0.2.9", "fe80::1%lo", "good.de"]
    found = asyncio.run(Resolver(names.ask, limit=1.0).resolve(asked))
    assert found == {
        "good.de": Found(("192.0.2.1", "2001:db8::1")),
        "none.de": Found(trouble="Name or service not known"),
        "odd.de": Found(trouble="no name that DNS can have"),
        "empty.de": Found(trouble="no address of a host"),
        "slow.de": Found(trouble="DNS has not answered within 1 s"),
        "192.0.2.9": Found(("192.0.2.9",)),
        "fe80::1%lo": Found(("fe80::1%lo",)),
    }
    assert sorted(names.asked) == ["empty.de", "good.de", "none.de", "odd.de", "slow.de"]


def test_more_names_that_hang_than_are_asked_for_at_a_time_hold_nobody_up(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "AT_ONCE", 2)
    asked = [f"slow{number}.de" for number in range(4)] + ["good.de"]
    found = asyncio.run(Resolver(names.ask, limit=0.7).resolve(asked))
    assert found["good.de"].addresses
    assert not any(found[name].addresses for name in asked[:-1])


def test_all_names_together_have_a_limit(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "AT_ONCE", 1)
    found = asyncio.run(Resolver(names.ask, limit=10, whole=0.1).resolve(["slow.de", "good.de"]))
    assert {each.trouble for each in found.values()} == {"DNS has not answered within the 0.1 s for all names"}
    assert names.asked == ["slow.de"]


def test_a_dns_that_owes_many_answers_is_asked_no_more(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "HANGING", 2)

    async def rounds() -> tuple[dict[str, Found], dict[str, Found]]:
        resolver = Resolver(names.ask, limit=0.7)
        await resolver.resolve(["slow1.de", "slow2.de"])
        refused = await resolver.resolve(["good.de"])
        names.gate.set()
        while resolver._hanging:
            await asyncio.sleep(0.01)
        return refused, await resolver.resolve(["good.de"])

    refused, served = asyncio.run(asyncio.wait_for(rounds(), 10))
    assert refused["good.de"].trouble == "DNS owes answers to 2 questions"
    assert served["good.de"].addresses


def test_a_system_without_threads(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    found = asyncio.run(Resolver(names.ask).resolve(["good.de"]))
    assert found["good.de"].trouble == "DNS cannot be asked: can't start new thread"


@pytest.mark.parametrize(
    ("found", "protocol", "first"),
    [
        (("192.0.2.1", "::1"), "", "192.0.2.1"),
        (("::1",), "", "::1"),
        (("192.0.2.1", "::1"), "IPv6", "::1"),
        (("::1",), "IPv4", ""),
        ((), "", ""),
    ],
)
def test_the_first_of_a_protocol(found: tuple[str, ...], protocol: str, first: str) -> None:
    assert Found(found).first(protocol) == first


def test_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Any] = [
        ("fe80::1", 0, 0, 1), ("2001:db8::1", 0, 0, 0), ("224.0.0.1", 0), ("192.0.2.2", 0), ("192.0.2.1", 0),
        ("192.0.2.2", 0),
    ]  # fmt: skip
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", place) for place in places])
    link = f"fe80::1%{socket.if_indextoname(1)}"
    assert look_up("a.b") == ("192.0.2.2", "192.0.2.1", link, "2001:db8::1")
