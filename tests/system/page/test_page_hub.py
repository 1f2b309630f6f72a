"""The page of a real hub: what changes it, and what only its device knows."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, free_port
from tests.system.page.conftest import Troubles
from WardenServer.local.our_servers import WebServer
from WardenServer.settings import config
from WardenServer.web import tokens

QUICK = """from WardenServer import NoData
INTERVAL = 0.5
SETTINGS = {"password": "swordfish"}
FIELDS = {"Answer": {"unit": "mA"}}
n = 0
def work(agent):
    global n
    n += 1
    if n == 5:
        agent.tell("half way")
    return {"Answer": 42 if n < 5 else 43, "Sum": n, "Missing": NoData("no beam")}
"""
HANGING = """INTERVAL = 0.5
TIMEOUT = 0.5
def work(agent):
    while not agent.stopping.wait(0.1):
        pass  # it hangs here
"""


class Beamline:
    """A real hub with a web server. `url` of the page, `token` to log in with."""

    def __init__(self, hub: Hub, url: str, token: str) -> None:
        self.hub, self.url, self.token = hub, url, token


@pytest.fixture
def beamline(hub: MakeHub, write: Callable[..., Path]) -> Iterator[Beamline]:
    write("quick", QUICK)
    write("hanging", HANGING)
    server = hub(history="yes")
    said = {"instance": server.settings.instance, "prefix": server.settings.prefix, "tango_host": server.database,
            "memcached": server.servers, "state_folder": str(server.settings.state_folder), "web_interval": "0.2",
            "web_listen": f"127.0.0.1:{free_port()}"}  # fmt: skip
    settings = config.load(environment={}, options=said)
    with WebServer(settings, said) as web:
        yield Beamline(server, web.address, tokens.place(settings).read_text(encoding="utf-8"))


@pytest.fixture
def page(beamline: Beamline, page: Page) -> Page:
    """A page that ends before the beamline, on which somebody has logged in."""
    page.goto(beamline.url)
    page.get_by_role("button", name="Log in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Token").fill(beamline.token)
    dialog.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    return page


def test_an_agent_that_hangs_shows_where(page: Page, beamline: Beamline) -> None:
    expect(page.locator("tr[data-agent]").first).to_contain_text(re.compile("stalled.*hanging", re.S))
    page.get_by_role("link", name="hanging").click()
    expect(page.locator("pre").first).to_contain_text("hanging.py:4 in work")


def test_its_file_and_settings_with_secrets_masked(page: Page, beamline: Beamline) -> None:
    page.goto(f"{beamline.url}#/agent/quick")
    page.get_by_role("button", name="Show", exact=True).click()
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("return {\"Answer\": 42 if n")
    expect(source.locator("pre").first).to_contain_text("***")


@pytest.fixture
def past(page: Page) -> Page:
    """A page that gets the answers of the real history."""
    for path in ("history", "why", "changes"):
        page.context.unroute(f"**/api/{path}?*")
    return page


def test_its_history_is_plotted(past: Page, beamline: Beamline) -> None:
    asked = f"{beamline.url}api/history?key=quick&field=Missing&range=hour"
    wait_for(lambda: httpx.get(asked).json().get("gaps"))  # it is written every few seconds
    past.goto(f"{beamline.url}#/plots?field=quick.Sum&field=quick.Missing")
    expect(past.locator(".legend")).to_contain_text(re.compile(r"quick.Sum \d"))
    expect(past.locator(".gaps li").first).to_contain_text("no beam")
    past.get_by_role("button", name="Data table").click()
    expect(past.locator(".data table tbody tr").first).to_contain_text(re.compile(r"\d"))


def test_why_a_value_is_missing_and_what_changed_across_an_event(past: Page, beamline: Beamline) -> None:
    past.goto(f"{beamline.url}#/agent/quick")
    past.get_by_role("button", name="Why has quick.Missing no value?").click()
    expect(past.locator("tr.why")).to_contain_text("quick.Missing is null: no beam")
    event = past.locator("li").filter(has_text="half way").first
    event.get_by_role("button", name="What changed").click()
    expect(past.get_by_role("row").filter(has_text="Answer").last).to_contain_text("43")


def test_an_agent_is_stopped_run_and_started(page: Page, beamline: Beamline, troubles: Troubles) -> None:
    page.goto(f"{beamline.url}#/agent/quick")
    state = page.locator(".hub .state")
    expect(state).to_contain_text("good")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(state).to_contain_text("stopped")
    page.get_by_role("button", name="Start").click()
    expect(state).to_contain_text("good")
    toast = page.locator("#toast")
    page.get_by_role("button", name="Run now").click()
    expect(toast).to_have_text(re.compile(r"quick runs (at the next tick\.|already)"))  # each half second by itself
    troubles.clear()


def test_the_hub_is_stopped_and_started(page: Page, beamline: Beamline) -> None:
    state = page.locator(".panel.hub .state")
    expect(state).to_have_text("ALARM")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(state).to_have_text("ON")
    page.get_by_role("button", name="Start").click()
    expect(state).to_have_text("ALARM")
    page.get_by_role("button", name="Reload").click()
    expect(page.locator("#toast")).to_have_text("The plugin files are read again.")
