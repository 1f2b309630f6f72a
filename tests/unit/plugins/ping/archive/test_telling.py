"""Events of faults."""

from datetime import date

from tests.unit.plugins.ping.archive.files import days
from WardenServer.plugins.common.ping.archive.checking import Fault
from WardenServer.plugins.common.ping.archive.telling import LONGEST_ID, MOST, event_id, tell

DAY = date(2026, 11, 5)


def told(faults: list[Fault]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    tell(faults, lambda text, id: found.append((text, id)))
    return found


def test_each_fault_is_an_event_with_an_id_for_good():
    faults = [Fault("m", DAY, "missing", "m has nothing"), Fault("m", DAY, "short", "m has little")]
    assert told(faults) == [
        ("m has nothing", "ping.missing.m.2026-11-05"), ("m has little", "ping.short.m.2026-11-05"),
    ]  # fmt: skip


def test_long_names_have_ids_that_differ():
    names = ["a" * 249 + end for end in (".de", ".fr")]
    ids = {event_id(Fault(name, DAY, "missing", "")) for name in names}
    assert len(ids) == 2 and max(map(len, ids)) <= LONGEST_ID


def test_many_are_one_event():
    faults = [Fault(f"m{number % 3}", day, "missing", "x") for number, day in enumerate(days(DAY, MOST))]
    assert len(told(faults)) == MOST
    [(text, id)] = told([*faults, Fault("n", DAY, "short", "y")])
    assert text == (
        "20 days of 4 monitoring hosts are missing and 1 are short, from 2026-11-05 to 2026-11-24;"
        " list them with: warden ping check 2026-11-05..2026-11-24"
    )
    assert len(id) <= LONGEST_ID
    assert told([Fault("n", DAY, "short", "y"), *reversed(faults)])[0][1] == id
    assert told([*faults, Fault("o", DAY, "short", "y")])[0][1] != id


def test_of_nothing_nothing_is_told():
    assert told([]) == []
