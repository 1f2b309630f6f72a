"""The benchmark's own arithmetic, and that it measures at all; what it measures is no matter of tests."""

import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import days, history, picture, probe, simulation, stream_single, streams, table
from tests.bench.contest import LIMIT, Contender, Contest
from tests.bench.figure import Figure, against, limit, quantiles
from tests.bench.measure import measure
from tests.bench.stream_feeding import Counting, through
from WardenServer.errors import WardenError

ROOT = Path(__file__).parents[2]


def runs(*values: float) -> list[dict[str, float]]:
    return [{"x": value} for value in values]


def test_a_figure_compares_medians_and_has_the_spread_of_the_rounds() -> None:
    figure = against("push", runs(1, 9, 3), runs(2, 3, 6), "x", "ms", "a bare loop", 1.0)
    assert (figure.ours, figure.rival, figure.ratio) == (3, 3, 1.0)
    assert (figure.ours_spread, figure.rival_spread, figure.ratio_spread) == ((1, 9), (2, 6), (0.5, 3.0))
    assert (figure.target, figure.limit, figure.met, figure.rounds) == ("<= 1", 1.0, True, 3)


@pytest.mark.parametrize(("target", "met"), [(None, None), (1.49, False), (1.5, True)])
def test_a_target_is_met_up_to_its_limit(target: float | None, met: bool | None) -> None:
    assert against("x", runs(3), runs(2), "x", "ms", "other", target).met is met


def test_nothing_is_a_ratio_of_zero() -> None:
    figure = against("left out", runs(0, 1), runs(0, 0), "x", "%", "other", 1.0)
    assert (figure.ratio, figure.ratio_spread, figure.met) == (None, None, False)


def test_a_limit_is_a_rival_that_never_changes() -> None:
    figure = limit("memory", runs(20, 40), "x", "kB", 60.0)
    assert (figure.rival, figure.ratio, figure.met, figure.rival_name) == (60, 0.5, True, "the limit of 60 kB")


def test_the_file_has_the_promised_names() -> None:
    plain = json.loads(json.dumps(limit("memory", runs(20), "x", "kB", 60.0).plain()))
    assert {"figure", "ours", "rival", "unit", "ratio", "target", "met"} <= set(plain)
    assert Figure(**plain).met is True


def test_quantiles() -> None:
    assert quantiles([*range(100, -1, -1)]) == {"p50": 50, "p99": 99, "max": 100}
    assert quantiles([7.0]) == {"p50": 7.0, "p99": 7.0, "max": 7.0}


def test_markdown_has_the_figures_with_a_target_only() -> None:
    judged = against("push", runs(1.23456), runs(1000), "x", "ms", "a bare loop", 1.4)
    lines = table.markdown([judged, against("other", runs(1), runs(1), "x", "ms", "z")]).splitlines()
    assert lines[2:] == ["| push | 1.23 ms | 1000 ms | a bare loop | 0.00123 | 0.00123..0.00123 | <= 1.4 | yes |"]
    assert table.text([judged], "title").row_count == 1


def test_lateness_is_counted_from_the_first_tick_after_the_start_before() -> None:
    watched = probe.Probe(1, 1.0)
    # Due at 0.1, 0.2 and, as that run begins when the next tick has passed, at 0.4.
    for place, start in enumerate([0.0, 0.11, 0.35, 0.42]):
        watched._starts[place] = 1000 + start
    assert [round(float(late), 3) for late in watched._lateness(1000, 1, 9)] == [0.01, 0.15, 0.02]
    assert [round(float(late), 3) for late in watched._lateness(1000, 2, 4)] == [0.15]


def test_ours_and_the_rivals_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.contest.measure", lambda *arguments: {"x": 1.0})
    contest, said = Contest("tick", True), []
    contest.contenders = [Contender("ours", "ours"), Contender("bare_loop", "bare_loop")]
    for number in range(2):
        contest.compete(number, said.append)
    assert said == ["tick: ours", "tick: bare_loop", "tick: bare_loop", "tick: ours"]


def test_what_takes_minutes_is_measured_in_the_first_round_only(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []
    monkeypatch.setattr("tests.bench.contest.measure", lambda *given: measured.append(given) or {"x": 1.0})
    contest = Contest("tick", True)
    contest.contenders = [Contender("long", "ours", {"a": 1}, "other", 900, once=True), Contender("short", "ours")]
    contest._runs = {"long": [], "short": []}
    for number in range(2):
        contest.compete(number, lambda what: None)
    long, short = ("other", "ours", {"a": 1}, 900), ("tick", "ours", {}, LIMIT)
    assert measured == [long, short, short]


@pytest.mark.parametrize("away", [[], ["victoria"], ["victoria", "rrdcached"]])
def test_a_rival_that_is_not_installed_is_named_and_left_out(
    away: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(history, "missing", lambda: away)
    contenders = history.contenders(True)
    names = {contender.name for contender in contenders}
    assert {"ours", "executemany", "ask", "packing process"} <= names
    assert {"victoria", "rrdcached", "ask_victoria"} - names == {*away, *(["ask_victoria"] if away else [])}
    said = capsys.readouterr().err
    assert ("apt install victoria-metrics" in said) == ("victoria" in away)
    run = dict.fromkeys(("seconds", "days", "keys", "kept", "given", "cpu", "hub", "cpu_each", "bytes", "p50", "p99",
                         "first", "points", "right", "missed", "took"), 1.0)  # fmt: skip
    figures = history.figures({contender.name: [run] for contender in contenders})
    assert any("VictoriaMetrics" in figure.rival_name for figure in figures) == (not away)


@pytest.mark.parametrize("missing", [True, False])
def test_without_redis_its_rows_are_left_out(
    missing: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(streams, "redis_missing", lambda: missing)
    contenders = streams.contenders(True)
    assert ("apt install redis-server" in capsys.readouterr().err) == missing
    run = dict.fromkeys(("wall", "cpu", "rate", "sent", "p50", "p99", "missed", "stream"), 1.0)
    figures = streams.figures({contender.name: [run] for contender in contenders})
    assert any("Redis" in figure.figure for figure in figures) != missing
    assert len({contender.name for contender in contenders}) == len(contenders)


@pytest.mark.parametrize("way", [stream_single.ours, stream_single.bare, stream_single.bytewax, stream_single.snoop])
def test_all_ways_count_all_events(way: Callable[[Path, int], dict[str, float]], tmp_path: Path) -> None:
    if way is stream_single.bytewax:
        pytest.importorskip("bytewax", reason="it comes with the extra bench")
    try:
        assert way(tmp_path, 3000)["wall"] > 0
    finally:
        gc.unfreeze()


def test_events_that_do_not_come_give_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.stream_feeding.LIMIT", 0.05)
    events = stream_single.events(3000)
    gc.unfreeze()
    with pytest.raises(WardenError, match="3000 events were counted in place of 3001"):
        through(stream_single.Decoded(events), 3001, Counting())


def test_simulated_documents_change_by_half() -> None:
    values = simulation.documents(200, 50)
    changed = (values[1:] != values[:-1]).any(axis=2).mean()
    assert values.shape == (200, 50, len(simulation.FIELDS))
    assert 0.4 < changed < 0.6
    assert (simulation.documents(200, 50) == values).all()


def test_all_extremes_of_simulated_days_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, begins = 20_000, [20_000 * days.DAY + 777.0]
    simulation.write_days(tmp_path / "ours", first, 31)
    run = days.ask(tmp_path, str(tmp_path), 31, first, begins)
    assert run["right"] == run["points"] > 1000
    day = simulation.day
    monkeypatch.setattr(simulation, "day", lambda number: day(number) + (number == first + 3))  # these were not stored
    assert 0 < days.ask(tmp_path, str(tmp_path), 31, first, begins)["right"] < run["points"]


def test_a_measurement_has_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    run = measure("tick", "bare_loop", {"ticks": 4}, 20)
    assert 0 <= run["p50"] <= run["max"]


@pytest.mark.parametrize(
    ("arguments", "limit", "said"), [({"ticks": 100}, 0.3, "took too long"), ({"tocks": 1}, 20, "unexpected keyword")]
)
def test_a_measurement_that_fails_or_hangs_is_named(
    arguments: dict[str, int], limit: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(WardenError, match=f"tick.bare_loop .*{said}"):
        measure("tick", "bare_loop", arguments, limit)


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="it comes with the extra bench")
    picture.draw([limit("memory", runs(20, 30), "x", "kB", 60.0)], "title", tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
