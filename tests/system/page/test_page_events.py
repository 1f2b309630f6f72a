"""The events."""

import re

from playwright.sync_api import Page, expect

from tests.system.page.site import Site


def test_the_newest_come_first_and_older_ones_when_asked_for(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/events")
    lines = page.locator(".events li")
    expect(lines).to_have_count(100)
    expect(lines.first).to_contain_text(re.compile("info.*agent_000.*The run began", re.S))
    page.get_by_role("button", name="Older ones").click()
    expect(lines).to_have_count(150)


def test_filters_by_severity_agent_and_text(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/events")
    lines = page.locator(".events li")
    page.get_by_label("alarm").check()
    expect(lines).to_have_count(50)
    page.get_by_label("Agent").fill("agent_002")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(10)
    expect(lines.first).to_contain_text("The beam was lost")
    page.get_by_label("Text").fill("no such text")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no such events.")).to_be_visible()
    page.reload()  # the address has the filters
    expect(page.get_by_text("There are no such events.")).to_be_visible()


def test_what_changed_across_an_event(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/events")
    line = page.locator(".events li").nth(2)
    line.get_by_role("button", name="What changed").click()
    expect(line.locator("tbody tr").first).to_contain_text(re.compile(r"agent_000.Current.*100.20 mA.*0.10 mA", re.S))
    line.get_by_role("link", name="agent_000.Current").click()
    expect(page.locator(".legend")).to_contain_text("agent_000.Current")


def test_text_of_events_stays_text(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/events")
    expect(page.locator(".events li").nth(1)).to_contain_text("<script>document.title='in'</script>")
    expect(page).to_have_title(re.compile("^Events"))
