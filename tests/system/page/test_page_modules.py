"""Single modules of the page, in the browser that runs them."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.system.page.site import Site


@pytest.fixture
def run(page: Page, site: Site) -> Any:
    """Evaluate something with a module's exports: run("time", "time.span(90)")."""
    page.goto(f"{site.url}#/events")

    def evaluate(module: str, script: str) -> Any:
        load = f"const {module} = await import('/static/{module}.js');"
        return page.evaluate(f"async () => {{ {load} return {script}; }}")

    return evaluate


@pytest.mark.parametrize(
    "text", ["2026-03-29T01:59:59", "2026-03-29T03:00:00", "2026-10-25T01:30:00", "2026-10-25T03:30:00"]
)
def test_times_of_the_zone_come_back_across_the_change_of_clocks(run: Any, text: str) -> None:
    written = "time.local(time.fromLocal('{}'))"
    assert run("time", f"(time.setZone('Europe/Berlin'), {written.format(text)})") == text


def test_a_zone_that_nobody_knows_counts_as_utc(run: Any) -> None:
    assert run("time", "(time.setZone('Nowhere/Town'), time.local(0))") == "1970-01-01T00:00:00"


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3, "0 s"), (0.9, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_spans(run: Any, seconds: float, said: str) -> None:
    assert run("time", f"time.span({seconds})") == said


@pytest.mark.parametrize(
    ("value", "entry", "said"),
    [
        ("1.23456", "{format: '%6.2f', unit: 'mA'}", "1.23 mA"),
        ("1.2e-9", "{format: '%.1e'}", "1.2e-9"),
        ("1/3", "undefined", "0.333333"),
        ("123456789", "undefined", "123456789"),
        ("null", "{unit: 'mA'}", "—"),
        ("true", "undefined", "true"),
        ("1", "{labels: ['OPEN', 'CLOSED']}", "CLOSED"),
        ("[1, 2, 3]", "undefined", "[1, 2, 3]"),
        ("Array(500).fill(7)", "undefined", "[7, 7, 7, 7, 7, 7, 7, 7, … 500 in all]"),
        ("'x'.repeat(1000)", "undefined", "x" * 300 + " …"),
    ],
)
def test_values(run: Any, value: str, entry: str, said: str) -> None:
    assert run("format", f"format.withUnit({value}, {entry})") == said


def test_next_runs_by_tick_and_by_calendar(run: Any) -> None:
    set_hub = "Object.assign((await import('/static/store.js')).state," \
        " {hub: {state: 'RUNNING', tick: 0.1, ticks: 1000, timestamp: Date.now() / 1000}})"  # fmt: skip
    due = "agents.nextRun({state: 'good', interval: 100, offset: 30, at: null}) - Date.now() / 1000"
    assert run("agents", f"({set_hub}, {due})") == pytest.approx(30, abs=2)
    day = "agents.nextRun({state: 'good', interval: null, at: '01:32'})"
    assert run("agents", f"({set_hub}, {day} % 86400)") == 5520
    month = "new Date(1000 * agents.nextRun({state: 'good', interval: null, at: '1 03:00'})).toISOString().slice(8, 16)"
    assert run("agents", f"({set_hub}, {month})") == "01T03:00"
    assert run("agents", f"({set_hub}, agents.nextRun({{state: 'stopped', interval: 1, offset: 0}}))") is None


SERIES = """{
    id: 'a.b', name: 'a.b', unit: 'mA', shift: 0, level: 'raw', labels: null, gaps: [], entry: {},
    low: null, high: null,
    time: Array.from({length: %d}, (_, place) => 1.8e9 + place),
    value: Array.from({length: %d}, (_, place) => Math.random()),
}"""


@pytest.mark.parametrize("length", [1, 100, 100_000])
def test_a_link_holds_what_it_may_and_comes_back(run: Any, length: int) -> None:
    series = SERIES % (length, length)
    packed = run("share", f"await share.pack([{series}], [1.8e9, 1.9e9])")
    assert len(packed) <= 16_000
    found = run("share", f"await share.unpack('{packed}')")
    assert (found["from"], found["to"]) == (1.8e9, 1.9e9)
    assert found["series"][0]["time"][0] == 1.8e9
    assert len(found["series"][0]["value"]) >= min(length, 400)


def test_cells_of_csv_are_quoted_and_are_no_formulas(run: Any) -> None:
    series = "{name: 'a', unit: '', low: null, labels: ['=1+1', 'a \"b\", c'], time: [1, 2], value: [0, 1]}"
    lines = run("plot_table", f"plot_table.csv([{series}])").split("\r\n")
    assert [line.split(",", 2)[2] for line in lines[1:3]] == ["'=1+1", '"a ""b"", c"']


def test_a_line_ends_where_a_gap_begins(run: Any) -> None:
    answer = "{level: 'raw', begin: 0, end: 10, time: [1, 2, 8], value: [5, 6, 7], before: [-1, 4]," \
        " gaps: [{begin: 3, end: 7, reason: 'stopped'}]}"  # fmt: skip
    fake = f"(window.fetch = async () => new Response(JSON.stringify({answer})))"
    found = run("series", f"({fake}, await series.fetchSeries('a.b', {{}}, '0..10', {{points: 10}}))")
    assert found["time"] == [0, 1, 2, 3, 3.001, 8]
    assert found["value"] == [4, 5, 6, 6, None, 7]
