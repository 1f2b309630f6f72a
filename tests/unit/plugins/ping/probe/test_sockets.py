"""What people are told where a socket cannot be opened; sockets themselves are tested with a real kernel."""

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.probe import sockets


@pytest.mark.parametrize(
    ("kind", "family", "number", "cure"),
    [
        ("raw", socket.AF_INET, errno.EPERM, "over IPv4 .* CAP_NET_RAW"),
        ("raw", socket.AF_INET6, errno.EACCES, "over IPv6 .* CAP_NET_RAW"),
        ("unprivileged", socket.AF_INET, errno.EACCES, "ping_group_range"),
        ("unprivileged", socket.AF_INET6, errno.EACCES, "ping_group_range"),
        ("raw", socket.AF_INET6, errno.EAFNOSUPPORT, "switch it on"),
        ("unprivileged", socket.AF_INET6, errno.EPROTONOSUPPORT, "switch it on"),
        ("raw", socket.AF_INET, errno.EMFILE, "free files"),
    ],
)
def test_a_refusal_is_said_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, kind: str, family: int, number: int, cure: str
) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(WardenError, match=cure) as caught:
        sockets.opened(kind, family)
    assert sockets.allowed(kind, family) == str(caught.value)
    assert os.strerror(number) in str(caught.value)


def test_a_socket_that_cannot_be_prepared_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unwilling:
        is_closed = False

        def setsockopt(self, *_: Any) -> None:
            raise OSError(errno.EPERM, "no")

        def close(self) -> None:
            self.is_closed = True

    made = Unwilling()
    monkeypatch.setattr(socket, "socket", lambda *_: made)
    with pytest.raises(WardenError):
        sockets.opened("raw", socket.AF_INET)
    assert made.is_closed


@pytest.mark.parametrize("error", [None, FileNotFoundError()])
def test_a_machine_without_ipv6_addresses_is_told(monkeypatch: pytest.MonkeyPatch, error: OSError | None) -> None:
    class Made:
        def close(self) -> None:
            pass

    def read(path: Path) -> str:
        if error:
            raise error
        return ""

    monkeypatch.setattr(sockets, "opened", lambda kind, family: (Made(), 1))
    monkeypatch.setattr(Path, "read_text", read)
    assert "no interface of this machine has an IPv6 address; switch it on" in sockets.allowed("raw", socket.AF_INET6)
    assert sockets.allowed("raw", socket.AF_INET) == ""
