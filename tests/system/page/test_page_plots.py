"""The plots, with a history made up."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.conftest import wait_for
from tests.system.page.site import Site

BOTH = "#/plots?field=agent_000.Current&field=agent_000.Shutter"


def ask(page: Page, script: str) -> Any:
    """Something about the canvas of the plot."""
    return page.evaluate(f"() => {{ const canvas = document.querySelector('.plot canvas'); return {script}; }}")


def test_several_fields_together_with_limits_gap_and_now(page: Page, site: Site) -> None:
    page.goto(site.url + BOTH)
    expect(page.locator(".legend li")).to_have_count(2)
    expect(page.locator(".legend")).to_contain_text(re.compile(r"agent_000.Current \d+\.\d\d mA"))
    expect(page.locator(".legend")).to_contain_text(re.compile("agent_000.Shutter (OPEN|CLOSED)"))
    expect(page.locator(".gaps li")).to_contain_text("the hub was stopped")
    expect(page.locator(".plot")).to_have_attribute("aria-label", re.compile("agent_000.Current, agent_000.Shut"))
    assert ask(page, "canvas.width") > 500


def test_fields_are_added_and_taken_out(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/plots")
    expect(page.get_by_text("Choose a field.")).to_be_visible()
    page.get_by_label("Field").fill("agent_002.Lifetime")
    page.keyboard.press("Enter")
    expect(page.locator(".legend li")).to_contain_text("agent_002.Lifetime")
    assert "field=agent_002.Lifetime" in page.url
    page.get_by_role("button", name="Take agent_002.Lifetime out").click()
    expect(page.locator(".legend li")).to_have_count(0)
    assert "agent_002" not in page.url


def test_the_plot_goes_with_the_time(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{BOTH}&span=60")
    value = page.locator(".legend li b").first
    first = value.inner_text()
    expect(value).not_to_have_text(first)


def test_zoom_by_keys_buttons_and_dragging(page: Page, site: Site) -> None:
    page.goto(site.url + BOTH)
    page.get_by_role("button", name="1 d").click()
    expect(page.locator(".legend small").first).to_have_text("mean, min to max of 10m")
    page.keyboard.press("+")
    assert "span=43200" in page.url
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "false")
    box = page.locator(".plot .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 50)
    page.mouse.up()
    expect(page).to_have_url(re.compile("from="))
    found = re.search(r"from=([\d.]+)&to=([\d.]+)", page.url)
    assert found is not None
    assert 43200 * 0.1 < float(found[2]) - float(found[1]) < 43200 * 0.3


def test_two_periods_over_each_other(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/plots?field=agent_000.Current")
    page.get_by_label("Beside it").select_option("a day before")
    expect(page.locator(".legend li").nth(1)).to_contain_text("agent_000.Current, 24 h before")
    assert "before=86400" in page.url


def test_a_period_by_its_times(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/plots?field=agent_000.Current")
    page.get_by_role("textbox", name="From").fill("2026-03-01T12:00:00")
    page.get_by_role("textbox", name="to", exact=True).fill("2026-03-01T13:00:00")
    page.get_by_role("button", name="Show").click()
    assert "from=1772362800&to=1772366400" in page.url  # 12:00 in Berlin


def test_the_data_table_has_the_values(page: Page, site: Site) -> None:
    page.goto(site.url + BOTH)
    page.get_by_role("button", name="Data table").click()
    table = page.locator(".data table")
    expect(table.locator("thead")).to_contain_text("agent_000.Current (mA)")
    expect(table.locator("tbody tr").first).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"))


def save(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_csv_and_png_are_saved(page: Page, site: Site, tmp_path: Path) -> None:
    page.goto(site.url + BOTH)
    expect(page.locator(".legend li")).to_have_count(2)
    lines = save(page, "CSV", tmp_path).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "unix_seconds,time (Europe/Berlin),agent_000.Current (mA),agent_000.Shutter"
    assert re.fullmatch(r"\d+\.?\d*,20\d\d-\d\d-\d\dT[\d:]{8},[\d.]+,(OPEN|CLOSED)", lines[-10])
    picture = save(page, "PNG", tmp_path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5000


def test_a_link_carries_its_own_data(page: Page, site: Site) -> None:
    page.goto(site.url + BOTH)
    expect(page.locator(".legend li")).to_have_count(2)
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.get_by_role("button", name="Copy link with data").click()
    wait_for(lambda: page.evaluate("window.copied"))
    link = page.evaluate("window.copied")
    assert len(link) < 17_000
    page.route("**/api/history?*", lambda route: route.abort())  # the link needs no history
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("These data came with the link.")).to_be_visible()
    expect(page.locator(".legend")).to_contain_text(re.compile("agent_000.Shutter (OPEN|CLOSED)"))


def test_a_damaged_link_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.url}#/plots?data=AAAA")
    expect(page.get_by_text("The data in this link are damaged; ask for the link again.")).to_be_visible()


def test_the_library_is_loaded_for_the_first_plot_and_left_with_the_last(page: Page, site: Site) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    assert not any("uPlot" in url for url in loaded)
    page.goto(site.url + BOTH)
    expect(page.locator(".uplot")).to_have_count(1)
    assert any("uPlot" in url for url in loaded)
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".uplot")).to_have_count(0)
