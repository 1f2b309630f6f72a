"""The verdict of a soak: what is counted, what a fault excuses, and which limits make it bad."""

import json
import math
import threading

import pytest

from tests.unit.fake import FakeClock
from WardenServer.soak import verdict
from WardenServer.soak.record import COUNTS, DEVICE, DOCUMENTS, QUIET, RUNS, SeenRun, SoakRecord, Window, share
from WardenServer.soak.verdict import Sample, VerdictLine
from WardenServer.soak.watch import Theft, turns

WELL: dict[str, float | None] = {"documents whole": 0.3, "events valid": 0.5}


def record(*windows: Window) -> SoakRecord:
    made = SoakRecord({"a": 0.1, "b": 1.0})
    made.windows += windows
    return made


def window(began: float, ended: float, *excuses: str, kind: str = "storm", **more: float | None) -> Window:
    return Window(kind, began, ended, frozenset(excuses), {**WELL, **more})


def feed(made: SoakRecord, times: list[float], first: int = 1, agent: str = "a") -> None:
    for n, began in enumerate(times, first):
        made.run(SeenRun(agent, n, began))


def ticks(count: int, begin: float = 0.0) -> list[float]:
    return [begin + 0.1 * number for number in range(count)]


def bad(made: SoakRecord, samples: list[Sample] | None = None) -> set[str]:
    made.finish()
    return {line.figure for line in verdict.lines(made, samples or [], [0.0]) if not line.ok}


# -- runs


def test_runs_on_time_are_good() -> None:
    made = record()
    feed(made, ticks(100))
    assert bad(made) == set()
    assert made.runs == 100


def test_a_run_left_out_is_counted_though_others_are_late() -> None:
    made = record()
    times = ticks(50)
    del times[20]
    times[30] += 0.06
    feed(made, times)
    assert bad(made) >= {"runs left out"}
    assert made.faulty["runs left out"] == 1


def test_a_late_run_is_late_but_none_is_left_out() -> None:
    made = record()
    times = ticks(50)
    times[30] += 0.08
    feed(made, times)
    made.finish()
    assert made.faulty["runs left out"] == 0
    assert max(made.late[QUIET]) == pytest.approx(0.08)


@pytest.mark.parametrize(("excuses", "left_out"), [((RUNS,), 0), ((DOCUMENTS, COUNTS, DEVICE), 30)])
def test_a_gap_needs_a_fault_that_explains_it(excuses: tuple[str, ...], left_out: int) -> None:
    made = record(window(2.0, 5.0, *excuses))
    feed(made, ticks(20) + ticks(20, 5.0))
    made.finish()
    assert made.faulty["runs left out"] == left_out


def test_lateness_goes_to_the_fault_that_was_on() -> None:
    made = record(window(2.05, 2.25))
    times = ticks(40)
    times[21] += 0.05
    feed(made, times)
    assert max(made.late["storm"]) == pytest.approx(0.05)
    assert max(made.late[QUIET]) < 0.001


def test_a_run_lost_or_doubled_is_found() -> None:
    made = record()
    for n, began in ((1, 0.0), (2, 0.1), (2, 0.2), (4, 0.3)):
        made.run(SeenRun("a", n, began))
    assert bad(made) == {"runs lost", "runs doubled"}
    assert "a counted 2, then 4 at 0.300 (no fault)" in made.examples["runs lost"][0]


@pytest.mark.parametrize(("excuses", "anew", "doubled"), [((COUNTS,), 1, 0), ((RUNS,), 0, 1)])
def test_counts_begin_anew_only_where_a_fault_explains_it(excuses: tuple[str, ...], anew: int, doubled: int) -> None:
    made = record(window(0.25, 0.45, *excuses))
    feed(made, [0.0, 0.1, 0.2])
    feed(made, [0.3, 0.4, 0.5])
    assert (made.anew, made.faulty["runs doubled"]) == (anew, doubled)


def test_a_short_window_within_a_long_one_does_not_hide_it() -> None:
    made = record(window(0.0, 9.0, RUNS), window(2.0, 2.1, kind="short"))
    assert made.excused(RUNS, 5.0, 5.1)


# -- looks from outside


@pytest.mark.parametrize(("age", "excuses", "wrong"), [
    (0.5, (), 0), (1.2, (), 1), (None, (), 1), (None, (DOCUMENTS,), 0), (None, (RUNS, DEVICE), 1),
])  # fmt: skip
def test_documents_must_be_fresh_unless_a_fault_explains_it(
    age: float | None, excuses: tuple[str, ...], wrong: int
) -> None:
    made = record(window(4.0, 6.0, *excuses))
    made.document("key", age, 1.1, 5.0)
    assert made.faulty["documents lost or stale"] == wrong


def test_a_command_must_be_answered_unless_the_hub_was_away() -> None:
    made = record(window(4.0, 6.0, DEVICE))
    made.answer("State", 5.0, 8.0, "timeout")
    assert bad(made) == set()
    made.answer("State", 7.0, 8.5, "timeout")
    assert bad(made) == {"commands without an answer", "State answered, longest"}


def test_missed_ticks_need_an_explanation() -> None:
    made = record(window(4.0, 6.0, RUNS))
    made.missed(5, 4.5, 5.5)
    assert bad(made) == set()
    made.missed(1, 7.0, 8.0)
    assert bad(made) == {"ticks missed"}


# -- the verdict


@pytest.mark.parametrize(("took", "wrong"), [(1.9, False), (2.1, True), (None, True)])
def test_the_longest_recovery_counts(took: float | None, wrong: bool) -> None:
    made = record(window(1.0, 2.0), window(5.0, 6.0, **{"documents whole": took}), window(8.0, 9.0))
    assert bad(made) == ({"documents whole again after a fault, longest"} if wrong else set())


def test_a_hub_that_was_away_has_tango_s_time_for_events() -> None:
    made = record(Window("hub killed", 1.0, 14.0, frozenset(), {"events valid, hub was away": 11.0}))
    assert bad(made) == set()


def test_lateness_is_held_against_a_bare_loop_on_the_same_machine() -> None:
    made = record()
    feed(made, [time + 0.03 * (number % 2) for number, time in enumerate(ticks(100))])
    assert bad(made) == {"late starts without fault, p99"}
    assert all(line.ok for line in verdict.lines(made, [], [0.05]))


def samples(pid: int, begin: float, **grows: float) -> list[Sample]:
    """Ten minutes of a hub, a sample every 10 s."""
    start = {"memory": 100.0, "threads": 50, "python_threads": 40, "descriptors": 30}
    return [
        Sample(
            begin + 10 * number, pid, **{name: at + grows.get(name, 0.0) * number / 60 for name, at in start.items()}
        )  # type: ignore[arg-type]
        for number in range(60)
    ]


def test_a_hub_that_does_not_grow_is_good() -> None:
    assert bad(record(), samples(1, 0.0)) == set()
    assert bad(record(), samples(1, 0.0) + samples(2, 700.0, memory=20)) == set()


@pytest.mark.parametrize(("name", "much"), [
    ("memory", 90.0), ("threads", 12.0), ("python_threads", 6.0), ("descriptors", 20.0),
])  # fmt: skip
def test_growth_in_any_life_of_the_hub_is_bad(name: str, much: float) -> None:
    lives = samples(1, 0.0) + samples(2, 700.0, **{name: much}) + samples(3, 1400.0)
    assert bad(record(), lives) == {f"growth of the hub: {name.replace('_', ' ')}"}


def test_a_life_too_short_to_warm_up_is_not_judged() -> None:
    assert not [line for line in verdict.lines(record(), samples(1, 0.0)[:2], []) if "growth" in line.figure]


def test_what_each_kind_cost() -> None:
    made = record(window(1.0, 2.0), window(5.0, 6.0, **{"documents whole": None}), window(8.0, 9.0, kind="kill"))
    kill, storm, quiet = verdict.kinds(made)
    assert (kill.kind, kill.times, kill.recovered) == ("kill", 1, WELL)
    assert (storm.times, storm.recovered) == (2, {"documents whole": math.inf, "events valid": 0.5})
    assert (quiet.kind, quiet.times, quiet.recovered) == (QUIET, 0, {})


def test_programs_read_plain_json() -> None:
    made = record(window(5.0, 6.0, **{"documents whole": None}))
    made.fault("ticks missed", "1 before 3.000 (no fault)")
    found = verdict.lines(made, samples(1, 0.0), [0.0])
    read = json.loads(json.dumps(verdict.as_dict(made, found), allow_nan=False))
    assert read["clean"] is False
    assert read["examples"] == {"ticks missed": ["1 before 3.000 (no fault)"]}
    by_figure = {line["figure"]: line for line in read["lines"]}
    assert by_figure["ticks missed"] == {
        "figure": "ticks missed", "value": 1, "unit": "", "limit": 0.0, "note": "", "ok": False
    }  # fmt: skip
    assert by_figure["documents whole again after a fault, longest"]["value"] is None
    assert read["faults"][0]["recovered"]["documents whole"] is None


def test_a_line_without_a_limit_is_only_stated() -> None:
    assert VerdictLine("x", 9.0).ok
    assert not VerdictLine("x", 9.0, "s", 8.0).ok


def test_a_host_that_takes_a_fifth_of_the_processors_for_others_is_to_blame() -> None:
    theft = Theft(2)
    taken = [0.0, 0.01, 0.02, 0.09, 0.16, 0.23, 0.23, 0.23, 0.23, 0.23, 0.23, 0.23, 0.23]
    since = [theft.look(number / 10, seconds) for number, seconds in enumerate(taken)]
    assert since == [None, None, None, None, None, 0.0, 0.1, 0.2, None, None, None, None, None]


def test_a_bare_loop_that_was_held_up_says_for_how_long_and_goes_on() -> None:
    clock, closing = FakeClock(), threading.Event()
    seen = []
    for due, now in turns(clock, closing):
        seen.append((round(due, 3), round(now, 3)))
        if len(seen) == 1:
            clock.turn(0.1)
        elif len(seen) == 4:
            closing.set()
    assert seen == [(0.02, 0.02), (0.04, 0.12), (0.12, 0.12), (0.14, 0.14)]


def test_windows_without_a_processor_that_overlap_are_one() -> None:
    made = record(window(0.0, 1.0))
    for began, ended in ((5.3, 5.9), (5.2, 5.8), (5.8, 6.1), (7.0, 7.5)):
        made.open(window(began, ended, RUNS, kind="no processor"))
    assert [(each.began, each.ended) for each in made.windows] == [(0.0, 1.0), (5.2, 6.1), (7.0, 7.5)]
    assert made.excused(RUNS, 5.95, 6.05)


def test_share() -> None:
    assert share([], 0.99) == 0.0
    assert share([3.0, 1.0, 2.0], 0.5) == 2.0
