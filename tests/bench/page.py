"""The page with five hundred agents that all change, in Debian's chromium: what it transfers, and what it costs.

At ten times the rate it is looked at for six minutes: what grows then would grow all day.
"""

import getpass
import json
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.servers import free_port
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import open_site
from WardenServer.machine.child import Child, wait_until

AGENTS = 500
#: Seconds that the page is left alone before it is measured, and those of the long look.
SETTLING, LONG = 8.0, 360.0
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync")  # fmt: skip
_NETDATA = """
[global]
run as user = {user}
[directories]
cache = {folder}/cache
lib = {folder}/lib
log = {folder}/log
[db]
mode = ram
[plugins]
go.d = no
python.d = no
charts.d = no
apps = no
[web]
bind to = 127.0.0.1
default port = {port}
"""
#: What the worker loads that all tabs share; the browser does not count it for the page.
_WORKER = ("worker.js", "source.js")


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    seconds = 10.0 if quick else LONG
    found = [
        Contender("each second", "look", {"interval": 1.0, "seconds": 10.0}),
        Contender("ten times a second", "look", {"interval": 0.1, "seconds": seconds}, limit=seconds + 90),
    ]
    if shutil.which("netdata") is None:
        print("bench: Netdata is not installed; its dashboard is left out", file=sys.stderr)
        return found
    return [*found, Contender("netdata", "netdata")]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    usual, fast, what = runs["each second"], runs["ten times a second"], f"the page with {AGENTS} agents"
    rivals = runs.get("netdata")
    against_netdata = [
        against(f"{what}: first paint", usual, rivals, "paint", "ms", "Netdata's dashboard of one machine", 1.0)
    ] if rivals else []  # fmt: skip
    return [
        *against_netdata,
        limit(f"{what}: transferred", usual, "transferred", "kB", 80),
        limit(f"{what}: first paint", usual, "paint", "ms", 500),
        limit(f"{what}: main thread busy, each second", usual, "busy", "%", 20),
        limit(f"{what}: heap grown at ten times the rate", fast, "grown", "MB", 2),
    ]


def look(folder: Path, interval: float, seconds: float) -> Run:
    """Open the overview, and look at it for a while."""
    with open_site(folder, FakeHub(AGENTS), interval) as site, _chromium() as page:
        browser = page.context.new_cdp_session(page)
        wait_until(lambda: _documents(site.url) == AGENTS, 10)
        for domain in ("Network", "Performance", "HeapProfiler"):
            browser.send(f"{domain}.enable")
        sizes: list[float] = [_compressed(f"{site.url}static/{name}") for name in _WORKER]
        browser.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto(site.url)
        page.locator(f"tr[data-agent=agent_{AGENTS - 1}]").wait_for(state="attached")
        page.wait_for_timeout(1000 * SETTLING)
        return {"transferred": sum(sizes) / 1000, "paint": _paint(page), **_watch(page, browser, seconds)}


class Netdata(Child):
    """Debian's Netdata with a folder and a port of its own, and only what it collects itself."""

    def __init__(self, folder: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"
        file = folder / "netdata.conf"
        file.write_text(_NETDATA.format(folder=folder, user=getpass.getuser(), port=port), encoding="utf-8")
        for name in ("cache", "lib", "log"):
            (folder / name).mkdir()
        super().__init__("Netdata", ["netdata", "-D", "-c", str(file)], folder / "netdata.out")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address, timeout=2):
                return True
        except OSError:
            return False


def netdata(folder: Path) -> Run:
    """Open Netdata's dashboard."""
    with Netdata(folder, free_port()) as server, _chromium() as page:
        page.goto(server.address, wait_until="domcontentloaded")
        page.wait_for_timeout(1000 * SETTLING)
        return {"paint": _paint(page)}


def _paint(page: Page) -> float:
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


@contextmanager
def _chromium() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        yield chromium.new_page(viewport={"width": 1400, "height": 900})
        chromium.close()


def _documents(url: str) -> int:
    with urllib.request.urlopen(f"{url}api/documents") as answer:
        return len(json.load(answer))


def _compressed(url: str) -> int:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        return len(answer.read()) + len(bytes(answer.headers))


def _watch(page: Page, browser: CDPSession, seconds: float) -> Run:
    heap, before, began = _heap(browser), _metrics(browser), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    busy = (_metrics(browser)["TaskDuration"] - before["TaskDuration"]) / (time.monotonic() - began)
    return {"busy": 100 * busy, "grown": max(0.0, _heap(browser) - heap) / 1e6}


def _heap(browser: CDPSession) -> float:
    """Bytes that are still in use after a forced collection."""
    browser.send("HeapProfiler.collectGarbage")
    return _metrics(browser)["JSHeapUsedSize"]


def _metrics(browser: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in browser.send("Performance.getMetrics")["metrics"]}
