"""The wall."""

import re

from playwright.sync_api import Page, expect

from tests.conftest import wait_for
from tests.system.page.conftest import Troubles, five
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite, Site


def test_large_letters_a_clock_and_pages_that_take_turns(page: Page, site: Site) -> None:
    page.clock.install()
    page.goto(f"{site.url}#/wall")
    expect(page.locator(".wall-counts")).to_contain_text(re.compile("1.*stalled.*1.*failing.*3.*good", re.S))
    expect(page.locator(".wall-top time")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d C"))
    expect(page.locator("#header")).to_be_hidden()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    page.clock.run_for(13_000)
    expect(page.locator(".tile").first).to_contain_text("stalled")
    page.clock.run_for(13_000)
    expect(page.locator(".wall-counts")).to_be_visible()


def test_it_can_be_paused_turned_and_left_by_keys(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/wall")
    expect(page.locator(".wall-counts")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    expect(page.locator("#header")).to_be_visible()


def test_fields_of_ones_own_choice_get_a_page(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/wall?field=agent_000.Current&field=agent_000.Shutter")
    expect(page.locator(".wall-counts")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile").first).to_contain_text(re.compile(r"agent_000.Current\s+\d+\.\d\d mA"))
    expect(page.locator(".tile")).to_have_count(2)


def test_many_agents_take_many_pages(page: Page, make_site: MakeSite) -> None:
    page.goto(f"{make_site(FakeHub(100)).url}#/wall")
    expect(page.locator(".wall-counts")).to_contain_text("100")
    expect(page.get_by_text(re.compile("Page 1 of [4-9]"))).to_be_visible()
    page.keyboard.press("ArrowLeft")  # to the last
    expect(page.locator(".tile").last).to_contain_text("agent_099")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_red_border_when_nothing_comes_any_more(page: Page, make_site: MakeSite, troubles: Troubles) -> None:
    site = make_site(five())
    page.goto(f"{site.url}#/wall")
    expect(page.locator(".wall-counts")).to_be_visible()
    border = "() => getComputedStyle(document.body, '::after').borderTopWidth"
    assert page.evaluate(border) == "0px"
    site.web.stop()
    wait_for(lambda: page.evaluate(border) != "0px")
    expect(page.locator(".banner")).to_contain_text("Not live")
    troubles.clear()  # the browser says that it could not connect
