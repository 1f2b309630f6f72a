"""Jobs by HTTP."""

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.conftest import BEARER, WALL, Ask
from WardenServer.plugins.common.jobs import claiming, configuration, processors
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair, queue
from WardenServer.settings import config
from WardenServer.web import jobs as web_jobs

EVIL = ["a/b", "new\nline", "<script>alert(1)</script>"]
GETS = ["/api/jobs", "/api/jobs/stats", "/api/jobs/job?id=x"]
POSTS: list[tuple[str, Any]] = [("/api/jobs/prioritize", {"ids": ["x"]}), ("/api/jobs/retry", {"ids": ["x"]})]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with a table [jobs]; the folder of its database."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "warden.toml"
    file.write_text(f'[jobs]\nstorage = "{tmp_path}/data"\nfolder = "{tmp_path}/jobs"\n')
    monkeypatch.setattr(config, "CONFIG_FILE", file)
    return tmp_path / "jobs"


@pytest.fixture
def database(table: Path) -> Iterator[Database]:
    """A queue with a job that is done, one that has failed, one that runs, and some that wait."""
    settings = configuration.read({"storage": table.parent / "data", "folder": table})
    with closing(Database(settings.url)) as database:
        one = processors.register(database, "one")
        ids = ["done", "failed", "runs", *EVIL]
        queue(database, [Pair(id, f"{settings.storage}/{id}") for id in ids], itertools.repeat(one.id))
        good, bad, _ = claiming.claim(database, one, 3)
        claiming.finish(database, one, [Outcome(good, True), Outcome(bad, False, "exit code 3")])
        yield database


@pytest.mark.parametrize("url", GETS)
def test_without_a_table_404_with_the_cure(ask: Ask, url: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 404
    assert refused.json()["error"].startswith("the settings have no table [jobs]; add one with storage =")
    assert ask("GET", "/api/snapshot").json()["jobs"] is False


@pytest.mark.usefixtures("table")
def test_the_page_learns_that_there_are_jobs(ask: Ask) -> None:
    assert ask("GET", "/api/snapshot").json()["jobs"] is True


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [*EVIL[::-1], "runs", "failed", "done"]),
        ("?state=failed", ["failed"]),
        ("?owner=one&number=1", EVIL[-1:]),
        ("?owner=two", []),
        ("?match=SCRIPT", EVIL[-1:]),
        ("?match=exit%20code", ["failed"]),
        ("?before=3", ["failed", "done"]),
        ("?since=9e10", []),
        ("?since=-9e10&number=1", EVIL[-1:]),
        ("?since=2020-01-01&state=running", ["runs"]),
    ],
)
def test_jobs_newest_first_and_filtered(ask: Ask, query: str, ids: list[str]) -> None:
    assert [job["id"] for job in ask("GET", f"/api/jobs{query}").json()] == ids


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("query", ["state=bad", "since=x", "before=0", "before=x", "number=0", "number=1001"])
def test_wrong_filters_are_refused(ask: Ask, query: str) -> None:
    refused = ask("GET", f"/api/jobs?{query}")
    assert refused.status_code == 400
    assert query.partition("=")[2] in refused.json()["error"]


@pytest.mark.usefixtures("database")
def test_stats(ask: Ask) -> None:
    said = ask("GET", "/api/jobs/stats").json()
    assert (said["waiting"], said["running"], said["done"], said["failed"]) == (3, 1, 2, 1)
    assert [(worker["name"], worker["state"], worker["waiting"]) for worker in said["workers"]] == [("one", "live", 3)]


@pytest.mark.usefixtures("database")
def test_one_job(ask: Ask) -> None:
    said = ask("GET", "/api/jobs/job?id=failed").json()
    assert (said["job"]["state"], said["is_known"]) == ("failed", True)
    assert [step["text"] for step in said["steps"]] == [
        "It was queued.", "Processor one began it.", "It failed at processor one: exit code 3.",
    ]  # fmt: skip
    assert said["now"][0].startswith("It has failed: exit code 3.")
    assert ask("GET", "/api/jobs/job?id=a/b").json()["job"]["id"] == "a/b"
    assert ask("GET", "/api/jobs/job?id=new%0Aline").json()["job"]["id"] == "new\nline"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("id", ["nobody", "%00", "..%2F..%2Fetc%2Fpasswd", "x" * 900])
def test_of_what_nobody_knows_there_is_an_account_too(ask: Ask, id: str) -> None:
    said = ask("GET", f"/api/jobs/job?id={id}").json()
    assert (said["job"], said["is_known"], said["steps"]) == (None, False, [])
    assert said["now"][0] == "The queue has no such job, and never had in the last weeks."


@pytest.mark.usefixtures("database")
def test_prioritize(ask: Ask) -> None:
    said = ask("POST", "/api/jobs/prioritize", headers=BEARER, json={"ids": ["a/b", "done", "new", "a/b"]}).json()
    assert said == {"states": {"a/b": "waiting", "done": "done", "new": None}}
    assert any("Somebody has asked for it" in text for text in ask("GET", "/api/jobs/job?id=new").json()["now"])


@pytest.mark.usefixtures("database")
def test_a_wrong_id_does_not_hinder_the_others(ask: Ask) -> None:
    refused = ask("POST", "/api/jobs/prioritize", headers=BEARER, json={"ids": ["a\0b", "good"]})
    assert refused.status_code == 400
    assert "all others are asked for" in refused.json()["error"]
    assert any("Somebody has asked for it" in text for text in ask("GET", "/api/jobs/job?id=good").json()["now"])


@pytest.mark.usefixtures("database")
def test_retry(ask: Ask, tmp_path: Path) -> None:
    retry = ("POST", "/api/jobs/retry")
    said = ask(*retry, headers=BEARER, json={"failed": True}).json()
    assert said == {"ids": [], "refused": {"failed": "its files are gone"}, "more": False}
    for suffix in (".json", ".dump"):
        (tmp_path / "data" / f"failed{suffix}").touch()
    said = ask(*retry, headers=BEARER, json={"ids": ["failed", "runs"]}).json()
    assert said == {"ids": ["failed"], "refused": {"runs": "it is running"}, "more": False}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("url", "_"), POSTS)
@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": "x"}, {"ids": [1]}, {"ids": [""]}, {"ids": ["x" * 256]}, {"ids": ["x"] * 501}]
)
def test_wrong_bodies_are_refused(ask: Ask, url: str, _: object, body: object) -> None:
    refused = ask("POST", url, headers=BEARER, json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("body", [{"ids": ["x"], "failed": True}, {"failed": False}, {"failed": 1}])
def test_retry_is_of_ids_or_of_all_that_failed(ask: Ask, body: object) -> None:
    assert ask("POST", "/api/jobs/retry", headers=BEARER, json=body).status_code == 400


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("url", "body"), POSTS)
def test_who_may_only_read_changes_nothing(ask: Ask, url: str, body: object) -> None:
    assert ask("POST", url, json=body).status_code == 401
    assert ask("POST", url, json=body, headers={"Authorization": f"Bearer {WALL}"}).status_code == 403


@pytest.mark.parametrize("url", GETS)
def test_a_database_that_cannot_be_used_is_503(ask: Ask, table: Path, url: str) -> None:
    table.mkdir()
    (table / "jobs.db").write_text("no database " * 100)
    refused = ask("GET", url)
    assert refused.status_code == 503
    assert "cannot be used" in refused.json()["error"]


@pytest.mark.usefixtures("table")
def test_a_database_that_does_not_answer_is_503_in_time(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(web_jobs, "LIMIT", 0.05)
    monkeypatch.setattr(web_jobs.Jobs, "_open", lambda self: go_on.wait(30) and None)
    timer = threading.Timer(1.0, go_on.set)  # the test's own loop waits for the thread at its end
    timer.start()
    began = time.monotonic()
    refused = ask("GET", "/api/jobs")
    timer.join()
    assert refused.status_code == 503
    assert refused.json()["error"].startswith("there was no answer within 0.05 s;")
    assert time.monotonic() - began < 30


def test_without_the_library_503_with_the_cure(ask: Ask, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "WardenServer.plugins.common.jobs.database", None)
    refused = ask("GET", "/api/jobs")
    assert refused.status_code == 503
    assert "pip install wardenserver[jobs]" in refused.json()["error"]
