"""The views of runs, on a real store."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.conftest import Troubles
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite, Site, open_site
from tests.system.page.test_page_access import faults
from tests.system.page.test_page_jobs import log_in
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs import acknowledging, differences, golden, recording
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store

#: A name and a value that must stay text.
EVIL = "<script>document.title='in'</script>`&"
MOTORS = [f"p02/motor/eh1.{number:02d}" for number in range(3)]
LINES = [f"  channel {number} threshold {number % 7}" for number in range(10_000)]
#: More than the list of runs shows at a time.
MANY = 70


def settings_of(folder: Path) -> str:
    return f'[runs]\ndocuments = ["Petra"]\nurl = "sqlite:///{folder}/runs.db"\n'


def fill(folder: Path) -> None:
    """Many runs. In the newest one, of two motors the position changed, and much else."""
    with closing(Store(f"sqlite:///{folder}/runs.db")) as store:
        for number in range(1, MANY + 1):
            add(store, number, number == MANY)
        golden.declare(store, "local", 3)
        known = Acknowledgement(MOTORS[0], "Position", 40, "moved <b>by hand</b>", "me", 40e6)
        acknowledging.acknowledge(store, "local", known)
        with store.writing() as connection:
            text = "Position in p02/motor/eh1.00, p02/motor/eh1.01 has changed:\n- 1\n+ <b>2</b>"
            differences.record(connection, "local", Difference(tuple(MOTORS), MANY - 1, MANY, 9e8, 3, text))


def add(store: Store, number: int, is_last: bool) -> None:
    at = 1.7e9 + 3600 * number
    position = 5.5 if is_last else 2.5 if 20 <= number < 40 else 1.5
    setup = "\n".join(["crate 20 {", *(f"  t {line + 30 * is_last}" for line in range(30)), "}"])
    values = {
        **{(motor, "Position"): position for motor in MOTORS[:2]}, (MOTORS[2], "Position"): 1.5,
        (MOTORS[0], "Broken"): Unavailable("device does not answer"), ("Petra", EVIL): f"{number > 5} {EVIL}",
        ("Petra", "Setup"): setup, ("Petra", "Title"): EVIL if is_last else "plain",
    }  # fmt: skip
    recording.begin(store, "local", number, at, "me", f"sample {number} {EVIL}")
    taken = [Taken(*key, value, at) for key, value in values.items()]
    recording.add(store, "local", Snapshot(number, Phase.START, at, taken))
    recording.end(store, "local", number, at + 60)


@pytest.fixture(scope="module")
def runs_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with runs that no test changes."""
    folder = tmp_path_factory.mktemp("runs")
    fill(folder)
    with open_site(folder, FakeHub(2), tables=settings_of(folder)) as made:
        yield made


def test_without_runs_there_is_no_such_view(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    expect(page.get_by_role("link", name="Runs")).to_have_count(0)


def test_two_runs_are_chosen_by_keyboard_and_compared(page: Page, runs_site: Site) -> None:
    page.goto(runs_site.url)
    page.get_by_role("link", name="Runs").click()
    old, new = page.get_by_label("Old run"), page.get_by_label("New run")
    expect(new).to_have_value(f"{MANY}")
    expect(old).to_have_value(f"{MANY - 1}")
    expect(page.locator(".partitions li")).to_have_text(["Petra", *MOTORS])
    old.fill("3")
    expect(page.locator("#runs-old option")).to_have_count(16)
    page.get_by_role("button", name="None").press("Enter")
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page.get_by_text("Choose at least one partition.")).to_be_visible()
    page.get_by_label(MOTORS[0]).press("Space")
    new.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Diff of run 3 and run {MANY}")
    expect(page).to_have_url(re.compile(rf"#/diff\?old=3&new={MANY}&partition=p02%2Fmotor%2Feh1.00$"))
    expect(page.locator("section.change h2")).to_have_text([f"Position in {MOTORS[0]}"])
    page.get_by_role("link", name="Other runs").click()
    expect(old).to_have_value("3")
    expect(page.locator(".partitions input:checked")).to_have_count(1)


def test_short_and_complete_view(page: Page, runs_site: Site) -> None:
    page.goto(f"{runs_site.url}#/diff?old=1&new={MANY}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Diff of run 1 and run {MANY}")
    setup = page.locator("section.change[data-parameter=Setup]")
    expect(setup.locator("li", has=page.locator("ins, del"))).to_have_count(19)  # and its opening line
    expect(setup).to_contain_text("diff truncated for clarity")
    position = page.locator("section.change[data-parameter=Position]")
    expect(position).to_contain_text("1.5 → 5.5 (+267 %)")
    expect(position.locator("h2")).to_contain_text(f"{MOTORS[0]}, {MOTORS[1]}")
    expect(page.locator("section.unavailable")).to_contain_text("device does not answer")
    expect(page.locator(".diff")).to_contain_text(EVIL)
    page.get_by_role("link", name="Complete view").click()
    expect(setup.locator("table.sides")).to_be_visible()
    expect(setup).not_to_contain_text("truncated")
    page.reload()
    expect(setup.locator("table.sides")).to_be_visible()
    page.get_by_role("link", name="Short view").click()
    expect(setup.locator("table.sides")).to_have_count(0)
    expect(page).to_have_title(re.compile("^What changed"))  # no script of a value has run


def test_nothing_changed_and_what_cannot_be_compared(page: Page, runs_site: Site, troubles: Troubles) -> None:
    page.goto(f"{runs_site.url}#/diff?old=10&new=11")
    expect(page.locator(".diff .empty")).to_have_text("Diff was empty, all queried parameters are unchanged.")
    for query, said in (
        ("old=1&new=999", "run 999 is not there; the nearest: 70"), ("old=x&new=1", "'x' is no run"),
        ("old=1&new=2&partition=Petro", "there are: Petra"), ("", "parameter old is missing"),
    ):  # fmt: skip
        page.goto(f"{runs_site.url}#/diff?{query}")
        expect(page.locator(".problem").first).to_contain_text(said)
        expect(page.locator(".diff")).to_have_count(0)
    troubles.clear()  # the browser tells of 400 and 404


def test_the_past_of_a_parameter(page: Page, runs_site: Site) -> None:
    page.goto(f"{runs_site.url}#/diff?old=1&new={MANY}")
    page.get_by_role("link", name=f"Past of Position in {MOTORS[0]}").click()
    since = page.get_by_role("region", name="Since when")
    expect(since).to_contain_text(re.compile(rf"It has been 5.5 since run {MANY}, 2023-11-17"))
    rows = page.locator(".timeline tbody tr")
    expect(rows).to_have_count(4)
    said = re.compile(r"40.*1.5.*30 runs, and 19 others.*✓ known moved <b>by hand</b>", re.S)
    expect(rows.nth(1)).to_contain_text(said)
    rows.nth(1).locator("summary").click()
    expect(rows.nth(1)).to_contain_text("Others: 1, 2, 3")
    expect(page.locator(".plot canvas")).to_have_count(1)
    rows.nth(0).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Diff of run {MANY - 1} and run {MANY}")
    page.get_by_role("link", name="Other runs").click()
    page.get_by_role("link", name="The past of a parameter").click()
    page.get_by_label("Parameter").fill("script")
    page.locator(".found a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{EVIL} in Petra")
    expect(rows).to_have_count(2)
    expect(page.locator(".plot")).to_have_count(0)
    page.get_by_label("Parameter").fill("nothing of this kind")
    expect(page.get_by_text("There is no such parameter.")).to_be_visible()


def test_lists_of_differences_and_of_runs(page: Page, runs_site: Site) -> None:
    page.goto(f"{runs_site.url}#/runs")
    difference = page.locator(".differences tbody tr")
    expect(difference).to_have_count(1)
    difference.locator("summary").click()
    expect(difference.locator("ins")).to_have_text("+ <b>2</b>")
    rows = page.locator(".runs.list tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Older ones").click()
    expect(rows).to_have_count(MANY)
    expect(rows.nth(MANY - 3)).to_contain_text("★ golden")
    page.get_by_label("Number or note").fill("sample 7 ")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("Golden|Acknowledge"))).to_have_count(0)
    difference.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Diff of run {MANY - 1} and run {MANY}")
    expect(page.get_by_role("button", name=re.compile("Acknowledge"))).to_have_count(0)


def test_who_may_says_why_and_which_run_is_golden(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    fill(tmp_path)
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/diff?old={MANY}&new={MANY - 1}")
    log_in(page, site)
    page.get_by_role("button", name="Acknowledge Position").press("Enter")
    page.get_by_role("dialog").get_by_label("Reason").fill(f"as asked {EVIL}")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_have_text(f"It is kept that people know of Position in run {MANY}.")
    known = page.locator("section.change[data-parameter=Position] .known li")
    expect(known).to_have_count(2)
    expect(known.first).to_contain_text(re.compile(r"✓ known as asked <script>.* — 127.0.0.1,"))
    page.reload()
    expect(known).to_have_count(2)
    page.goto(f"{site.url}#/runs")
    page.get_by_role("button", name=f"Golden: run {MANY}", exact=True).click()
    expect(page.locator("#toast")).to_have_text(f"Others are measured by run {MANY} now.")
    expect(page.locator(".runs.list tbody tr").first).to_contain_text("★ golden")
    page.get_by_role("button", name=f"Not golden: run {MANY}", exact=True).click()
    expect(page.locator("#toast")).to_have_text("No run is golden any more.")
    expect(page.locator(".golden")).to_have_count(0)


def test_no_runs_at_all(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/runs")
    expect(page.get_by_text("There are no such runs.")).to_be_visible()
    expect(page.get_by_text("Nothing has changed yet.")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()  # the fields are required
    with closing(Store(f"sqlite:///{tmp_path}/runs.db")) as store:
        add(store, 1, False)
    expect(page.get_by_label("New run")).to_have_value("1", timeout=15_000)  # without that anybody asks for it
    page.goto(f"{site.url}#/parameter?partition=A&parameter=B")
    expect(page.get_by_text("No run has this parameter.")).to_be_visible()


def test_ten_thousand_lines(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/runs.db")) as store:
        for number, sign in ((1, "a"), (2, "b")):
            text = "\n".join(f"{line} {sign}" if at % 2 else line for at, line in enumerate(LINES))
            recording.begin(store, "local", number, float(number), "me")
            recording.add(store, "local", Snapshot(number, Phase.START, float(number), [Taken("Petra", "Setup", text)]))
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/diff?old=1&new=2&view=complete")
    expect(page.locator("table.sides tbody tr")).to_have_count(10_000, timeout=30_000)
    page.get_by_role("link", name="Short view").click()
    expect(page.locator("section.change li")).to_have_count(20)


def test_a_store_that_is_away(page: Page, make_site: MakeSite, tmp_path: Path, troubles: Troubles) -> None:
    (tmp_path / "runs.db").write_text("this is no database" * 100)
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    for view in ("runs", "diff?old=1&new=2", "parameter?partition=A&parameter=B"):
        page.goto(f"{site.url}#/{view}")
        expect(page.get_by_text(re.compile("cannot be used")).first).to_be_visible()
    troubles.clear()  # the browser tells of 503


VIEWS = {
    "runs": ".runs.list tbody tr", f"diff?old=1&new={MANY}": "section.change .known",
    f"diff?old=1&new={MANY}&view=complete": "table.sides",
    f"parameter?partition={MOTORS[0]}&parameter=Position": ".plot canvas", "parameter": "input[type=search]",
}  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_serious_fault(view: str, theme: Any, page: Page, runs_site: Site) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{runs_site.url}#/{view}")
    expect(page.locator(VIEWS[view]).first).to_be_visible()
    log_in(page, runs_site)
    if view == "runs":
        page.locator(".differences summary").click()
    for width in (1400, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"it is wider than {width} px"
    signs = {text.lstrip()[0] for text in page.locator("ins, del").all_text_contents()}
    assert signs <= {"+", "-"}
