"""Two servers held against each other: pairs by time, pairs by observation, and verdicts."""

import json
from typing import Any

import pytest
from rich.console import Console

from WardenServer.compare.match import ENOUGH, Matcher, judge, load, save
from WardenServer.compare.report import Report
from WardenServer.compare.sample import Sample, agree, between, read

T = 1.7e9


def document(now: float, stamp: float | None, **fields: Any) -> Sample:
    more = {} if stamp is None else {"timestamp": stamp}
    return read(json.dumps({**fields, **more}).encode(), 0, now)


def by_time(ours: Any, theirs: Any, seconds: int = 120, tolerance: float = 0.01) -> Matcher:
    """Ours every 3 s, theirs every 2 s, read every half a second; `ours` and `theirs` give the fields at a time."""
    matcher = Matcher(tolerance)
    for step in range(2 * seconds):
        now = T + step / 2
        mine, other = now - now % 3, now - now % 2
        matcher.take(document(now, mine, **ours(mine - T)), document(now, other, **theirs(other - T)), now)
    return matcher


def test_forms() -> None:
    assert read(b'{"a": 1, "timestamp": 5}', 0, T) == Sample("JSON, flags 0", {"a": 1}, 5.0, T)
    assert read(b'{"servers": []}', 16, T) == Sample("JSON, flags 16", {"servers": []}, None, T)
    assert read(b"1", 2, T) == Sample("int, flags 2", {"value": 1}, None, T)
    assert read(b"I01\n.", 1, T) == Sample("bool, flags 1", {"value": True}, None, T)
    assert read(b"A%B", 0, T) == Sample("str, flags 0", {"value": "A%B"}, None, T)
    assert read(b"\x80\x04]", 1, T).form == "unknown, flags 1", "nothing is unpickled"
    assert read(b'{"a": ', 0, T).form == "str, flags 0"


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [(1, 1.0, True), (100, 100.9, True), (100, 102, False), (True, 1, False), ("1", 1, False), (None, None, True),
     (None, 0, False), ([1, 2], [1, 2.001], True), ([1], [1, 2], False), ("a", "a", True)],
)  # fmt: skip
def test_values(ours: Any, theirs: Any, same: bool) -> None:
    assert agree(ours, theirs, 0.01) is same


def test_what_was_read_while_it_changed_is_no_difference() -> None:
    assert between(5.5, [5, 6], 0.0)
    assert not between(7, [5, 6], 0.0)
    assert between("b", ["a", "b"], 0.0)
    assert not between(True, [0, 2], 0.0)


def test_the_same_values_at_other_times_are_the_same() -> None:
    matcher = by_time(lambda t: {"I": 100 - t / 50, "extra": 1}, lambda t: {"I": 100 - t / 50})
    verdict = judge(matcher.found)
    assert verdict.state == "same" and matcher.found.pairs >= ENOUGH
    assert verdict.notes == ["ours adds extra"]


def test_steps_that_both_saw_are_no_difference_and_other_values_are() -> None:
    def valve(t: float) -> dict[str, Any]:
        return {"V": 1 if int(t) // 20 % 2 else 2}

    assert judge(by_time(valve, valve).found).state == "same"
    verdict = judge(by_time(lambda t: {"V": 1}, lambda t: {"V": 2}).found)
    assert verdict.state == "differs"
    assert "V: another value in" in verdict.why[0] and "2 there, 1 here" in verdict.why[0]


def test_missing_fields_and_other_types_differ() -> None:
    verdict = judge(by_time(lambda t: {"a": "1"}, lambda t: {"a": 1, "b": 2}).found)
    assert verdict.state == "differs"
    assert [line.partition(" in ")[0] for line in verdict.why] == ["a: another type", "b: missing here"]


def test_too_few_pairs_are_no_verdict() -> None:
    verdict = judge(by_time(lambda t: {"a": 1}, lambda t: {"a": 2}, seconds=20).found)
    assert verdict.state == "open" and " of 20 pairs" in verdict.notes[0]


def test_states_and_checks_without_a_time_by_observation() -> None:
    matcher = Matcher(0.0)
    for step in range(120):
        now = T + step / 2
        ours, theirs = (b"1" if step > 44 else b"0"), (b"1" if step > 40 else b"0")
        matcher.take(read(ours, 2, now), read(theirs, 2, now), now)
    assert judge(matcher.found).state == "same", "one is two seconds later"
    matcher = Matcher(0.0)
    for step in range(120):
        matcher.take(read(b"1", 2, T + step / 2), read(b"I01\n.", 1, T + step / 2), T + step / 2)
    verdict = judge(matcher.found)
    assert verdict.state == "differs"
    assert verdict.why[0].startswith("form: bool, flags 1 there, int, flags 2 here (")


def test_missing_extra_and_neither() -> None:
    here, there, none = Matcher(0.0), Matcher(0.0), Matcher(0.0)
    here.take(document(T, T, a=1), None, T)
    there.take(None, document(T, T, a=1), T)
    none.take(None, None, T)
    assert [judge(each.found).state for each in (here, there, none)] == ["extra", "missing", "open"]


def test_old_documents_differ_by_their_age() -> None:
    matcher = Matcher(0.0)
    for step in range(300):
        now = T + step
        matcher.take(document(now, T + step // 100 * 100, a=1), document(now, now, a=1), now)
    matcher.found.pairs = ENOUGH
    assert judge(matcher.found).why == ["age: up to 99 s here, 0 s there"]


def test_what_was_found_is_kept_over_a_restart() -> None:
    matcher = by_time(lambda t: {"a": 1}, lambda t: {"a": 1})
    again = load(json.loads(json.dumps(save({"k": matcher.found}))))["k"]
    assert again == matcher.found
    assert Matcher(0.0, again).found.pairs == matcher.found.pairs


def test_a_report_as_text_json_and_page() -> None:
    keys = {
        "good": by_time(lambda t: {"a": 1}, lambda t: {"a": 1}).found,
        "bad": by_time(lambda t: {"a": "<script>"}, lambda t: {"a": "[red]"}).found,
    }
    report = Report("here:1", "there:2", 120.0, keys)
    assert not report.is_good
    assert Report("h", "t", 1.0, {"good": keys["good"]}).is_good
    assert not Report("h", "t", 1.0, {}).is_good
    console = Console(record=True, width=150, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - closed below
    report.show(console)
    console.file.close()
    text = console.export_text()
    assert "differs" in text and "'[red]' there" in text
    assert "there:2 against here:1, 2.0 minutes: 1 differs, 1 same." in text
    assert json.loads(json.dumps(report.as_dict()))["keys"]["good"]["state"] == "same"
    page = report.as_html()
    assert "&lt;script&gt;" in page and "<script>" not in page
