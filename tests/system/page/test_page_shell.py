"""What all views share: theme, keys, login, pages of the site's own, tabs."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.system.page.conftest import Troubles, five
from tests.system.page.site import MakeSite, Site

GROUND = "() => getComputedStyle(document.body).backgroundColor"


def test_light_and_dark_by_the_system_and_by_choice(page: Page, site: Site) -> None:
    page.goto(site.url)
    light = page.evaluate(GROUND)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(GROUND)
    assert light != dark
    page.keyboard.press("t")  # light, whatever the system says
    assert page.evaluate(GROUND) == light
    page.reload()
    assert page.evaluate(GROUND) == light
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate(GROUND) == dark


def test_keys_go_to_the_views_and_are_listed(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    for key, heading in (("p", "Plots"), ("e", "Events"), ("o", "Overview")):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_attached()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter")).to_be_focused()
    page.keyboard.type("e")  # is text there
    expect(page.get_by_label("Filter")).to_have_value("e")
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog")).to_contain_text("Plot: earlier, later")
    page.get_by_label("Single keys do this").uncheck()
    page.get_by_role("button", name="Close").click()
    page.locator("h1").click(force=True)
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"#/$|/$"))


def test_the_tab_key_reaches_the_agents_with_a_visible_focus(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the content
    focused = "() => document.activeElement.textContent"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "agent_003":
            break
    assert page.evaluate(focused) == "agent_003"
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_what_changes_something_asks_for_the_token(page: Page, site: Site, troubles: Troubles) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Reload").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Token").fill("this is not the token")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("this is not the token")
    dialog.get_by_label("Token").fill(site.token)
    dialog.get_by_role("button", name="Log in").click()
    expect(page.locator("#toast")).to_contain_text("warden up")  # this hub is made up: no device answers
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    troubles.clear()  # the browser tells of 401 and 503


def test_giving_the_login_up_changes_nothing(page: Page, site: Site, troubles: Troubles) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#toast")).to_contain_text("log in")
    troubles.clear()


def test_a_page_of_the_sites_own_is_filled(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_role("link", name="Shift page").click()
    values = page.locator("[data-warden=value]")
    expect(values.first).to_have_text(re.compile(r"^\d+\.\d\d mA$"))
    expect(values.nth(1)).to_have_text("—")
    expect(page.locator("span.wrong-tag", has_text="valu")).to_have_text("{valu /agent_000/Current}")
    expect(page.locator("[data-warden=plot] canvas")).to_have_count(1)
    expect(page.locator("[data-warden=sparkrow] b")).to_have_text(re.compile(r"^\d+\.\d+ h$"))
    page.get_by_role("link", name="Lifetime of the beam").click()
    expect(page.locator(".legend")).to_contain_text("agent_000.Lifetime")


def test_eight_tabs_share_one_stream_and_all_live(browser: Browser, page: Page, site: Site) -> None:
    tabs = [page.context.new_page() for _ in range(8)]
    for tab in tabs:
        tab.goto(site.url)
    for tab in tabs:
        value = tab.locator("tr[data-agent=agent_000] td").nth(1)
        expect(value).to_have_text(re.compile("mA"))
        first = value.inner_text()
        expect(value).not_to_have_text(first)


def test_times_are_in_the_zone_of_the_beamline_and_it_is_named(browser: Browser, page: Page, site: Site) -> None:
    page.goto(site.url)
    time = page.locator("#header time")
    expect(time).to_contain_text(re.compile("CES?T"))
    expect(time).to_have_attribute("title", "Europe/Berlin")


def test_a_tab_that_is_hidden_for_long_lets_go_and_catches_up_when_it_is_shown(page: Page, site: Site) -> None:
    page.clock.install()
    page.goto(site.url)
    value = page.locator("tr[data-agent=agent_000] td").nth(1)
    expect(value).to_have_text(re.compile("mA"))
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});" \
        " document.dispatchEvent(new Event('visibilitychange')); }"  # fmt: skip
    page.evaluate(hide, True)
    page.clock.run_for(70_000)
    expect(value.locator(".stale-sign")).to_be_visible()  # nothing came meanwhile
    page.evaluate(hide, False)
    expect(value.locator(".stale-sign")).to_have_count(0)


def test_where_reading_needs_a_login_people_are_asked_for_it(
    page: Page, make_site: MakeSite, troubles: Troubles
) -> None:
    site = make_site(five(), web_login="always")
    page.goto(site.url)
    expect(page.locator(".banner")).to_contain_text("log in first")
    page.locator(".banner").get_by_role("button", name="Log in").click()
    page.get_by_role("dialog").get_by_label("Token").fill(site.token)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    expect(page.locator(".banner")).to_have_count(0)
    troubles.clear()  # the browser tells of 401
