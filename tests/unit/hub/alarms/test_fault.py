"""The life of a fault: cycles, quiet, recovery, reminders, flapping."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from WardenServer.hub.alarms.fault import Fault
from WardenServer.hub.alarms.watch import Is, Verdict
from WardenServer.results.event import Event
from WardenServer.settings.notify import Rule

T = 1.7e9
BAD, GOOD, BETWEEN = Verdict(Is.BAD, "it is 3"), Verdict(Is.GOOD, "it is 80"), Verdict(Is.BETWEEN, "it is 50")
UNKNOWN = Verdict(Is.UNKNOWN, "no data")


def fault(**said: Any) -> Fault:
    return Fault(Rule("beam", **{"field": "A.b", "below": 20.0, "to": ("mail",), **said}), agent="petra")


def see(one: Fault, *verdicts: Verdict, at: float = T, step: float = 1.0) -> list[Event]:
    events = []
    for number, verdict in enumerate(verdicts):
        events += list(one.see(verdict, at + number * step, at + number * step))
    return events


def kinds(events: list[Event]) -> list[str]:
    return [event.id.split(":")[1] + ("" if event.to else " (silent)") for event in events]


def test_an_alarm_and_its_end() -> None:
    alarm, clear = see(fault(text="Beam dump"), BAD, BAD, BETWEEN, GOOD, step=600)
    assert alarm == Event(f"warden:alarm:beam::{T:.3f}", T, "petra", "alarm", "Beam dump: it is 3", ("mail",))  # type: ignore[arg-type]
    assert (clear.id, clear.severity, clear.to) == (f"warden:clear:beam::{T:.3f}", "info", ("mail",))
    assert "Beam dump is over: it is 80; from " in clear.text and clear.text.endswith("(0:30:00)")


def test_so_many_results_in_a_row() -> None:
    assert kinds(see(fault(cycles=2), BAD, GOOD, BAD, BETWEEN, BAD, GOOD)) == []
    one = fault(cycles=3)
    events = see(one, BAD, BAD, UNKNOWN, BAD)
    assert kinds(events) == ["alarm"], "what is unknown neither counts nor breaks the row"
    assert one.begin == T, "it began with the first"


def test_bad_for_so_long() -> None:
    assert kinds(see(fault(after=3600.0), BAD, BAD, GOOD, BAD, BAD, step=1200)) == []
    one = fault(after=3600.0)
    alarm, clear = see(one, BAD, BAD, BAD, BAD, GOOD, step=1200)
    assert (alarm.id.split(":")[1], clear.id.split(":")[1]) == ("alarm", "clear")
    assert one.begin == T, "it began with the first"


def test_a_stale_document_has_waited_already() -> None:
    assert kinds(see(Fault(Rule("s", stale="Petra", after=3600.0)), BAD)) == ["alarm (silent)"]


def test_no_data_neither_begins_nor_ends_an_alarm() -> None:
    one = fault()
    assert kinds(see(one, UNKNOWN, UNKNOWN)) == []
    assert one.state == "no data"
    assert kinds(see(one, BAD, UNKNOWN, UNKNOWN)) == ["alarm"]
    assert one.state == "alarm"


def test_a_fault_that_began_quiet_and_outlasts_that_alarms_then() -> None:
    one = fault()
    one.quiet = "muted"
    assert kinds(see(one, BAD, BAD)) == ["quiet (silent)"]
    assert kinds(list(one.look(T + 100))) == []
    one.quiet = ""
    [late] = one.look(T + 200)
    assert kinds([late]) == ["alarm"] and "since " in late.text
    assert kinds(list(one.look(T + 201))) == []
    assert kinds(see(one, GOOD, at=T + 300)) == ["clear"]


def test_no_recovery_without_its_alarm_and_none_is_swallowed() -> None:
    one = fault()
    one.quiet = "muted"
    assert kinds(see(one, BAD, GOOD)) == ["quiet (silent)", "clear (silent)"]
    one = fault()
    see(one, BAD)
    one.quiet = "muted"
    assert kinds(see(one, GOOD, at=T + 5)) == ["clear"], "people knew of the alarm"


def test_reminders_until_somebody_knows() -> None:
    one = fault(reminder=60.0)
    see(one, BAD)
    found = [kinds(list(one.look(T + second))) for second in range(0, 200, 20)]
    assert found == [[], [], [], ["remind"], [], [], ["remind"], [], [], ["remind"]]
    one.acknowledged = True
    assert list(one.look(T + 500)) == []
    one.acknowledged, one.quiet = False, "muted"
    assert list(one.look(T + 500)) == []


def test_flapping_is_said_once() -> None:
    one = fault()
    events = see(one, *[BAD, GOOD] * 10, step=10)
    assert kinds(events)[:5] == ["alarm", "clear", "alarm", "flap", "clear (silent)"]
    assert [kind for kind in kinds(events)[5:] if "silent" not in kind] == []
    assert "beam flaps: 4 changes in 30 s" in events[3].text
    last = T + 190
    assert kinds(list(one.look(last + 599))) == []
    assert kinds(list(one.look(last + 600))) == ["steady"]
    assert kinds(see(one, BAD, GOOD, at=last + 2000, step=700)) == ["alarm", "clear"]


def test_flapping_that_ends_in_an_alarm() -> None:
    one = fault()
    see(one, BAD, GOOD, BAD, GOOD, BAD, step=10)
    assert kinds(list(one.look(T + 41))) == []
    assert kinds(list(one.look(T + 640))) == ["alarm"]
    assert kinds(see(one, GOOD, at=T + 5000)) == ["clear"]


def test_slow_changes_do_not_flap() -> None:
    assert set(kinds(see(fault(), *[BAD, GOOD] * 10, step=250))) == {"alarm", "clear"}


def test_changes() -> None:
    one = fault(below=None, changes=True)
    changed = Verdict(Is.CHANGED, "A.b changed from 1 to 2")
    assert kinds(see(one, GOOD, changed, changed, step=300)) == ["change", "change"]
    one.quiet = "muted"
    assert kinds(see(one, changed, at=T + 9000)) == ["change (silent)"]


def test_ids_differ_for_every_fault_and_what_a_restart_would_say_again_has_the_same() -> None:
    events = see(fault(), BAD, GOOD, BAD, GOOD, step=700)
    assert len({event.id for event in events}) == 4
    assert [event.id for event in see(fault(), BAD, GOOD, BAD, GOOD, step=700)] == [event.id for event in events]


verdicts = st.lists(st.tuples(st.sampled_from([BAD, GOOD, BETWEEN, UNKNOWN]), st.booleans(), st.floats(0.1, 900)))


@given(verdicts, st.integers(1, 3))
def test_whatever_comes_every_told_recovery_has_its_told_alarm_and_no_two_are_open(
    steps: list[tuple[Verdict, bool, float]], cycles: int
) -> None:
    one, now, open_alarm = fault(cycles=cycles), T, ""
    seen = set()
    for verdict, quiet, pause in steps:
        now += pause
        one.quiet = "muted" if quiet else ""
        for event in [*one.see(verdict, now, now), *one.look(now)]:
            assert event.id not in seen, "an event is given out once"
            seen.add(event.id)
            _, kind, rest = event.id.split(":", 2)
            if kind == "alarm":
                assert not open_alarm and event.to and one.active
                open_alarm = rest
            elif kind == "clear":
                assert bool(event.to) <= (rest == open_alarm), "of the alarm that was told"
                assert event.to or not open_alarm or one.flap_told, "it is told, but while people know that it flaps"
            if kind == "clear":
                open_alarm = ""
