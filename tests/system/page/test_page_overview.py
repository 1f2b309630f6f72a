"""The overview: all agents, what is wrong first, and what is stale, also when nothing comes any more."""

import re

from playwright.sync_api import Page, expect

from tests.conftest import wait_for
from tests.system.page.conftest import Troubles, five
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite, Site

#: Milliseconds after which a value is stale, and a stream lost, with room for a slow machine.
STALE = 25_000


def test_the_worst_agent_comes_first(page: Page, site: Site) -> None:
    page.goto(site.url)
    rows = page.locator("tr[data-agent]")
    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("stalled")
    expect(rows.nth(1)).to_contain_text("does not answer; start its server")
    expect(rows.nth(2)).to_contain_text(re.compile(r"good.*agent_000.*\d\d mA", re.S))
    expect(page.locator(".hub")).to_contain_text("ALARM")
    expect(page.locator(".wrong li")).to_have_count(2)


def test_values_and_lines_follow_the_hub(page: Page, site: Site) -> None:
    page.goto(site.url)
    value = page.locator("tr[data-agent=agent_000] td").nth(1)
    expect(value).to_have_text(re.compile(r"^\d+\.\d\d mA$"))
    first = value.inner_text()
    expect(value).not_to_have_text(first)
    drawn = "() => document.querySelector('tr[data-agent=agent_000] canvas').getContext('2d')" \
        ".getImageData(0, 0, 400, 20).data.some((part) => part > 0)"  # fmt: skip
    wait_for(lambda: page.evaluate(drawn))


def test_the_filter_finds_by_name_state_and_text(page: Page, site: Site) -> None:
    page.goto(site.url)
    rows = page.locator("tr[data-agent]")
    for text, number in (("agent_00", 5), ("good", 3), ("DOES NOT ANSWER", 1), ("nothing like it", 0)):
        page.get_by_label("Filter").fill(text)
        expect(rows).to_have_count(number)
    expect(page.get_by_text("No agent fits to the filter.")).to_be_visible()
    page.get_by_role("button", name=re.compile("1 failing")).click()
    expect(rows).to_have_count(1)


def test_when_the_hub_stops_its_state_says_so(page: Page, make_site: MakeSite) -> None:
    site = make_site(five())
    page.goto(site.url)
    expect(page.locator(".panel.hub .state")).to_have_text("ALARM")
    site.hub.state = "ON"
    expect(page.locator(".panel.hub .state")).to_have_text("ON")
    expect(page.locator("tr[data-agent=agent_000] td").nth(4)).to_have_text("—")  # it has no next run


def test_what_nobody_writes_any_more_grows_stale(page: Page, make_site: MakeSite) -> None:
    site = make_site(five())
    page.goto(site.url)
    row = page.locator("tr[data-agent=agent_000]")
    expect(row).to_contain_text("mA")
    expect(page.locator(".stale-sign")).to_have_count(0)
    site.feeder.silent.set()
    expect(row.locator(".stale-sign")).to_be_visible(timeout=STALE)
    expect(row.locator(".state")).to_contain_text("stale")


def test_when_memcached_is_gone_the_banner_says_it_and_the_last_values_age(page: Page, make_site: MakeSite) -> None:
    site = make_site(five())
    page.goto(site.url)
    row = page.locator("tr[data-agent=agent_000]")
    expect(row).to_contain_text("mA")
    site.memcached.stop()
    expect(page.get_by_role("alert").first).to_contain_text("Not live")
    expect(row).to_contain_text("mA")
    expect(row.locator(".stale-sign")).to_be_visible(timeout=STALE)
    expect(page.locator(".panel.hub .state")).to_have_text("UNKNOWN")
    site.memcached.start()
    expect(page.locator(".banner")).to_have_count(0)
    expect(row.locator(".stale-sign")).to_have_count(0)


def test_when_the_web_server_is_gone_the_banner_says_it_and_all_ages(
    page: Page, make_site: MakeSite, troubles: Troubles
) -> None:
    site = make_site(five())
    page.goto(site.url)
    row = page.locator("tr[data-agent=agent_000]")
    expect(row).to_contain_text("mA")
    site.web.stop()
    expect(page.locator(".banner")).to_contain_text("The web server does not answer")
    expect(row.locator(".stale-sign")).to_be_visible(timeout=STALE)
    site.web.start()
    expect(page.locator(".banner")).to_have_count(0, timeout=STALE)
    expect(row.locator(".stale-sign")).to_have_count(0)
    troubles.clear()  # the browser says that it could not connect


def test_agents_come_and_go(page: Page, make_site: MakeSite) -> None:
    site = make_site(five())
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    site.hub.names.append("agent_new")
    expect(page.locator("tr[data-agent=agent_new]")).to_contain_text("mA")
    site.hub.names.remove("agent_000")
    expect(page.locator("tr[data-agent=agent_000]")).to_have_count(0)


def test_text_of_the_hub_stays_text(page: Page, make_site: MakeSite) -> None:
    hub = FakeHub(1)
    hub.names.append("<img/src=x/onerror=alert(1)>")
    page.goto(make_site(hub).url)
    expect(page.get_by_role("link", name="<img/src=x/onerror=alert(1)>")).to_be_visible()
    assert page.locator("main img").count() == 0


def test_five_hundred_agents_are_all_there(page: Page, make_site: MakeSite) -> None:
    page.goto(make_site(FakeHub(500)).url)
    expect(page.locator("tr[data-agent]")).to_have_count(500)
    last = page.locator("tr[data-agent=agent_499]")
    last.scroll_into_view_if_needed()
    value = last.locator("td").nth(1)
    expect(value).to_have_text(re.compile("mA"))
    first = value.inner_text()
    expect(value).not_to_have_text(first)
