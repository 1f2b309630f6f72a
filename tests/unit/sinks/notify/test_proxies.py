"""A SOCKS proxy without the library for it: the sentence has the cure."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests

from WardenServer.errors import Unreachable
from WardenServer.results.event import Severity
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Target
from WardenServer.sinks.notify import proxies
from WardenServer.sinks.notify.letters import Letter
from WardenServer.sinks.notify.target import connect, send

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def no_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if pysocks were not installed."""

    def missing(*args: Any, **more: Any) -> None:
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", missing)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it
@pytest.mark.usefixtures("no_socks")
def test_a_message_that_needs_pysocks_says_so(
    monkeypatch: pytest.MonkeyPatch, settings: Callable[..., Settings]
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:1")
    service = connect(Target("chat", "json://chat.example/"), settings())
    with pytest.raises(Unreachable, match=r"SOCKS proxy, which needs: pip install 'wardenserver\[socks\]'\)$"):
        send(service, Letter((), "title", "text", Severity.INFO))


@pytest.mark.usefixtures("no_socks")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_it_is_named_where_a_socks_proxy_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxies.lacking() == ""
    monkeypatch.setenv(name, "http://proxy:3128")
    assert proxies.lacking() == ""
    monkeypatch.setenv(name, "SOCKS5://proxy:1080")
    assert "wardenserver[socks]" in proxies.lacking()


def test_nothing_is_missing_where_the_library_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    assert proxies.lacking() == ""
