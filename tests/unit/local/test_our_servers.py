"""Our own servers as child processes, without starting them."""

import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from rich.console import Console

from WardenServer.local import our_servers, up
from WardenServer.servers import ports
from WardenServer.settings import config

Make = Callable[..., config.Settings]


def test_the_web_keeps_the_port_that_was_found_for_it(settings: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings()
    assert our_servers.web_address(made) == ("127.0.0.1", 8060)
    monkeypatch.setattr(ports, "is_free", lambda port: port != 8060)
    web = our_servers.WebServer(made, {"web_interval": "2", "instance": "local"})
    port = ports.known(made.state_folder)["web"]
    assert port != 8060
    assert our_servers.web_address(made) == ("127.0.0.1", port)
    assert web.address == f"http://127.0.0.1:{port}/"
    assert web.command[1:] == ["-P", "-m", "WardenServer", "web", "--instance", "local", "--set=web_interval=2"]
    assert not web.answers()


@pytest.mark.parametrize(
    ("listen", "address", "url"),
    [
        ("0.0.0.0:80", ("0.0.0.0", 80), "http://127.0.0.1:80/"),
        ("[::]:81", ("::", 81), "http://[::1]:81/"),
        ("p02.example:8060", ("p02.example", 8060), "http://p02.example:8060/"),
    ],
)
def test_an_address_of_the_settings(settings: Make, listen: str, address: tuple[str, int], url: str) -> None:
    made = settings(web_listen=listen)
    assert our_servers.web_address(made) == address
    assert our_servers.WebServer(made, {}).address == url
    assert "web" not in ports.known(made.state_folder), "no other port is sought"


def test_where_its_libraries_are_missing_up_says_so_in_one_line_and_goes_on(
    settings: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_servers, "find_spec", lambda name: None if name == "uvicorn" else sys)
    screen = Console(record=True, width=200)
    with ExitStack() as stack, screen.capture() as said:
        assert up._web(settings(), {}, screen, stack) == []
    assert said.get() == (
        "Web ... not started: the web page is not installed; install it with: pip install 'wardenserver[web]'\n"
    )
