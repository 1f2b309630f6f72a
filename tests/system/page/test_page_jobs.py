"""The view of jobs, on a real queue."""

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.system.page.conftest import Troubles
from tests.system.page.fake_hub import FakeHub
from tests.system.page.site import MakeSite, Site, open_site
from tests.system.page.test_page_access import faults
from WardenServer.plugins.common.jobs import claiming, configuration, processors
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair, queue

#: Ids that must stay text, on one line.
EVIL = ["scan/new\nline", "<script>document.title='in'</script>", "\u202eturned", "100%/a?b=c#d", "x" * 255]
#: More than the list shows at a time.
MANY = 150
ROWS = ".list tbody tr"


class JobsHub(FakeHub):
    """A hub whose agent jobs_status publishes the queue, beyond its limit of latency."""

    def documents(self, now: float) -> dict[str, Any]:
        said = {"waiting": 3, "running": 1, "done": 2, "latency": 90.5, "timestamp": now}
        return {**super().documents(now), "jobs": said}

    def fields(self, now: float) -> dict[str, Any]:
        own: dict[str, Any] = {
            f"jobs.{field}": {"agent": "agent_000", "key": "jobs", "field": field, "type": "int", "quality": "VALID"}
            for field in ("waiting", "running", "done", "latency")
        }
        own["jobs.latency"]["quality"] = "ALARM"
        return {**super().fields(now), **own}


def settings_of(folder: Path) -> str:
    return f'[jobs]\nstorage = "{folder}/data"\nfolder = "{folder}/jobs"\n'


def fill(folder: Path) -> None:
    """A job that is done, one that has failed, one that runs, and many that wait, evil ones at the end."""
    (folder / "data").mkdir()
    settings = configuration.read({"storage": folder / "data", "folder": folder / "jobs"})
    with closing(Database(settings.url)) as database:
        one = processors.register(database, "host_1<b>")
        ids = ["done", "failed", "runs", *(f"many/{number}" for number in range(MANY)), *EVIL]
        queue(database, [Pair(id, f"{settings.storage}/{id}") for id in ids], itertools.repeat(one.id))
        good, bad, _ = claiming.claim(database, one, 3)
        claiming.finish(database, one, [Outcome(good, True), Outcome(bad, False, "exit code 3:\nno <b>beam</b>")])
    for suffix in (".json", ".dump"):
        (folder / "data" / f"failed{suffix}").touch()


@pytest.fixture(scope="module")
def jobs_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a queue that no test changes."""
    folder = tmp_path_factory.mktemp("jobs")
    fill(folder)
    with open_site(folder, JobsHub(2), tables=settings_of(folder)) as made:
        yield made


def log_in(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("dialog").get_by_label("Token").fill(site.token)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_without_jobs_there_is_no_such_view(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.locator("tr[data-agent]")).to_have_count(5)
    expect(page.get_by_role("link", name="Jobs")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Overview")).to_be_attached()


def test_numbers_plot_and_processors(page: Page, jobs_site: Site) -> None:
    page.goto(jobs_site.url)
    page.get_by_role("link", name="Jobs").click()
    numbers = page.locator(".numbers")
    for said in (
        f"Waiting.*{MANY + len(EVIL)}", "Running.*1", "Ended in the last hour.*2", "Failed.*✕ 1", "Processors.*1 alive",
        r"Rate.*\d per hour", "All done.*, in", "Pair to result.*s, 95 % within",
    ):  # fmt: skip
        expect(numbers).to_contain_text(re.compile(said, re.S))
    expect(numbers.locator(".quality-ALARM")).to_contain_text("▲ alarm")
    expect(page.locator(".plot canvas")).to_have_count(1)
    expect(page.locator(".legend li")).to_have_text(["waiting", "running", "ended in the last hour"])
    page.get_by_text("Processors (1)").click()
    expect(page.locator("details tbody tr")).to_contain_text("host_1<b>")
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".uplot")).to_have_count(0)


def test_the_list_its_filters_and_older_ones(page: Page, jobs_site: Site) -> None:
    page.goto(f"{jobs_site.url}#/jobs")
    rows = page.locator(ROWS)
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Older ones").click()
    expect(rows).to_have_count(MANY + len(EVIL) + 3)
    page.get_by_label("State").select_option("failed")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(re.compile(r"✕ failed.*failed.*exit code 3:\\nno <b>beam</b>", re.S))
    page.get_by_label("State").select_option("")
    page.get_by_label("Id or message").fill("MANY/14")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(11)
    page.reload()  # the address has the filters
    expect(rows).to_have_count(11)
    page.get_by_label("Id or message").fill("no such")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()


def test_ids_stay_text_on_one_line_and_lead_to_their_job(page: Page, jobs_site: Site) -> None:
    for id, shown in zip(EVIL, [r"scan/new\nline", EVIL[1], r"\u{202e}turned", *EVIL[3:]], strict=True):
        page.goto(f"{jobs_site.url}#/jobs")
        page.locator(ROWS).get_by_role("link", name=shown, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Job {shown}")
        expect(page.locator(".steps li")).to_contain_text("It was queued.")
        expect(page.locator(".hub")).to_contain_text(f"It waits; {MANY + EVIL.index(id)} jobs of the same processor")
        expect(page).to_have_title(re.compile("^Jobs"))
    page.get_by_role("link", name="All jobs").click()
    expect(page.locator(ROWS)).to_have_count(100)


def test_one_job_with_its_steps(page: Page, jobs_site: Site) -> None:
    page.goto(f"{jobs_site.url}#/jobs/failed")
    expect(page.locator(".steps li")).to_have_count(3)
    expect(page.locator(".steps li").last).to_contain_text("It failed at processor host_1<b>: exit code 3:")
    expect(page.locator(".hub")).to_contain_text(re.compile("✕ failed.*It has failed: exit code 3.*Attempts.*1", re.S))
    page.goto(f"{jobs_site.url}#/jobs/nobody")
    expect(page.locator(".hub")).to_contain_text("The queue has no such job, and never had in the last weeks.")
    expect(page.get_by_text("Nothing is known.")).to_be_visible()


def test_who_may_only_read_has_no_buttons(page: Page, jobs_site: Site) -> None:
    page.goto(f"{jobs_site.url}#/jobs?state=failed")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("Retry|Prioritize|Ask"))).to_have_count(0)


def test_who_may_has_them_done_by_keyboard(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    fill(tmp_path)
    site = make_site(JobsHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/jobs")
    log_in(page, site)
    toast = page.locator("#toast")
    page.get_by_role("button", name="Prioritize many/149", exact=True).press("Enter")
    expect(toast).to_have_text("many/149 goes to the front of the queue.")
    page.get_by_label("State").select_option("done")
    page.get_by_role("button", name="Retry done", exact=True).click()
    expect(toast).to_have_text("done is left as it is: its files are gone.")
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Retry all that have failed").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    expect(toast).to_have_text("1 jobs wait again.")
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    page.goto(f"{site.url}#/jobs/nobody")
    page.get_by_role("button", name="Ask for it").click()
    expect(toast).to_have_text("nobody is looked for in the storage.")
    expect(page.locator(".hub")).to_contain_text("Somebody has asked for it")


def test_an_empty_queue(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site(FakeHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/jobs")
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    expect(page.locator(".numbers")).to_contain_text(re.compile("Waiting.*0.*All done.*yes.*Pair.*—", re.S))
    expect(page.locator(".plot")).to_have_count(0)
    page.get_by_text("Processors (0)").click()
    expect(page.get_by_text("There is none; start one with")).to_be_visible()


def test_a_hundred_thousand_jobs(page: Page, make_site: MakeSite, tmp_path: Path) -> None:
    fill(tmp_path)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    columns = "pathname, uuid, owner, queueddatetime"
    more = f"{numbers} INSERT INTO jobs({columns}) SELECT '', 'more/' || i, 1, ago(0) FROM n"
    with closing(Database(f"sqlite:///{tmp_path}/jobs/jobs.db")) as database, database.writing() as connection:
        connection.execute(text(more))
    site = make_site(JobsHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/jobs")
    expect(page.locator(ROWS)).to_have_count(100)
    expect(page.locator(ROWS).first).to_contain_text("more/100000")
    expect(page.locator(".numbers")).to_contain_text(re.compile(f"Waiting.*{100_000 + MANY + len(EVIL)}", re.S))
    for number in range(2, 11):
        page.get_by_role("button", name="Older ones").click()
        expect(page.locator(ROWS)).to_have_count(100 * number)
    expect(page.get_by_role("button", name="Older ones")).to_have_count(0)
    page.get_by_label("Id or message").fill("more/77777")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(1)


def test_a_database_that_is_away(page: Page, make_site: MakeSite, tmp_path: Path, troubles: Troubles) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "jobs.db").write_text("this is no database" * 100)
    site = make_site(JobsHub(1), tables=settings_of(tmp_path))
    page.goto(f"{site.url}#/jobs")
    expect(page.get_by_text(re.compile("cannot be used")).first).to_be_visible()
    page.goto(f"{site.url}#/jobs/one")
    expect(page.get_by_text(re.compile("cannot be used")).first).to_be_visible()
    troubles.clear()  # the browser tells of 503


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["jobs", "jobs?state=failed", "jobs/failed", "jobs/nobody"])
def test_no_serious_fault(view: str, theme: Any, page: Page, jobs_site: Site) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{jobs_site.url}#/{view}")
    expect(page.locator(f"{ROWS}, .steps, .panel .quiet").first).to_be_visible()
    log_in(page, jobs_site)
    if "/" not in view:
        page.get_by_text("Processors (1)").click()
        expect(page.locator(".plot canvas")).to_have_count(1)
    for width in (1400, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"it is wider than {width} px"
