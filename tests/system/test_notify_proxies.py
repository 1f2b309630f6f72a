"""Messages go through the proxy that the environment names: of HTTP, and of SOCKS."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import clean_environment
from tests.system.proxies import http_proxy, socks_proxy
from tests.system.web_hook import served

#: A host that nobody can find but a proxy.
HOST = "chat.invalid"
VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture
def chat() -> Iterator[tuple[str, list[Any]]]:
    """A web hook: its address, and what was posted there."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with served(Handler) as place:
        yield place, got


def send(tmp_path: Path, host: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Have the command send a message to a web hook."""
    file = tmp_path / "warden.toml"
    file.write_text('[notify.targets.chat]\nurl = { env = "CHAT" }\n')
    environment = clean_environment(WARDEN_STATE_FOLDER=str(tmp_path / "state"), CHAT=f"json://{host}/?cto=3&rto=3")
    environment = {name: value for name, value in environment.items() if name.lower() not in VARIABLES}
    command = [sys.executable, "-m", "WardenServer", "notify", "test", "--config", str(file)]
    return subprocess.run(
        command, env={**environment, **variables}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", [http_proxy, socks_proxy])
def test_a_message_comes_through_the_proxy(
    proxy: Any, variable: str, chat: tuple[str, list[Any]], tmp_path: Path
) -> None:
    names: list[str] = []
    with proxy(chat[0], names) as url:
        done = send(tmp_path, HOST, **{variable.lower() if variable == "HTTP_PROXY" else variable: url})
    assert (done.returncode, done.stdout, done.stderr) == (0, "chat: has taken a message\n", "")
    assert names == [HOST] and len(chat[1]) == 1
    assert chat[1][0]["message"].startswith("This is a test")


def test_what_no_proxy_names_is_reached_directly(chat: tuple[str, list[Any]], tmp_path: Path) -> None:
    names: list[str] = []
    with http_proxy(chat[0], names) as url:
        done = send(tmp_path, chat[0], HTTP_PROXY=url, NO_PROXY="127.0.0.1")
    assert (done.returncode, names, len(chat[1])) == (0, [], 1)


def test_a_proxy_that_is_away_keeps_the_message_and_its_password_is_not_shown(
    chat: tuple[str, list[Any]], tmp_path: Path
) -> None:
    for kind in ("http", "socks5h"):
        done = send(tmp_path, chat[0], ALL_PROXY=f"{kind}://me:hunter2hunter2@127.0.0.1:1")
        assert done.returncode == 1 and "chat: does not take messages (" in done.stderr
        assert "hunter2" not in done.stderr and "wardenserver[socks]" not in done.stderr
    assert chat[1] == []
