"""What this machine is called, and where it sends from."""

import socket
import threading
from typing import Any

import pytest

from WardenServer.plugins.common.ping import own
from WardenServer.plugins.common.ping.limited import limited


def answers(monkeypatch: pytest.MonkeyPatch, host: str, canonical: str, *addresses: str) -> None:
    def getaddrinfo(name: str, *arguments: Any, **options: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, canonical if not place else "", (each, 0)) for place, each in enumerate(addresses)]

    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    ("host", "canonical", "name"),
    [
        ("me.desy.de", "other.desy.de", "me.desy.de"),
        ("me", "me.desy.de", "me.desy.de"),
        ("me", "me", "me"),
        ("me", "no name.de", "me"),
        ("me.no name", "", "localhost"),
    ],
)
def test_the_full_name(monkeypatch: pytest.MonkeyPatch, host: str, canonical: str, name: str) -> None:
    answers(monkeypatch, host, canonical, "127.0.1.1")
    assert own.full_name() == name


def test_without_dns_the_name_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "me", "")
    assert own.full_name() == "me"


@pytest.mark.parametrize(
    ("addresses", "address"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["2001:db8::7", "192.0.2.7"], "192.0.2.7"),
        (["::1", "127.0.1.1", "2001:db8::7"], "2001:db8::7"),
        (["127.0.1.1"], "127.0.0.1"),
        (["fe80::1"], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
def test_the_address_is_no_loopback_unless_the_target_is(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], address: str
) -> None:
    answers(monkeypatch, "me", "me", *addresses)
    assert own.own_address("me", "127.0.0.1") == address


def test_where_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "me", "me")
    assert own.own_address("me", "no address") == "127.0.0.1"


def test_work_that_raises_and_work_that_does_not_end() -> None:
    gate = threading.Event()

    def fails() -> str:
        raise UnicodeError("label too long")

    assert limited(lambda: "done", 5, "") == "done"
    assert limited(fails, 5, "otherwise") == "otherwise"
    assert limited(lambda: str(gate.wait(10)), 0.05, "otherwise") == "otherwise"
    gate.set()
