"""The view of the network, on a real archive."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.page import pings
from tests.system.page.conftest import Troubles
from tests.system.page.fake_hub import FakeHub
from tests.system.page.pings import EVIL, HOURS, LOSS, PING, SOURCES, PingHub
from tests.system.page.site import MakeSite, Site, open_site
from tests.system.page.test_page_access import faults
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.looking.classes import class_of, classes
from WardenServer.plugins.common.ping.reports.metrics import METRICS

CELLS = ".matrix td a"
#: A pair with gaps, on the last two days.
PAIR = f"#/ping/pair?metric=packet_loss&size=100&by=site&from={SOURCES[0]}&to=poor.org&first=2026-11-24&last=2026-11-25"


def settings_of(folder: Path) -> str:
    return f'[ping_archive]\nfolder = "{folder}/archive"\n'


@pytest.fixture(scope="module")
def ping_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with an archive that no test changes, whose hub measures, too."""
    folder = tmp_path_factory.mktemp("pings")
    pings.fill(folder / "archive")
    with open_site(folder, PingHub(2), tables=settings_of(folder)) as made:
        yield made


def cell(page: Page, source: str, target: str) -> Locator:
    return page.locator(CELLS).and_(page.get_by_label(f"{source} to {target}:"))


def choice(page: Page, name: str) -> Locator:
    """A field with words to choose from: its label has the words, too, for Playwright."""
    return page.get_by_role("combobox", name=name, exact=True)


def test_without_an_archive_there_is_no_such_view(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    expect(page.get_by_role("link", name="Network")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Overview")).to_be_attached()


def test_the_matrix_can_be_read_without_colour(page: Page, ping_site: Site) -> None:
    page.goto(ping_site.url)
    page.get_by_role("link", name="Network").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Network")
    expect(page.locator(CELLS)).to_have_count(2 * len(LOSS) - 1)
    expect(page.locator(".matrix tbody th")).to_have_text(SOURCES)
    expect(page.locator(".matrix thead th .name")).to_have_text(sorted(LOSS))
    expect(page).to_have_title(re.compile("^Network"))  # no script of a name has run
    for target, loss in LOSS.items():
        there, known = cell(page, SOURCES[0], target), class_of("packet_loss", loss)
        expect(there).to_have_text("—" if known is None else f"{loss:g} {known.sign}")
        said = "no value" if known is None else f"{loss:g} %, {known.name}"
        expect(there).to_have_accessible_name(f"{SOURCES[0]} to {target}: {said}")
    made = classes("packet_loss")
    assert len({each.sign for each in made}) == len(made)
    counted = zip(made, [3, *[2] * (len(made) - 1)], strict=True)
    legend = [re.compile(rf"^{re.escape(f'{each.sign} {each.name}')} .*: {number}$") for each, number in counted]
    expect(page.locator(".classes li")).to_have_text([*legend, "— no value: 2"])


def test_what_is_chosen_stands_in_the_address(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}#/ping")
    choice(page, "Metric").select_option("MOS")
    expect(cell(page, SOURCES[0], "bad.org")).to_have_accessible_name(re.compile(r": 1, \w+"))
    choice(page, "Metric").select_option("packet_loss")
    choice(page, "Points").select_option("daily")
    choice(page, "Shown").select_option("Nov07")
    choice(page, "Order").select_option("worst first")
    choice(page, "Pairs of").select_option("nodes")
    page.get_by_label("To", exact=True).fill("poor|bad")
    page.keyboard.press("Enter")
    names = page.locator(".matrix thead th .name")
    expect(names).to_have_text(["bad.org", "verypoor.org", "poor.org"])
    page.get_by_label("Without").fill("^very")
    page.get_by_label("From", exact=True).fill("^alpha")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["bad.org", "poor.org"])
    expect(page.locator(CELLS)).to_have_count(2)
    page.reload()
    expect(names).to_have_text(["bad.org", "poor.org"])
    expect(page.locator(CELLS)).to_have_count(2)
    expect(choice(page, "Shown")).to_have_value("Nov07")
    expect(page.get_by_label("Day (UTC)")).to_have_value(re.compile("^2026-11-"))
    page.get_by_label("Only").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no such pairs.")).to_be_visible()


def test_the_table_as_text_and_its_summary(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}#/ping?to=^poor")
    with page.expect_download() as download:
        page.get_by_role("link", name="Table as TSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.count("poor.org") >= 2
    assert "excellent.org" not in text
    page.get_by_text("Summary of all pairs by point").click()
    row = page.get_by_role("region", name="Summary").locator("tbody tr", has_text="median")
    expect(row.locator("td")).to_have_text(["4"] * 24)


def test_pairs_are_reached_by_keyboard(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}#/ping")
    expect(page.locator(CELLS)).to_have_count(2 * len(LOSS) - 1)
    expect(page.locator(f"{CELLS}[tabindex='0']")).to_have_count(1)
    page.get_by_role("link", name="Table as TSV").focus()
    page.keyboard.press("Tab")
    expect(cell(page, SOURCES[0], EVIL)).to_be_focused()
    page.keyboard.press("ArrowDown")  # there is no such pair
    expect(cell(page, SOURCES[0], EVIL)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    last = sorted(LOSS)[-1]
    expect(cell(page, SOURCES[1], last)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(cell(page, SOURCES[1], sorted(LOSS)[-2])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{SOURCES[1]} to {sorted(LOSS)[-2]}")
    page.get_by_role("link", name="All pairs").click()
    expect(page.locator(CELLS)).to_have_count(2 * len(LOSS) - 1)


#: Pixels of the line's colour in a column of the canvas, at a share of the plot's width; and the ground there.
INKED = """(share) => {
    const canvas = document.querySelector('.plot canvas'), over = document.querySelector('.plot .u-over').getBoundingClientRect();
    const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    const left = Math.round((over.left - box.left + share * over.width) * scale), top = Math.round((over.top - box.top) * scale);
    const seen = canvas.getContext('2d').getImageData(left, top, 1, Math.round(over.height * scale)).data;
    const probe = document.createElement('i');
    document.body.append(probe);
    const rgb = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color.match(/\\d+/g).map(Number); };
    const [line, gap] = [rgb('--line-1'), rgb('--plain-ground')];
    const count = (ink) => Array.from({length: seen.length / 4}, (_, at) => ink.every((part, of) => Math.abs(part - seen[4 * at + of]) < 12 && seen[4 * at + 3] > 200)).filter(Boolean).length;
    probe.remove();
    return [count(line) > 0, count(gap) > 20];
}"""  # noqa: E501


def test_gaps_are_gaps(page: Page, ping_site: Site) -> None:
    page.goto(ping_site.url + PAIR)
    expect(page.locator(".plot canvas")).to_have_count(1)
    said = "Mean 4 %, poor; 684 of 960 packets received; 12 of 48 hours have no value, in 2 gaps."
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator(".pointed")).to_have_text("Point at the plot for its values.")  # it is drawn
    for hour, seen in {3.5: [True, False], 9.5: [False, True], 13.5: [True, False], 33.5: [False, True]}.items():
        assert page.evaluate(INKED, hour / 48) == seen, f"at hour {hour}"


def test_counts_stand_beside_percentages(page: Page, ping_site: Site) -> None:
    page.goto(ping_site.url + PAIR)
    rows = page.get_by_role("region", name="Values").locator("tbody tr")
    expect(rows).to_have_count(48)
    expect(rows.first).to_have_text(re.compile(r"2026-11-25 23:00\s*4\s*\S poor\s*20\s*19"))
    expect(rows.nth(14)).to_have_text(re.compile(r"2026-11-25 09:00\s*—\s*20\s*0"))
    box = page.locator(".plot .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 13.5 / 48, box["y"] + 50)
    expect(page.locator(".pointed")).to_have_text("2026-11-24 13:00 UTC: 4 %, poor; 19 of 20 packets received")
    page.mouse.move(box["x"] + box["width"] * 9.5 / 48, box["y"] + 50)
    expect(page.locator(".pointed")).to_have_text("2026-11-24 09:00 UTC: no value; 0 of 20 packets received")


def test_any_range_and_any_metric(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}{PAIR.partition('&first')[0]}")
    rows, first, last = (
        page.locator(".data tbody tr"),
        page.get_by_label("From", exact=True),
        page.get_by_label("to", exact=True),
    )
    expect(first).to_have_value("2026-11-19")
    expect(last).to_have_value("2026-11-25")
    expect(rows).to_have_count(168)
    page.get_by_role("button", name="Day").click()
    expect(rows).to_have_count(24)
    page.get_by_role("button", name="Earlier").click()
    expect(first).to_have_value("2026-11-24")
    page.get_by_role("button", name="Later").click()
    expect(last).to_have_value("2026-11-25")
    page.get_by_role("button", name="All").click()
    expect(first).to_have_value("2026-11-01")
    expect(page.locator(".data caption")).to_have_text("The newest 200 of 600 hours.")
    page.get_by_role("button", name="Older ones").click()
    expect(rows).to_have_count(600)
    choice(page, "Metric").select_option("average_rtt")
    expect(page.locator(".data thead")).to_contain_text("Value (ms)")
    page.reload()
    expect(page.locator(".data thead")).to_contain_text("Value (ms)")
    expect(page.locator(".data caption")).to_have_text("The newest 200 of 600 hours.")
    first.fill("2026-11-25")
    expect(rows).to_have_count(24)
    page.get_by_role("button", name="Year").click()
    expect(page.locator(".data caption")).to_have_text(re.compile("^The newest 200 of 365 days: means of their hours"))


def test_dragging_over_the_plot_shows_those_days(page: Page, ping_site: Site) -> None:
    page.goto(ping_site.url + PAIR.replace("2026-11-24", "2026-11-06"))
    expect(page.locator(".data caption")).to_have_text("The newest 200 of 480 hours.")
    box = page.locator(".plot .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 2.5 / 20, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 4.5 / 20, box["y"] + 60)
    page.mouse.up()
    expect(page.locator(".data tbody tr")).to_have_count(72)
    expect(page).to_have_url(re.compile("first=2026-11-08&last=2026-11-10$"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ping?metric=nonsense", "metric is 'nonsense'; write one of: average_rtt"),
        ("ping?size=x", "size is 'x'; write a whole number"),
        ("ping?day=2026-13-01", "day is '2026-13-01'; write a day such as"),
        ("ping?from=(", "("),
        ("ping?metric=throughput", "there is no hourly table of throughput"),
        ("ping?tick=allyearly", "there is no allyearly table of packet_loss"),
        ("ping/pair", "parameter from is missing"),
        ("ping/pair?from=nobody&to=nothing.org", "nobody"),
        (
            PAIR.removeprefix("#/").replace("last=2026-11-25", "last=2026-11-01"),
            "first is 2026-11-24 and last 2026-11-01",
        ),
    ],
)
def test_what_there_is_not_is_said_in_a_sentence(
    address: str, said: str, page: Page, ping_site: Site, troubles: Troubles
) -> None:
    page.goto(f"{ping_site.url}#/{address}")
    expect(page.locator(".problem", has_text=said)).to_be_visible()
    expect(page.locator(".matrix, .plot")).to_have_count(0)
    expect(choice(page, "Metric")).to_be_visible()  # people can go on from here
    troubles.clear()  # the browser tells of 400 and 404


def test_an_empty_archive_and_one_that_is_damaged(
    page: Page, make_site: MakeSite, tmp_path: Path, troubles: Troubles
) -> None:
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/ping")
    expect(page.locator(".problem", has_text="table of packet_loss for 100 bytes")).to_be_visible()
    expect(page.get_by_role("region", name="Pings of this machine")).to_have_count(0)
    path = Folders(tmp_path / "archive").report("packet_loss", 100, "site", "2026-11-25")
    pings.write(path, HOURS, {("a", "b"): [1.0] * 24})
    path.write_bytes(gzip.compress(b"<html>" * 1000)[:-30])
    page.reload()
    expect(page.locator(".problem", has_text="analyze")).to_be_visible()
    troubles.clear()  # the browser tells of 404 and 503


def test_more_pairs_than_anybody_reads(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    rows = {("one.org", f"t{number:05d}.org"): [number / 1000] * 24 for number in range(10_000)}
    pings.write(Folders(tmp_path / "archive").report("packet_loss", 100, "site", "2026-11-25"), HOURS, rows)
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/ping")
    expect(page.locator(CELLS)).to_have_count(100)
    expect(page.get_by_text("Not all is shown: 100 of 10000 targets.")).to_be_visible()
    choice(page, "Order").select_option("worst first")
    expect(page.locator(".matrix thead th .name").first).to_have_text("t09999.org")
    page.get_by_label("To", exact=True).fill("t0007.")
    page.keyboard.press("Enter")
    expect(page.locator(CELLS)).to_have_count(10)
    expect(page.get_by_text("Not all is shown")).to_have_count(0)


def test_how_the_pings_of_this_machine_are(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}#/ping")
    line = page.get_by_role("region", name="Pings of this machine")
    expect(line).to_contain_text(
        re.compile(
            r"✕ 1 of 13 hosts silent.*Loss\s*0.423 %.*Method\s*raw.*Last round\s*\d\d:\d\d:\d\d.*Late samples\s*3", re.S
        )
    )
    expect(line.locator(".problem")).to_have_text(str(PING["problem"]))
    line.get_by_text("Silent hosts (1)").click()
    expect(line).to_contain_text(f"silent.{EVIL}")


def test_before_the_first_round_and_after_a_failure(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    pings.write(Folders(tmp_path / "archive").report("packet_loss", 100, "site", "2026-11-25"), HOURS, {})
    hub = PingHub(1, said={**dict.fromkeys(PING), "error": "the agent ping cannot send; run it as root"})
    site = make_site(hub, tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/ping")
    line = page.get_by_role("region", name="Pings of this machine")
    expect(line).to_contain_text("… no round yet")
    expect(line.locator(".problem")).to_have_text("the agent ping cannot send; run it as root")


def test_the_page_classes_values_as_the_server_does(page: Page, ping_site: Site) -> None:
    page.goto(f"{ping_site.url}#/events")
    place_of = (
        "async ([classes, values]) => { const { placeOf } = await import('/static/ping_classes.js');"
        " return values.map((value) => placeOf(classes, value)); }"
    )
    for metric in METRICS:
        known = classes(metric)
        limits = [each.below for each in known if each.below is not None]
        values = [0.0, 1e6, *(limit + off for limit in limits for off in (-1e-6, 0.0, 1e-6))]
        places = page.evaluate(place_of, [[each._asdict() for each in known], values])
        said = [known[place] if place >= 0 else None for place in places]
        assert said == [class_of(metric, value) for value in values], metric


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["ping", "ping?metric=MOS&order=worst", PAIR.removeprefix("#/"), "ping?to=nobody"])
def test_no_serious_fault(view: str, theme: Any, page: Page, ping_site: Site) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{ping_site.url}#/{view}")
    expect(page.locator(".matrix, .plot canvas, .quiet:text('There are no such pairs.')").first).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    for width in (1400, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"it is wider than {width} px"
