"""Tables of pings by HTTP. What reads the archive is made up here: it has tests of its own."""

import math
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from tests.unit.web.conftest import Ask
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking import classes, pingtable, series
from WardenServer.plugins.common.ping.looking.classes import Class
from WardenServer.plugins.common.ping.looking.pingtable import Asked, Row, View
from WardenServer.plugins.common.ping.looking.series import Series, Wanted
from WardenServer.plugins.common.ping.reports import kept
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.settings import config
from WardenServer.web import ping as web_ping

TABLE = "/api/ping/table?metric=packet_loss"
SERIES = "/api/ping/series?metric=packet_loss&from=a&to=b&first=2026-11-01&last=2026-11-02"
GETS = ["/api/ping/about", TABLE, SERIES]
NEWEST = date(2026, 11, 27)
EVIL = "<script>\n€"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with a table [ping_archive]."""
    file = tmp_path / "warden.toml"
    file.write_text("[ping_archive]\n")
    monkeypatch.setattr(config, "CONFIG_FILE", file)


class Made:
    """An archive with one table and one pair. `asked` is what it was asked for last; with `error` it has nothing."""

    def __init__(self) -> None:
        self.asked: Any = None
        self.error: Exception | None = None
        self.rows: tuple[Row, ...] = (Row("a", EVIL, (0.0, None, 12.5)),)
        self.values: list[float | None] = [1.5, None, math.nan]

    def view(self, archive: Archive, asked: Asked) -> View:
        pingtable.check(asked.metric, asked.by, asked.tick)
        self._hear(asked)
        return View(asked, "%", ("0", "1", "2"), self.rows, {"min": (0.0, None, 12.5)})

    def series(self, archive: Archive, wanted: Wanted) -> Series:
        self._hear(wanted)
        times = [1e9 + 3600 * place for place in range(len(self.values))]
        packets = [20] * len(self.values)
        return Series("packet_loss", "%", 3600.0, times, self.values, packets, packets)

    def _hear(self, asked: Any) -> None:
        self.asked = asked
        if self.error:
            raise self.error


@pytest.fixture
def made(table: None, monkeypatch: pytest.MonkeyPatch) -> Made:
    made = Made()
    monkeypatch.setattr(web_ping, "archive_of", lambda settings: Archive(Path("/nowhere"), by=("node",)))
    for name, instead in {
        "view": made.view, "latest": lambda archive, *what: None if "allyearly" in what else NEWEST,
        "pairs": lambda archive, by: [("a", f"b{number}") for number in range(5000)],
        "as_plain": lambda view: {"day": str(view.asked.day), "rows": [list(row.values) for row in view.rows]},
        "as_tsv": lambda view: f"a\t{EVIL}\n" * len(view.rows),
    }.items():  # fmt: skip
        monkeypatch.setattr(pingtable, name, instead)
    monkeypatch.setattr(series, "series", made.series)
    monkeypatch.setattr(kept, "oldest", lambda folders: date(1998, 1, 1))
    known = {"packet_loss": (Class("good", "●", 1.0), Class("bad", "✕", None))}
    monkeypatch.setattr(classes, "classes", lambda metric: known.get(metric, ()))
    return made


@pytest.mark.parametrize("url", GETS)
def test_without_a_table_404_with_the_cure(ask: Ask, url: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 404
    assert refused.json()["error"].startswith("the settings have no table [ping_archive]; add one")
    assert ask("GET", "/api/snapshot").json()["ping"] is False


@pytest.mark.usefixtures("table")
def test_the_page_learns_that_there_is_an_archive(ask: Ask) -> None:
    assert ask("GET", "/api/snapshot").json()["ping"] is True


@pytest.mark.usefixtures("made")
def test_about(ask: Ask) -> None:
    said = ask("GET", "/api/ping/about").json()
    assert [metric["name"] for metric in said["metrics"]] == list(METRICS)
    loss = next(metric for metric in said["metrics"] if metric["name"] == "packet_loss")
    assert loss["unit"] == "%"
    assert loss["classes"] == [
        {"name": "good", "sign": "●", "below": 1.0}, {"name": "bad", "sign": "✕", "below": None},
    ]  # fmt: skip
    assert (said["sizes"], said["by"], said["ticks"]) == ([100, 1000], ["node"], list(pingtable.TICKS))
    assert said["newest"] == {"node": {**dict.fromkeys(pingtable.TICKS, "2026-11-27"), "allyearly": None}}
    assert said["oldest"] == "1998-01-01"
    assert said["pairs"]["node"][1] == ["a", "b1"]
    assert len(said["pairs"]["node"]) == web_ping.MOST_PAIRS


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", Asked("packet_loss", 100, "site", "hourly")),
        (
            "&size=1000&by=node&tick=daily&day=2024-02-29",
            Asked("packet_loss", 1000, "node", "daily", date(2024, 2, 29)),
        ),
        ("&from=a.*&to=b&only=c&ex=d%2B", Asked("packet_loss", 100, "site", "hourly", None, "a.*", "b", "c", "d+")),
        ("&day=&size=&by=&tick=&format=", Asked("packet_loss", 100, "site", "hourly")),
    ],
)
def test_a_table(ask: Ask, made: Made, query: str, wanted: Asked) -> None:
    said = ask("GET", TABLE + query).json()
    assert made.asked == wanted
    assert said == {"day": str(wanted.day), "rows": [[0.0, None, 12.5]]}


@pytest.mark.usefixtures("made")
def test_a_table_as_text(ask: Ask) -> None:
    answer = ask("GET", f"{TABLE}&format=tsv&by=node&size=1000")
    assert answer.text == f"a\t{EVIL}\n"
    assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
    assert 'filename="packet_loss-1000-by-node-hourly.tsv"' in answer.headers["content-disposition"]


def test_values_of_a_pair(ask: Ask, made: Made) -> None:
    said = ask("GET", f"{SERIES}&size=1000&by=node").json()
    assert made.asked == Wanted("packet_loss", 1000, "node", "a", "b", date(2026, 11, 1), date(2026, 11, 2))
    assert said == {
        "metric": "packet_loss", "unit": "%", "start": 1e9, "step": 3600.0, "values": [1.5, None, None],
        "sent": [20, 20, 20], "received": [20, 20, 20],
    }  # fmt: skip


WRONG = [
    (TABLE, "size=0"), (TABLE, "size=-1"), (TABLE, "size=65536"), (TABLE, "size=1e3"), (TABLE, "size=hundred"),
    (TABLE, "size=٣"), (TABLE, "by=country"), (TABLE, "tick=weekly"), (TABLE, "format=xml"), (TABLE, "day=20261127"),
    (TABLE, "day=2026-13-01"), (TABLE, "day=2026-06-31"), (TABLE, "day=2026-W01-1"), (TABLE, "day=today"),
    (TABLE, "dataset=hep"), (TABLE, "size=100&size=1000"),
]  # fmt: skip


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("url", "query"), WRONG)
def test_wrong_parameters_are_refused_by_name(ask: Ask, url: str, query: str) -> None:
    refused = ask("GET", f"{url}&{query}")
    assert refused.status_code == 400
    assert query.partition("=")[0] in refused.json()["error"]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/api/ping/table", "parameter metric is missing"),
        ("/api/ping/table?metric=loss", "metric is 'loss'; write one of: average_rtt, minimum_rtt"),
        (SERIES.replace("from=a", "from="), "parameter from is missing"),
        (SERIES.replace("first=2026-11-01", "first=1793491200"), "first is '1793491200'; write a day such as"),
    ],
)
def test_what_is_missing_or_does_not_fit(ask: Ask, url: str, said: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(said)


@pytest.mark.parametrize("url", [TABLE, SERIES])
@pytest.mark.parametrize(("kind", "status"), [(SettingError, 400), (pingtable.Missing, 404), (Unreachable, 503)])
def test_what_makes_no_sense_what_is_not_there_and_what_cannot_be_read(
    ask: Ask, made: Made, url: str, kind: type[Exception], status: int
) -> None:
    made.error = kind("there is no such table; make it with: warden ping analyze")
    refused = ask("GET", url)
    assert refused.status_code == status
    assert refused.json() == {"error": str(made.error)}


@pytest.mark.parametrize("form", ["json", "tsv"])
def test_more_than_a_browser_takes_is_refused(ask: Ask, made: Made, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_ping, "LARGEST", 100)
    made.rows = made.rows * 50
    refused = ask("GET", f"{TABLE}&format={form}")
    assert refused.status_code == 400
    assert "choose fewer pairs with from, to, only or ex" in refused.json()["error"]


def test_an_archive_that_does_not_answer_is_503_in_time(ask: Ask, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(web_ping, "LIMIT", 0.05)
    monkeypatch.setattr(pingtable, "view", lambda archive, asked: go_on.wait(30) and made.view(archive, asked))
    timer = threading.Timer(1.0, go_on.set)  # the test's own loop waits for the thread at its end
    timer.start()
    refused = ask("GET", TABLE)
    timer.join()
    assert refused.status_code == 503
    assert refused.json()["error"].startswith("there was no answer within 0.05 s;")


@pytest.mark.usefixtures("table")
def test_without_the_library_503_with_the_cure(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    refused = ask("GET", SERIES)
    assert refused.status_code == 503
    assert "pip install wardenserver[ping]" in refused.json()["error"]


def test_about_does_without_pairs_where_a_table_is_damaged(
    ask: Ask, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(archive: Archive, by: str) -> None:
        raise Unreachable("the table cannot be read")

    monkeypatch.setattr(pingtable, "pairs", refuse)
    assert ask("GET", "/api/ping/about").json()["pairs"] == {"node": []}


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("url", GETS)
def test_who_may_not_read_learns_nothing(ask: Ask, url: str) -> None:
    assert ask("GET", url, web_login="always").status_code == 401


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("name", ["metric", "size", "by", "tick", "day", "from", "format"])
@tuned(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_whatever_is_written_there_is_an_answer(ask: Ask, name: str, text: str) -> None:
    answer = ask("GET", f"/api/ping/table?{urlencode({'metric': 'MOS', name: text})}")
    assert answer.status_code in (200, 400)
