"""The history by HTTP, against a history of the test's own that has the shape of the real one."""

import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.unit.web.conftest import Ask
from WardenServer.errors import Unreachable, WardenError

DAY = 86400.0


class FakeHistory:
    """In place of WardenServer.sinks.history.ask.History."""

    asked: ClassVar[list[tuple[Any, ...]]] = []
    trouble: Exception | None = None

    def __init__(self, settings: object) -> None:
        pass

    def known(self) -> list[Any]:
        self._may_fail()
        found = [("Petra", "Current", "float"), ("P.x", "y.z", "int"), ("P", "gone", "str")]
        return [
            SimpleNamespace(key=key, field=field, agent="ring", kind=kind, first=1.0, last=2.0)
            for key, field, kind in found
        ]

    def range(self, key: str, field: str, begin: float, end: float, points: int = 0) -> Any:
        self._may_fail()
        self.asked.append((key, field, begin, end, points))
        if (key, field) not in {(each.key, each.field) for each in self.known()}:
            raise WardenError(f"nothing is known of {key} {field}")
        gaps = [SimpleNamespace(begin=3.0, end=4.0, reason="stopped")]
        if points:
            columns: dict[str, Any] = {"n": [2], "min": [1.0], "mean": [1.5], "max": [float("nan")]}
            time, level = np.array([120.0]), "1m"
        elif field == "gone":
            columns, time, level = {"value": ["a", "b", "a"]}, np.array([5.0, 15.0, 25.0]), "raw"
        else:
            columns, time, level = {"value": np.array([1.0, 2.0, np.inf])}, np.array([10.0, 20.0, 30.0]), "raw"
        return SimpleNamespace(
            key=key, field=field, level=level, begin=begin, end=end, time=time, columns=columns, before=None, gaps=gaps
        )

    def _may_fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture(autouse=True)
def history(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeHistory]]:
    package, module = ModuleType("WardenServer.sinks.history"), ModuleType("WardenServer.sinks.history.ask")
    module.History = package.ask = module  # type: ignore[attr-defined, assignment]
    module.History = FakeHistory  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    FakeHistory.asked, FakeHistory.trouble = [], None
    yield FakeHistory


URL = "/api/history?key=Petra&field=Current&range="


def test_values_over_time(ask: Ask) -> None:
    assert ask("GET", f"{URL}0..100").json() == {
        "key": "Petra", "field": "Current", "level": "raw", "begin": 0.0, "end": 100.0, "unit": "mA",
        "time": [10.0, 20.0, 30.0], "value": [1.0, 2.0, None], "before": None,
        "gaps": [{"begin": 3.0, "end": 4.0, "reason": "stopped"}],
    }  # fmt: skip


def test_of_long_periods_means_are_asked_for(ask: Ask, history: type[FakeHistory]) -> None:
    said = ask("GET", f"{URL}year").json()
    assert (said["n"], said["min"], said["mean"], said["max"]) == ([2], [1.0], [1.5], [None])
    assert history.asked[0][4] == 5000
    ask("GET", f"{URL}day")
    ask("GET", f"{URL}hour&points=1200")
    assert [asked[4] for asked in history.asked[1:]] == [0, 1200]


def test_the_period_ends_now(ask: Ask, history: type[FakeHistory]) -> None:
    ask("GET", f"{URL}week")
    _, _, begin, end, _ = history.asked[0]
    assert end - begin == pytest.approx(7 * DAY)
    assert end == pytest.approx(time.time(), abs=60)


def test_newest_first_and_csv(ask: Ask) -> None:
    assert ask("GET", f"{URL}0..100&order=newest").json()["time"] == [30.0, 20.0, 10.0]
    answer = ask("GET", f"{URL}0..100&form=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[:2] == ["time,unix_seconds,value", "1970-01-01T00:00:10.000Z,10.0,1.0"]
    assert ask("GET", f"{URL}0..100&points=10&form=csv").text.splitlines() == [
        "time,unix_seconds,n,min,mean,max", "1970-01-01T00:02:00.000Z,120.0,2,1.0,1.5,",
    ]  # fmt: skip


def test_cuts_by_other_fields_also_by_those_that_are_gone(ask: Ask) -> None:
    assert ask("GET", f"{URL}0..100&cut=P.gone%3Da").json()["time"] == [10.0, 30.0]
    assert ask("GET", f"{URL}0..100&cut=P.gone%3Da&cut=Petra.Current%3D1").json()["time"] == [10.0]
    assert ask("GET", f"{URL}0..100&cut=P.x.y.z%3D7").json()["time"] == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("200..100", "begins after its end"),
        ("decade", "write hour, day"),
        ("0..1e14", "out of reach"),
        ("0..100&points=-1", "points is '-1'; write a whole number"),
        ("0..100&points=99999999", "write a whole number up to"),
        ("year&points=0", "take a shorter range"),
        ("0..100&order=random", "write oldest or newest"),
        ("0..100&form=xml", "write json or csv"),
        ("0..100&cut=P.gone", "write KEY.FIELD=value"),
        ("0..100&cut=nodot=1", "which is no KEY.FIELD"),
        ("0..100&cut=No.such=1", "which is no KEY.FIELD"),
    ],
)
def test_wrong_questions_are_refused_with_the_cure(ask: Ask, more: str, sentence: str) -> None:
    refused = ask("GET", URL + more)
    assert refused.status_code == 400
    assert sentence in refused.json()["error"]


def test_of_what_nobody_knows_404(ask: Ask) -> None:
    refused = ask("GET", "/api/history?key=No&field=such&range=day")
    assert (refused.status_code, refused.json()) == (404, {"error": "nothing is known of No such"})


def test_a_history_that_is_away_is_503(ask: Ask, history: type[FakeHistory]) -> None:
    history.trouble = Unreachable("the history does not answer")
    refused = ask("GET", f"{URL}day")
    assert (refused.status_code, refused.json()) == (503, {"error": "the history does not answer"})
    assert "Petra.Current" in ask("GET", "/api/fields").json()


def test_without_a_history_all_else_works(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "WardenServer.sinks.history", None)
    refused = ask("GET", f"{URL}day")
    assert refused.status_code == 503
    assert "there is no history here" in refused.json()["error"]
    assert "Petra.Current" in ask("GET", "/api/fields").json()


def test_fields_with_those_that_are_gone(ask: Ask) -> None:
    said = ask("GET", "/api/fields").json()
    assert said["Petra.Current"]["retired"] is False
    assert said["P.gone"] == {
        "agent": "ring", "key": "P", "field": "gone", "type": "str", "first": 1.0, "last": 2.0, "retired": True,
    }  # fmt: skip


# -- woodstock's own paths


def test_woodstock_newest_value(ask: Ask) -> None:
    assert ask("GET", "/Petra/Current", web_woodstock=True).text == "100.5"
    assert ask("GET", "/Petra/Current").status_code == 404, "only where the setting says so"


def test_woodstock_ranges_in_minutes_newest_first(ask: Ask, history: type[FakeHistory]) -> None:
    assert ask("GET", "/Petra/Current/0..2", web_woodstock=True).json() == [[0.5, None], [0.333, 2.0], [0.167, 1.0]]
    assert history.asked[0][2:4] == (0.0, 120.0)
    assert ask("GET", "/Petra/Current/year", web_woodstock=True).json() == [[2.0, 1.5]]
    _, _, begin, end, _ = history.asked[1]
    assert end - begin == pytest.approx(336 * DAY + 600)


def test_woodstock_cuts(ask: Ask) -> None:
    assert ask("GET", "/Petra/Current/0..2?P.gone=b", web_woodstock=True).json() == [[0.333, 2.0]]
    for wrong in ("gone=b", "P.gone=a&P.gone=b"):
        assert ask("GET", f"/Petra/Current/0..2?{wrong}", web_woodstock=True).status_code == 400


@pytest.mark.parametrize("url", ["/Petra", "/Petra/no", "/no/x", "/Petra/Current/decade", "/Petra/Current/hour/more"])
def test_woodstock_404(ask: Ask, url: str) -> None:
    assert ask("GET", url, web_woodstock=True).status_code == 404


def test_woodstock_takes_none_of_our_own_paths(ask: Ask) -> None:
    assert ask("GET", "/api/me", web_woodstock=True).json()["may_read"] is True
    assert "RUNNING" in ask("GET", "/health", web_woodstock=True).text


# -- what changed, and why something is missing


def test_changes_across_a_time(ask: Ask) -> None:
    text = {"key": "P", "field": "gone", "before": "b", "after": "a", "change": 1.0}
    assert ask("GET", "/api/changes?at=22").json() == [text], "the numbers end with what is none"
    assert ask("GET", "/api/changes?at=1000").json() == [], "nothing is known of that time"


def test_of_numbers_the_change_is_a_share(
    ask: Ask, history: type[FakeHistory], monkeypatch: pytest.MonkeyPatch
) -> None:
    def range(*_: Any) -> Any:
        return SimpleNamespace(time=np.array([10.0, 20.0]), columns={"value": [1.0, 4.0]}, before=None)

    monkeypatch.setattr(history, "range", range)
    said = ask("GET", "/api/changes?at=15").json()
    assert [(each["before"], each["after"], each["change"]) for each in said] == [(1.0, 4.0, 0.75)] * 3


@pytest.mark.parametrize("query", ["", "at=x", "at=1&seconds=0", "at=1&seconds=x", "at=1&seconds=1e9"])
def test_wrong_questions_about_changes(ask: Ask, query: str) -> None:
    assert ask("GET", f"/api/changes?{query}").status_code == 400


@pytest.mark.parametrize(
    ("at", "text", "since"),
    [("3.5", "nothing was kept: stopped", 3.0), ("40", "the last value before was 10 s old", 30.0)],
)
def test_why_nothing_was_there_at_a_time(ask: Ask, at: str, text: str, since: float) -> None:
    said = ask("GET", f"/api/why?key=Petra&field=Current&at={at}").json()
    assert (said["text"], said["since"]) == (text, since)
