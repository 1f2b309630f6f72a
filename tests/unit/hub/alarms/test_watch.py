"""What rules say of results: no data, failing and limit are three things."""

import enum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.hub.alarms.watch import Is, Verdict, judge, make
from WardenServer.results.field import Place
from WardenServer.results.result import Result
from WardenServer.settings.notify import Rule

BEAM = Rule("beam", field="Petra.BeamCurrent", below=20, clear=70)
HOT = Rule("hot", field="Petra.BeamCurrent", above=80, clear=60)


def result(key: str = "Petra", error: str | None = None, agent: str = "petra", **fields: Any) -> Result:
    return Result(agent, key, 1.7e9, MappingProxyType(fields), error)


def said(rule: Rule, *results: Result) -> list[Verdict]:
    watch, known, found = make(rule), set[str](), []
    for each in results:
        for verdict in watch.of(each, 0.0, known.copy()):
            found.append(verdict)
            (known.add if verdict.state is Is.BAD else known.discard)(verdict.subject)
    return found


@pytest.mark.parametrize(
    ("rule", "value", "state"),
    [
        (BEAM, 20, Is.BAD), (BEAM, 20.1, Is.BETWEEN), (BEAM, 69.9, Is.BETWEEN), (BEAM, 70, Is.GOOD), (BEAM, 0, Is.BAD),
        (BEAM, None, Is.UNKNOWN), (BEAM, float("nan"), Is.UNKNOWN), (BEAM, "20", Is.UNKNOWN), (BEAM, True, Is.UNKNOWN),
        (HOT, 80, Is.BAD), (HOT, 70, Is.BETWEEN), (HOT, 60, Is.GOOD), (HOT, None, Is.UNKNOWN),
        (Rule("b", field="A.b", below=20), 21, Is.GOOD),
        (Rule("v", field="A.v", equals=1), 1, Is.BAD), (Rule("v", field="A.v", equals=1), 2, Is.GOOD),
        (Rule("v", field="A.v", equals=1), "1", Is.GOOD), (Rule("v", field="A.v", equals=1), None, Is.UNKNOWN),
        (Rule("v", field="A.v", equals=False), False, Is.BAD), (Rule("v", field="A.v", equals=False), True, Is.GOOD),
        (Rule("v", field="A.v", equals="OFF"), enum.Enum("State", ["ON", "OFF"])["OFF"], Is.BAD),
        (Rule("v", field="A.v", equals="OFF"), "OFF", Is.BAD),
    ],
)  # fmt: skip
def test_a_value(rule: Rule, value: Any, state: Is) -> None:
    assert judge(rule, value).state is state


@given(st.floats(allow_nan=True) | st.none() | st.integers() | st.text() | st.booleans())
def test_no_data_is_never_bad_and_what_is_bad_is_at_or_under_the_limit(value: Any) -> None:
    verdict = judge(BEAM, value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    assert (verdict.state is Is.BAD) == (is_number and float("-inf") < value <= 20)


def test_a_field_by_the_longest_key() -> None:
    rule = Rule("p", field="P022.dcm.bragg.Position", above=5)
    both = [result("P022.dcm", **{"bragg.Position": 9}), result("P022.dcm.bragg", Position=1)]
    assert [each.state for each in said(rule, *both, both[0])] == [Is.BAD, Is.GOOD], "then the shorter counts no more"
    assert said(rule, result("P022", Position=9), result("Other", Position=9)) == []
    assert set(make(rule).keys or ()) == {"P022", "P022.dcm", "P022.dcm.bragg"}


def test_a_field_with_a_place_of_its_own() -> None:
    places = {"works": Place("P022.keithley.state", "bool"), "Gap": Place("P022.undulator", None, "gap")}
    one = result("agent", works=False, Gap=1.0)._replace(places=places)
    assert [v.state for v in said(Rule("k", field="P022.keithley.state.value", equals=False), one)] == [Is.BAD]
    assert [v.state for v in said(Rule("g", field="P022.undulator.gap", above=0), one)] == [Is.BAD]
    assert said(Rule("g", field="agent.Gap", above=0), one) == []


def test_failing_is_told_from_no_data() -> None:
    [none], [failing] = said(BEAM, result(BeamCurrent=None)), said(BEAM, result(BeamCurrent=None, error="no device"))
    assert none == (Is.UNKNOWN, "Petra.BeamCurrent has no data", "")
    assert failing == (Is.FAILING, "agent petra fails: no device", "")


def test_every_change_but_the_first_value_and_what_is_null_between() -> None:
    values = [1, 1, 2, None, 2, 1.0, "x"]
    found = said(Rule("c", field="Petra.v", changes=True), *[result(v=value) for value in values])
    assert [verdict.state.value for verdict in found] == [
        "good", "good", "changed", "no data", "good", "changed", "changed",
    ]  # fmt: skip
    assert found[2].text == "Petra.v changed from 1 to 2"


def test_agents_that_fail() -> None:
    bad, good = result(error="no"), result(x=1)
    found = said(Rule("f", failing="*"), good, bad, bad, good, good, result(error="no", agent="other"))
    assert [(v.state, v.subject) for v in found] == [
        (Is.BAD, "petra"), (Is.BAD, "petra"), (Is.GOOD, "petra"), (Is.BAD, "other"),
    ]  # fmt: skip
    assert said(Rule("f", failing="dcm"), bad) == []
    assert [v.subject for v in said(Rule("f", failing="petra"), bad)] == [""]


def test_a_document_without_values_for_too_long() -> None:
    watch = make(Rule("s", stale="Petra", after=30))
    [first] = watch.by_time(100.0)
    assert first.state is Is.GOOD, "it has time from the start on"
    list(watch.of(result(x=None, error="no"), 120.0))
    [late] = watch.by_time(130.0)
    assert late == (Is.BAD, "Petra has had no value for 30 s", "")
    list(watch.of(result(x=None, y=2), 131.0))
    [again] = watch.by_time(160.0)
    assert again.state is Is.GOOD


def test_each_server_that_is_missing() -> None:
    rule = Rule("m", missing="check")
    found = said(rule, result("check", servers=["A/1", "B/1"]), result("check", servers=None, error="no"),
                 result("check", servers=["B/1"]), result("check", servers=[]))  # fmt: skip
    assert [(v.state.value, v.subject) for v in found] == [
        ("bad", "A/1"), ("bad", "B/1"), ("bad", "B/1"), ("good", "A/1"), ("good", "B/1"),
    ]  # fmt: skip
