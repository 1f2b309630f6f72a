"""The view of an agent."""

from playwright.sync_api import Page, expect

from tests.system.page.conftest import Troubles
from tests.system.page.site import Site


def test_its_fields_are_there_with_all_that_is_known(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/agent/agent_000")
    row = page.locator(".fields tbody tr").first
    for text in ("Current", "mA", "VALID", "agent_000", "s"):
        expect(row).to_contain_text(text)
    value = row.locator("td").first
    first = value.inner_text()
    expect(value).not_to_have_text(first)
    expect(page.locator(".hub dl")).to_contain_text("Next run")


def test_why_a_value_is_missing(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/agent/agent_001")
    expect(page.locator(".hub")).to_contain_text("does not answer; start its server")
    expect(page.locator(".fields .quality-INVALID").first).to_be_visible()
    page.get_by_role("button", name="Why has agent_001.Current no value?").click()
    expect(page.locator(".why")).to_contain_text("The agent fails: p02/ring/1 does not answer. Since")
    expect(page.locator(".why")).to_contain_text("Start it.")


def test_its_events_and_plots_are_one_click_away(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/agent/agent_000")
    expect(page.locator(".events li").first).to_contain_text("The run began")
    page.get_by_role("link", name="Plot them").click()
    expect(page.locator(".legend li").first).to_contain_text("agent_000.Current")


def test_an_agent_that_is_not_there(page: Page, site: Site, troubles: Troubles) -> None:
    with page.expect_response("**/api/agents/nobody"):
        page.goto(f"{site.url}#/agent/nobody")
    expect(page.get_by_text("The hub has no agent nobody.")).to_be_visible()
    troubles.clear()  # the browser tells of the 404
