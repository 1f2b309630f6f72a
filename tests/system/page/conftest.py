"""A browser, and sites to look at with it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.system.page import history
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite, Site, open_site

#: Milliseconds that a browser may take for what a test waits for.
PATIENCE = 10_000
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", "--js-flags=--expose-gc")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests with a browser are heavy."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.heavy)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium. It ends with the module, since Playwright keeps an event loop in this thread until then."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A beamline with five agents, of which one fails and one hangs."""
    with open_site(tmp_path_factory.mktemp("site"), five()) as made:
        yield made


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Make a site for this test alone, that it may disturb."""
    with ExitStack() as stack:
        yield lambda hub, **more: stack.enter_context(open_site(tmp_path, hub, **more))


def five() -> FakeHub:
    return FakeHub(5, {"agent_001": "failing", "agent_003": "stalled"})


class Troubles(list[str]):
    """What a page complained of as an error: scripts, what the policy refused, what could not be loaded."""

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(f"{error}"))
        page.on("console", lambda said: self.append(said.text) if said.type == "error" else None)


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """None may be left at the end of a test; one that makes some clears them."""
    found = Troubles()
    yield found
    assert found == []


@pytest.fixture
def page(browser: Browser, troubles: Troubles, make_site: MakeSite) -> Iterator[Page]:
    """A page of a browser without cookies, with a history made up. It ends before the sites do."""
    expect.set_options(timeout=PATIENCE)
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    context.route("**/api/history?*", _answer(history.history))
    context.route("**/api/why?*", _answer(history.why))
    context.route("**/api/changes?*", _answer(history.changes))
    made = context.new_page()
    troubles.watch(made)
    yield made
    context.close()


def _answer(make: Any) -> Any:
    def answer(route: Route) -> None:
        route.fulfill(content_type="application/json", body=json.dumps(make(route.request.url)))

    return answer
