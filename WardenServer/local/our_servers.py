"""Our own servers as child processes: the device server of a hub, and its web."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.machine.child import START_LIMIT, Child, wait_until
from WardenServer.servers import client, ports
from WardenServer.settings.config import Settings

#: Exit code of our commands for a wrong setting.
WRONG_SETTING = 2
#: The port of the web, where no other is given or found.
WEB_PORT = 8060


class HubServer(Child):
    """The device server of the hub, as `warden serve` runs it."""

    patience = 2.2  # its agents are given time to end; with the other two it stays well under 5 s

    def __init__(self, settings: Settings, options: Mapping[str, Any]) -> None:
        command = _command("serve", settings.instance, options=options)
        output = settings.state_folder / "logs" / "server.out"
        super().__init__("Device server", command, output, _environment(settings))
        self.address = settings.device
        self._settings = settings

    def start(self, limit: float = START_LIMIT) -> None:
        """See Child. Raises also:
        WardenError: the device is served by another process already.
        SettingError: the server says that a setting is wrong.
        """
        if not wait_until(lambda: not self.answers(), 3.0):  # a predecessor may be dying just now
            raise WardenError(
                f"{self.address} is served by another process already, at TANGO_HOST={self._settings.tango_host};"
                " end that, or choose another --instance"
            )
        try:
            super().start(limit)
        except Unreachable:
            if self.code == WRONG_SETTING:
                raise SettingError(self.last_line().removeprefix("warden: ")) from None
            raise

    def answers(self) -> bool:
        """See Child."""
        try:
            client.state(self._settings)
        except (WardenError, TimeoutError):
            return False
        return True


class WebServer(Child):
    """The web of the hub, as `warden web` runs it."""

    patience = 1.5

    def __init__(self, settings: Settings, options: Mapping[str, Any]) -> None:
        """Raises WardenError where no port can be found."""
        if not settings.web_listen:
            ports.keep(settings.state_folder, "web", WEB_PORT)
        host, port = web_address(settings)
        self.address = web_url(host, port)
        command = _command("web", "--instance", settings.instance, options=options)
        output = settings.state_folder / "logs" / "web.out"
        super().__init__("Web", command, output, _environment(settings))

    def answers(self) -> bool:
        """See Child."""
        try:
            with urllib.request.urlopen(f"{self.address}api/me", timeout=1.0):
                return True
        except urllib.error.HTTPError:  # it answers
            return True
        except OSError:
            return False


def web_address(settings: Settings) -> tuple[str, int]:
    """Host and port that the web listens on."""
    if not settings.web_listen:
        return ports.LOOPBACK, ports.known(settings.state_folder).get("web", WEB_PORT)
    host, _, port = settings.web_listen.rpartition(":")
    return host.strip("[]"), int(port)


def web_url(host: str, port: int) -> str:
    """Where a browser on this machine finds the web that listens there."""
    host = {"0.0.0.0": ports.LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def missing_for_web() -> str:
    """A sentence with the cure where the web's libraries are not installed; else nothing."""
    if all(find_spec(name) for name in ("starlette", "uvicorn", "markdown", "prometheus_client")):
        return ""
    return "the web page is not installed; install it with: pip install 'wardenserver[web]'"


def _command(*words: str, options: Mapping[str, Any]) -> list[str]:
    """A command of ours, told what the command line said of the settings."""
    given = [f"--set={name}={value}" for name, value in options.items() if name != "instance"]
    return [sys.executable, "-P", "-m", "WardenServer", *words, *given]


def _environment(settings: Settings) -> dict[str, str]:
    """Where the other servers are."""
    environment = {"TANGO_HOST": settings.tango_host, "WARDEN_MEMCACHED": ",".join(settings.memcached)}
    return environment if settings.file is None else {**environment, "WARDEN_CONFIG": str(settings.file)}
