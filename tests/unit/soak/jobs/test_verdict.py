"""The verdict of a soak of jobs: each thing that may go wrong is seen, and what has its cause is none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.soak.jobs import history, verdict
from WardenServer.soak.jobs.collector import Pair
from WardenServer.soak.jobs.evidence import Evidence
from WardenServer.soak.jobs.history import Happened
from WardenServer.soak.verdict import clean

GOOD, BAD = Pair("good", "good", False), Pair("bad", "bad", False)
DONE = [Step.QUEUED, Step.STARTED, Step.SUCCEEDED, Step.MOVED]
FAILED = [Step.QUEUED, Step.STARTED, (Step.FAILED, "RuntimeError: fails on purpose"), Step.MOVED]
NOTHING = Evidence({}, Counter(), 0, 0, [], set(), set(), {}, {})


def steps(*said: Any) -> list[Happened]:
    return [
        Happened(float(number), *(each if isinstance(each, tuple) else (each, "")))
        for number, each in enumerate(said, 100)
    ]


def place(id: str) -> list[str]:
    return [f"{id}.json", f"{id}.dump"]


def whole(*ids: str) -> dict[str, bool]:
    return {path: True for id in ids for path in place(id)}


def wrong(pairs: Sequence[Pair], evidence: Evidence) -> dict[str, int]:
    judged = verdict.judge(pairs, evidence, place, lambda name, at: name == "harmed-1" and at >= 102.0)
    assert clean(judged.lines()) is not bool(+Counter(judged.wrong))
    return dict(+Counter(judged.wrong))


@pytest.fixture
def well() -> Evidence:
    """A good one and a bad one, both as they should be."""
    journal = [f"{id} {what} 7" for id in ("good", "bad") for what in ("begin", "end")]
    both = {"good": steps(*DONE), "bad": steps(*FAILED)}
    return replace(NOTHING, steps=both, journal=journal, successful=whole("good"), failed=whole("bad"))


def test_all_is_well(well: Evidence) -> None:
    assert wrong([GOOD, BAD], well) == {}


def test_what_was_never_taken(well: Evidence) -> None:
    pair = Pair("more", "good", False)
    assert wrong([GOOD, BAD, pair], replace(well, standard=set(place("more")))) == {
        "pairs never processed": 1, "ends of another kind": 1, "files in a wrong place": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "figure"),
    [({"rows": 2}, "jobs left"), ({"requests": 1}, "requests left"),
     ({"late": Counter(good=1)}, "late results not kept"),
     ({"successful": {**whole("good"), ".x.part": True}}, "files in a wrong place"),
     ({"successful": {"good.json": True}}, "pairs lost"),
     ({"successful": {"good.json": True, "good.dump": False}}, "half files"),
     ({"failed": whole("good", "bad")}, "files in a wrong place"),
     ({"deferred": {"good.dump"}}, "files in a wrong place"),
     ({"journal": ["bad begin 1", "good half 1"]}, "last runs that saw half of their files"),
     ({"journal": ["bad begin 1", "good begin 1", "good begin 2"]}, "runs without a cause"),
     ({"journal": ["bad begin 1"]}, "pairs never processed"),
     ({"journal": ["bad begin 1", "good begin 1", "who begin 1"]}, "taken though nobody asked")],
)  # fmt: skip
def test_each_is_seen(well: Evidence, change: dict[str, Any], figure: str) -> None:
    assert figure in wrong([GOOD, BAD], replace(well, **change))


def test_deferred_ones_stay_until_somebody_asks(well: Evidence) -> None:
    deferred, asked = Pair("later", "good", True), Pair("asked", "good", True, is_asked=True)
    found = replace(well, deferred=set(place("later")))
    assert wrong([GOOD, BAD, deferred], found) == {}
    assert wrong([GOOD, BAD, deferred], well) == {"pairs lost": 2}
    assert wrong([GOOD, BAD, deferred, asked], found)["pairs never processed"] == 1


def test_who_was_slow_may_have_been_seen_half(well: Evidence) -> None:
    found = replace(well, journal=["bad begin 1", "good half 1"], successful={"good.json": True, "good.dump": False})
    assert wrong([replace(GOOD, dawdled=True), BAD], found) == {}


def test_who_fails_must_do_so_on_purpose_or_since_its_workers_vanished(well: Evidence) -> None:
    for reason, expected in (("exit code 1: no such file", 1), ("its processor vanished 3 times", 0)):
        course = [*steps(Step.QUEUED, Step.STARTED), Happened(103.0, Step.FAILED, reason, "harmed-1")]
        found = replace(well, steps={**well.steps, "good": course}, successful={}, failed=whole("good", "bad"))
        assert wrong([GOOD, BAD], found).get("ends of another kind", 0) == expected


@pytest.mark.parametrize(
    ("again", "is_right"),
    [((Step.REASSIGNED, "harmed-1 is dead -> other-2"), True), ((Step.REASSIGNED, "well-1 is dead -> other-2"), False),
     ((Step.RETURNED, ""), True), ((Step.CHANGED, ""), True), ((Step.RETRIED, ""), False), ((Step.URGENT, ""), False)],
)  # fmt: skip
def test_a_second_start_needs_a_cause(again: tuple[str, str], is_right: bool) -> None:
    course = steps(Step.QUEUED, Step.STARTED, again, Step.STARTED, Step.SUCCEEDED, Step.MOVED)
    found = history.follow("a", course, lambda name, at: name == "harmed-1" and at >= 102.0)
    assert (not found.wrong) is is_right
    assert (found.starts, found.success, found.state) == (2, True, history.GONE)


def test_harm_that_comes_later_is_no_cause() -> None:
    course = steps(Step.QUEUED, (Step.REASSIGNED, "harmed-1 is dead -> other-2"))
    assert history.follow("a", course, lambda name, at: at >= 102.0).wrong


@pytest.mark.parametrize(
    "course", [[Step.STARTED], [*DONE, Step.QUEUED], [Step.QUEUED, Step.SUCCEEDED], [*DONE, Step.MOVED]]
)
def test_other_courses_are_wrong(course: list[str]) -> None:
    assert history.follow("a", steps(*course), lambda name, at: True).wrong


def test_what_may_come_at_any_time() -> None:
    found = history.follow("a", steps(Step.REFUSED, *DONE, Step.LATE, Step.URGENT), lambda name, at: False)
    assert (found.wrong, found.late) == ([], 1)
