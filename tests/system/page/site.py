"""A beamline with a web server, as a browser sees it: the hub is made up, the rest is real."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError

from tests.bench.servers import free_port
from tests.system.page.fake_hub import FakeHub
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.local.our_servers import WebServer
from WardenServer.results.event import Event, Severity
from WardenServer.settings import config
from WardenServer.sinks.events import store
from WardenServer.web import tokens

#: Ticks of the hub in a second.
TICKS = 10


class Feeder(threading.Thread):
    """Writes what a hub would write, every `interval` seconds, until it is closed; not while it is `silent`. `written`
    is set from the first time on."""

    def __init__(self, hub: FakeHub, address: str, interval: float) -> None:
        super().__init__(name="fake hub", daemon=True)
        self._hub, self._address, self._interval = hub, address, interval
        self._closing = threading.Event()
        self.silent = threading.Event()
        self.written = threading.Event()

    def run(self) -> None:
        began = time.time()
        client = Client(self._address, timeout=2, connect_timeout=2)
        while not self._closing.wait(self._interval):
            if not self.silent.is_set():
                try:
                    self._hub.write(client, time.time(), int((time.time() - began) * TICKS))
                    self.written.set()
                except (OSError, MemcacheError):  # Memcached is away, as the test wants it
                    client.close()
        client.close()

    def close(self) -> None:
        self._closing.set()
        self.join(5)


class Site:
    """All of it: `url` of the page, `token` to log in with, and the parts that a test may disturb."""

    def __init__(self, web: WebServer, memcached: LocalMemcached, feeder: Feeder, hub: FakeHub, token: str) -> None:
        self.web, self.memcached, self.feeder, self.hub, self.token = web, memcached, feeder, hub, token
        self.url = web.address


@contextmanager
def open_site(folder: Path, hub: FakeHub, interval: float = 0.2, tables: str = "", **more: str) -> Iterator[Site]:
    """Start it in a folder of its own, with a page of the site's own, some events, and more settings; `tables` is
    what the settings file says."""
    memcached = LocalMemcached(free_port(), folder / "memcached")
    pages = folder / "pages"
    pages.mkdir()
    (pages / "shift.md").write_text(PAGE, encoding="utf-8")
    options = {
        "state_folder": str(folder / "state"), "instance": hub.instance, "memcached": memcached.address,
        "web_listen": f"127.0.0.1:{free_port()}", "web_interval": str(interval), "web_pages": str(pages),
        "zone": "Europe/Berlin", "tango_host": f"127.0.0.1:{free_port()}", **more,
    }  # fmt: skip
    file = folder / "warden.toml"
    file.write_text(tables, encoding="utf-8")
    settings = config.load(file, {}, options=options)
    _tell_events(store.place(settings), hub.names)
    feeder = Feeder(hub, memcached.address, interval)
    with memcached, _fed(feeder), WebServer(settings, options) as web:
        yield Site(web, memcached, feeder, hub, tokens.place(settings).read_text(encoding="utf-8"))


@contextmanager
def _fed(feeder: Feeder) -> Iterator[None]:
    """The web server shall find all there when it starts."""
    feeder.start()
    try:
        feeder.written.wait(10)
        yield
    finally:
        feeder.close()


#: Severities and texts of the events that were told, over and over; one of them is an attempt to get in.
TEXTS = ((Severity.INFO, "The run began"), (Severity.WARNING, "<script>document.title='in'</script>"),
         (Severity.ALARM, "The beam was lost"))  # fmt: skip

PAGE = """# Shift page

Current {value /agent_000/Current}, nothing {value /agent_000/Nothing}, wrong {valu /agent_000/Current}.

{plot /agent_000/Current/hour}

{sparkrow /agent_000/Lifetime/hour}

{sparkline /agent_000/Lifetime/hour} {plotlink Lifetime of the beam /agent_000/Lifetime/day}
"""


def _tell_events(path: Path, agents: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [
        Event(f"told {number}", time.time() - 60 * number, agents[number % len(agents)], *TEXTS[number % len(TEXTS)])
        for number in range(150)
    ]
    events = store.Store(path)
    events.add(told)
    events.close()


#: Makes a site that ends with the test: make(hub, setting="value", ...).
MakeSite = Callable[..., Site]
