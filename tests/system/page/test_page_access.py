"""axe-core finds no serious fault, in any view, in both themes, on a desk and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.system.page.site import Site

VIEWS = {
    "overview": ("#/", "tr[data-agent]"),
    "agent": ("#/agent/agent_001", ".fields tbody tr"),
    "hanging agent": ("#/agent/agent_003", ".fields tbody tr"),
    "plots": ("#/plots?field=agent_000.Current&field=agent_000.Shutter", ".legend li"),
    "events": ("#/events", ".events li"),
    "wall": ("#/wall", ".wall-counts"),
    "own page": ("pages/shift", "[data-warden=plot] canvas"),
}
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_serious_fault(view: str, theme: Any, page: Page, site: Site) -> None:
    address, there = VIEWS[view]
    page.emulate_media(color_scheme=theme)
    page.goto(site.url + address)
    expect(page.locator(there).first).to_be_visible()
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"it is wider than {width} px"


def test_no_serious_fault_in_dialogs_and_tables(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/plots?field=agent_000.Current")
    page.get_by_role("button", name="Data table").click()
    expect(page.locator(".data")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    assert faults(page) == []


def faults(page: Page) -> list[str]:
    """What axe finds that is serious, with the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {[node['html'][:100] for node in fault['nodes'][:3]]}"
        for fault in found
        if fault["impact"] in SERIOUS
    ]
