"""Runs by HTTP, on a store of the hub's own runs."""

import json
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract.runs.runinfo.database import PARAMETERS, fill, started
from tests.unit.web.conftest import BEARER, WALL, Ask
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs import acknowledging, differences, golden, opening, recording
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store
from WardenServer.settings import config
from WardenServer.web import runs as web_runs
from WardenServer.web import runs_asked, runs_diff

EVIL = "<script>alert(1)</script>`"
HUB = "local"
TEXT = "crate 20 {\nthreshold 5\n}"
GETS = [
    "/api/runs", "/api/runs/partitions?old=1&new=2", "/api/runs/differences", "/api/runs/parameters",
    "/api/runs/past?partition=A&parameter=Gain", "/api/runs/diff?old=1&new=2", "/api/runs/diff.html?old=1&new=2",
    "/api/runs/acknowledged?old=1&new=2",
]  # fmt: skip
KNOWN = {"partition": "A", "parameter": "Gain", "run": 2, "reason": "new beam"}
POSTS: list[tuple[str, Any]] = [("/api/runs/acknowledge", KNOWN), ("/api/runs/golden", {"run": 2})]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with a table [runs]; the folder of its store."""
    file = tmp_path / "warden.toml"
    file.write_text(f'[runs]\ndocuments = ["A"]\nurl = "sqlite:///{tmp_path}/runs/runs.db"\n')
    monkeypatch.setattr(config, "CONFIG_FILE", file)
    return tmp_path / "runs"


@pytest.fixture
def store(table: Path) -> Iterator[Store]:
    """Runs 1 to 4 of A and B; 3 is as 1 was. 4 could not read all, and it has another end than start."""
    with closing(Store(f"sqlite:///{table}/runs.db")) as store:
        add(store, 1, A={"Gain": 1, "Setup": TEXT, "Same": 7}, B={"Gain": 1})
        add(store, 2, A={"Gain": 2, "Setup": TEXT.replace("5", "7"), "Same": 7}, B={"Gain": 2})
        add(store, 3, A={"Gain": 1.0, "Setup": f"{TEXT}\n", "Same": 7}, B={"Gain": 1})
        add(store, 4, A={"Gain": Unavailable("no answer"), "Setup": EVIL, "Same": 7, EVIL: math.nan}, B={"Gain": 1})
        recording.add(store, HUB, Snapshot(4, Phase.END, 405.0, [Taken("B", "Gain", 3, 405.0)]))
        yield store


def add(store: Store, number: int, **partitions: dict[str, Any]) -> None:
    at = 100.0 * number
    recording.begin(store, HUB, number, at, "somebody", f"note {number} {EVIL}")
    values = [Taken(name, each, value, at) for name, said in partitions.items() for each, value in said.items()]
    recording.add(store, HUB, Snapshot(number, Phase.START, at, values))


@pytest.mark.parametrize("url", GETS)
def test_without_a_table_404_with_the_cure(ask: Ask, url: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 404
    assert refused.json()["error"].startswith("the settings have no table [runs]; add one with")
    assert ask("GET", "/api/snapshot").json()["runs"] is False


@pytest.mark.usefixtures("table")
def test_the_page_learns_that_there_are_runs(ask: Ask) -> None:
    assert ask("GET", "/api/snapshot").json()["runs"] is True
    assert ".diff" in ask("GET", "/static/diff.css").text
    for url in ("/api/runs", "/api/runs/differences", "/api/runs/parameters", "/api/runs/partitions?old=1&new=2"):
        assert ask("GET", url).json() == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [4, 3, 2, 1]), ("?number=1", [4]), ("?before=3", [2, 1]), ("?search=NOTE%202", [2]), ("?search=9", []),
     ("?search=%25", []), (f"?before={LARGEST}&search=4", [4])],
)  # fmt: skip
def test_runs_newest_first_and_filtered(ask: Ask, store: Store, query: str, numbers: list[int]) -> None:
    golden.declare(store, HUB, 2)
    found = ask("GET", f"/api/runs{query}").json()
    assert [run["number"] for run in found] == numbers
    assert [run["number"] for run in found if run["golden"]] == [number for number in numbers if number == 2]
    assert all(run["is_ready"] and run["by"] == "somebody" for run in found)


@pytest.mark.usefixtures("store")
def test_partitions_of_two_runs(ask: Ask) -> None:
    assert ask("GET", "/api/runs/partitions?old=1&new=4:end").json() == ["A", "B"]
    assert ask("GET", "/api/runs/partitions?old=8&new=9").json() == []


def test_a_comparison(ask: Ask, store: Store) -> None:
    acknowledging.acknowledge(store, HUB, Acknowledgement("A", "Gain", 2, EVIL, "me", 1.0))
    said = ask("GET", "/api/runs/diff?old=1&new=2").json()
    assert (said["old"], said["new"], said["title"]) == ("1", "2", "Diff of run 1 and run 2")
    changes = {change["parameter"]: change for change in said["changes"]}
    assert changes["Gain"]["partitions"] == ["A", "B"]
    assert changes["Gain"]["lines"] == ["1 → 2 (+100 %)"]
    assert changes["Setup"]["lines"] == ["  crate 20 {", "- threshold 5", "+ threshold 7"]
    assert "+ threshold 7" in said["text"]
    assert said["left_out"] == {"changes": 0, "unavailable": 0, "masked": 0}
    assert [each["reason"] for each in said["acknowledged"]] == [EVIL]
    assert ask("GET", "/api/runs/acknowledged?old=2&new=1").json() == said["acknowledged"]


@pytest.mark.usefixtures("store")
def test_a_comparison_of_some_partitions_and_of_an_end(ask: Ask) -> None:
    said = ask("GET", "/api/runs/diff?old=1&new=2&partition=B&partition=B&partition=").json()
    assert [change["partitions"] for change in said["changes"]] == [["B"]]
    said = ask("GET", "/api/runs/diff?old=4&new=4:end&partition=B").json()
    assert (said["title"], len(said["changes"])) == ("Diff of run 4 and run 4:end", 1)
    said = ask("GET", "/api/runs/diff?old=1&new=3").json()
    assert (said["changes"], "Diff was empty" in said["text"]) == ([], True)
    said = ask("GET", "/api/runs/diff?old=1&new=4").json()
    assert said["unavailable"] == [{"partition": "A", "parameter": "Gain", "reason": "no answer"}]


@pytest.mark.usefixtures("store")
def test_of_many_changes_some_are_left_out(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_diff, "MOST", 1)
    said = ask("GET", "/api/runs/diff?old=1&new=2").json()
    assert (len(said["changes"]), said["left_out"]["changes"]) == (1, 1)


@pytest.mark.usefixtures("store")
def test_what_is_too_large_is_refused_with_the_cure(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_asked, "LARGEST_ANSWER", 10)
    for url in GETS[4:7]:
        refused = ask("GET", url)
        assert refused.status_code == 400
        assert "choose partitions" in refused.json()["error"]


@pytest.mark.usefixtures("store")
def test_the_fragment_is_escaped_html_in_both_views(ask: Ask) -> None:
    short, complete = (ask("GET", f"/api/runs/diff.html?old=1&new=4&view={view}") for view in runs_diff.VIEWS)
    for answer in (short, complete):
        assert answer.headers["content-type"].startswith("text/html")
        assert "Content-Security-Policy" in answer.headers
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "no answer" in answer.text
    assert "<table" not in short.text
    assert "<table" in complete.text
    assert ask("GET", "/api/runs/diff.html?old=1&new=4").text == short.text


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "run", ["x", "-1", "0", "1:start", "1:END", "1.0", "٣", "99999999999999999999", "9" * 900, "%00", "1%0A", "1'--"]
)
def test_what_is_no_run_is_refused(ask: Ask, run: str) -> None:
    for query in (f"diff?old={run}&new=1", f"diff.html?old=1&new={run}", f"acknowledged?old={run}&new=1"):
        refused = ask("GET", f"/api/runs/{query}")
        assert refused.status_code == 400
        assert "is no run; write a number from 1 to" in refused.json()["error"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("old=1", 400, "parameter new is missing"),
        ("old=1&old=2&new=3", 400, "parameter old is given 2 times"),
        ("old=1&new=9", 404, "run 9 is not there; the nearest: 4"),
        (f"old=1&new={LARGEST}", 404, "is not there"),
        ("old=1&new=2&partition=Bb", 404, "neither run 1 nor run 2 has a partition 'Bb'; there are: B, A"),
        ("old=1&new=2&partition=%00", 400, "partition has a character that no text has"),
        ("old=1&new=3:end", 404, "run 3:end has no values"),
        ("old=1&new=2&" + "&".join(f"partition=p{number}" for number in range(201)), 400, "200 is the most"),
    ],
)
def test_what_cannot_be_compared_is_said(ask: Ask, query: str, status: int, said: str) -> None:
    for path in ("diff", "diff.html"):
        refused = ask("GET", f"/api/runs/{path}?{query}")
        assert refused.status_code == status
        assert said in refused.json()["error"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "url",
    ["?before=0", "?before=x", "?number=0", "?number=1001", "?search=a%00b", f"?before={LARGEST + 1}",
     "/differences?before=-1", "/differences?number=x", "/parameters?match=%00", "/past?partition=A",
     "/past?partition=A&parameter=", "/past?partition=%00&parameter=x", "/past?partition=A&parameter=x&number=0",
     "/diff.html?old=1&new=2&view=all"],
)  # fmt: skip
def test_wrong_questions_are_refused(ask: Ask, url: str) -> None:
    refused = ask("GET", f"/api/runs{url}")
    assert refused.status_code == 400
    assert refused.json()["error"]


@pytest.mark.usefixtures("store")
def test_parameters(ask: Ask) -> None:
    gains = [{"partition": name, "parameter": "Gain"} for name in "AB"]
    assert ask("GET", "/api/runs/parameters?match=GAIN").json() == gains
    assert ask("GET", "/api/runs/parameters?match=:gain&number=1").json() == gains[:1]
    assert {"partition": "A", "parameter": EVIL} in ask("GET", "/api/runs/parameters").json()


def test_the_past_of_a_parameter(ask: Ask, store: Store) -> None:
    acknowledging.acknowledge(store, HUB, Acknowledgement("A", "Gain", 2, "new beam", "me", 1.0))
    said = ask("GET", "/api/runs/past?partition=A&parameter=Gain").json()
    assert [(point["run"], point.get("number")) for point in said["points"]] == [(1, 1), (2, 2), (3, 1), (4, None)]
    assert said["points"][3]["unavailable"] == "no answer"
    spans = [(span["value"], span["from"], span["to"], span["runs"], span["group"]) for span in said["spans"]]
    assert spans == [("1", 3, 3, [3], 0), ("2", 2, 2, [2], 1), ("1", 1, 1, [1], 0)]
    assert said["spans"][0]["since"] == {"run": 3, "phase": "start", "at": 300.0}
    assert (said["more"], [each["reason"] for each in said["acknowledged"]]) == (False, ["new beam"])


@pytest.mark.usefixtures("store")
def test_spans_go_on_over_equal_values(ask: Ask) -> None:
    spans = ask("GET", "/api/runs/past?partition=A&parameter=Same").json()["spans"]
    assert [(span["from"], span["to"], span["runs"]) for span in spans] == [(1, 4, [1, 2, 3, 4])]
    spans = ask("GET", "/api/runs/past?partition=B&parameter=Gain").json()["spans"]
    assert [(span["value"], span["since"]["phase"], span["runs"]) for span in spans[:2]] == [
        ("3", "end", [4]), ("1", "start", [3, 4]),
    ]  # fmt: skip
    spans = ask("GET", "/api/runs/past?partition=A&parameter=Setup").json()["spans"]
    assert [(span["from"], span["group"], span["number"]) for span in spans] == [
        (4, 2, None), (3, 0, None), (2, 1, None), (1, 0, None),
    ]  # fmt: skip


@pytest.mark.usefixtures("store")
def test_the_past_of_what_is_not_there_and_of_what_no_plot_has(ask: Ask) -> None:
    said = ask("GET", "/api/runs/past?partition=A&parameter=Nothing").json()
    assert (said["points"], said["spans"], said["more"]) == ([], [], False)
    [point] = ask("GET", f"/api/runs/past?partition=A&parameter={EVIL}").json()["points"]
    assert (point["value"], point["number"]) == ("NaN", None)
    assert ask("GET", "/api/runs/past?partition=A&parameter=Same&number=2").json()["more"] is True


def test_a_tolerance_holds_against_the_first_value_of_a_span(ask: Ask, table: Path) -> None:
    with (table.parent / "warden.toml").open("a") as file:
        file.write("[runs.tolerances]\nDrift = 0.25\n")
    with closing(Store(f"sqlite:///{table}/runs.db")) as store:
        for number, value in enumerate((1.0, 1.2, 1.1, 1.3, 1.5), 1):
            add(store, number, A={"Drift": value})
    spans = ask("GET", "/api/runs/past?partition=A&parameter=Drift").json()["spans"]
    assert [span["runs"] for span in spans] == [[4, 5], [1, 2, 3]]


def test_differences(ask: Ask, store: Store) -> None:
    with store.writing() as connection:
        for new in (2, 3):
            said = Difference(("A", "B"), new - 1, new, 9.0, 2, f"{EVIL}{'x' * 5000}")
            differences.record(connection, HUB, said)
    found = ask("GET", "/api/runs/differences").json()
    assert [(each["old"], each["new"]) for each in found] == [(2, 3), (1, 2)]
    assert found[0]["partitions"] == ["A", "B"]
    assert len(found[0]["text"]) < 5000
    older = ask("GET", f"/api/runs/differences?before={found[0]['number']}").json()
    assert [each["new"] for each in older] == [2]


def test_numbers_that_javascript_has_not_are_text(ask: Ask, store: Store) -> None:
    add(store, LARGEST, A={"Gain": 5})
    assert ask("GET", "/api/runs?number=1").json()[0]["number"] == str(LARGEST)
    assert ask("GET", "/api/runs/past?partition=A&parameter=Gain").json()["spans"][0]["runs"] == [str(LARGEST)]
    said = {"golden": str(LARGEST)}
    assert ask("POST", "/api/runs/golden", headers=BEARER, json={"run": str(LARGEST)}).json() == said
    assert golden.golden(store, HUB) == LARGEST


def test_acknowledge(ask: Ask, store: Store) -> None:
    for run in (2, "2"):
        said = ask("POST", "/api/runs/acknowledge", headers=BEARER, json={**KNOWN, "run": run})
        assert (said.status_code, said.json()) == (200, {"acknowledged": 2})
    [found] = acknowledging.of(store, HUB, "A", "Gain")
    assert (found.run, found.reason, found.by) == (2, "new beam", "127.0.0.1")


def test_golden(ask: Ask, store: Store) -> None:
    assert ask("POST", "/api/runs/golden", headers=BEARER, json={"run": 3}).json() == {"golden": 3}
    assert golden.golden(store, HUB) == 3
    assert ask("POST", "/api/runs/golden", headers=BEARER, json={"run": None}).json() == {"golden": None}
    assert golden.golden(store, HUB) is None


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("run", ["", "x", 0, -1, 9, 2**63, 10**400, 1.5, True, [], "1:end", "٣"])
def test_wrong_runs_are_refused(ask: Ask, run: Any) -> None:
    for url, body in POSTS:
        refused = ask("POST", url, headers=BEARER, json={**body, "run": run})
        assert refused.status_code == 400
        assert "run" in refused.json()["error"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "change",
    [{"reason": ""}, {"reason": " \n"}, {"reason": 1}, {"reason": "x" * 1001}, {"reason": None}, {"partition": "a\0"},
     {"parameter": {}}, {"by": "x"}, {"more": 1}],
)  # fmt: skip
def test_wrong_acknowledgements_are_refused(ask: Ask, change: dict[str, Any]) -> None:
    refused = ask("POST", "/api/runs/acknowledge", headers=BEARER, json={**KNOWN, **change})
    assert refused.status_code == 400
    assert refused.json()["error"]


@pytest.mark.usefixtures("store")
def test_half_a_character_is_refused(ask: Ask) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    body = json.dumps({**KNOWN, "parameter": "\ud800"}).encode()
    refused = ask("POST", "/api/runs/acknowledge", headers=headers, content=body)
    assert refused.status_code == 400
    assert "parameter has a character that no text has" in refused.json()["error"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("url", "_"), POSTS)
def test_empty_bodies_are_refused(ask: Ask, url: str, _: object) -> None:
    assert ask("POST", url, headers=BEARER, json={}).status_code == 400


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("url", "body"), POSTS)
def test_who_may_only_read_changes_nothing(ask: Ask, url: str, body: object) -> None:
    assert ask("POST", url, json=body).status_code == 401
    assert ask("POST", url, json=body, headers={"Authorization": f"Bearer {WALL}"}).status_code == 403


@pytest.mark.parametrize("url", GETS)
def test_a_store_that_cannot_be_used_is_503(ask: Ask, table: Path, url: str) -> None:
    table.mkdir()
    (table / "runs.db").write_text("no database " * 100)
    refused = ask("GET", url)
    assert refused.status_code == 503
    assert "cannot be used" in refused.json()["error"]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("module", "url"), [(web_runs, GETS[0]), (runs_diff, GETS[5])])
def test_a_store_that_does_not_answer_is_503_in_time(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, module: Any, url: str
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(module, "LIMIT", 0.05)
    monkeypatch.setattr(opening, "open_store", lambda runs: go_on.wait(30) and None)
    timer = threading.Timer(1.0, go_on.set)  # the test's own loop waits for the thread at its end
    timer.start()
    refused = ask("GET", url)
    timer.join()
    assert refused.status_code == 503
    assert refused.json()["error"].startswith("there was no answer within 0.05 s;")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("library", "url"), [("WardenServer.plugins.common.runs.store", GETS[0]), ("jinja2", GETS[6])]
)
def test_without_a_library_503_with_the_cure(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, library: str, url: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    refused = ask("GET", url)
    assert refused.status_code == 503
    assert "pip install wardenserver[runs]" in refused.json()["error"]


def test_a_wrong_table_is_404_with_the_cure_and_no_secret(ask: Ask, table: Path) -> None:
    text = '[runs]\ndocuments = ["A"]\nurl = "mysql://me:secret@host/runs"\n'
    (table.parent / "warden.toml").write_text(text)
    refused = ask("GET", "/api/runs")
    assert refused.status_code == 404
    assert "runs_url" in refused.json()["error"]
    assert "secret" not in refused.text


@pytest.fixture
def foreign(table: Path) -> None:
    """Runs of the database of others, in place of the hub's own."""
    url = f"sqlite:///{table.parent}/cms.db"
    fill(url, {run: started(HCAL_HF__THRESHOLD=f"t {run // 1003}", HCAL_HO__THRESHOLD="t") for run in (1001, 1005)})
    (table.parent / "parameters.txt").write_text(PARAMETERS)
    said = f'database = "{url}"\nparameters = "{table.parent}/parameters.txt"\nurl = "sqlite:///{table}/runs.db"\n'
    (table.parent / "warden.toml").write_text(f"[runs]\n{said}")


@pytest.mark.usefixtures("foreign")
def test_runs_of_the_database_of_others(ask: Ask) -> None:
    assert [run["number"] for run in ask("GET", "/api/runs").json()] == [1005, 1001]
    assert ask("GET", "/api/runs/partitions?old=1001&new=1005").json() == ["HCAL_HF", "HCAL_HO"]
    [change] = ask("GET", "/api/runs/diff?old=1001&new=1005").json()["changes"]
    assert (change["partitions"], change["lines"]) == (["HCAL_HF"], ["- t 0", "+ t 1"])
    known = {"partition": "HCAL_HF", "parameter": "THRESHOLD", "run": 1005, "reason": "as asked"}
    assert ask("POST", "/api/runs/acknowledge", headers=BEARER, json=known).status_code == 200
    said = ask("GET", "/api/runs/past?partition=HCAL_HF&parameter=THRESHOLD").json()
    assert [(span["from"], span["since"]["at"]) for span in said["spans"]] == [(1005, None), (1001, None)]
    assert [each["reason"] for each in said["acknowledged"]] == ["as asked"]


@pytest.mark.usefixtures("foreign")
def test_a_database_of_others_that_is_away_is_503(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "cms.db").unlink()
    for url in (GETS[0], *GETS[5:7]):
        refused = ask("GET", url)
        assert refused.status_code == 503
        assert "run database" in refused.json()["error"]
