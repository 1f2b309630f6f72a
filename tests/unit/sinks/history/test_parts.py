"""Every day belongs to one part of each level, and a part's name says which."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.sinks.history import parts
from WardenServer.sinks.history.parts import BREAKS, RAW, ROLLUPS, part_of, read_name

DAYS = some.integers(-10_000, 60_000)


@given(some.sampled_from([RAW, *ROLLUPS, BREAKS]), DAYS)
def test_a_day_is_in_its_part_and_the_name_leads_back(level: parts.Level, day: int) -> None:
    part = part_of(level, day)
    assert part.begin <= day < part.end
    assert read_name(part.name) == part
    assert part_of(level, part.end - 1) == part
    assert part_of(level, part.end) != part


def test_names_are_as_people_expect_them() -> None:
    day = parts.day_of(1_795_867_083)
    assert [part_of(level, day).name for level in (RAW, *ROLLUPS, BREAKS)] == [
        "raw-2026-11-28", "1m-2026-11", "10m-2026-11", "1h-2026", "1d-2026", "breaks-2026",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "raw", "raw-2026", "raw-2026-13-01", "1h-2026-01", "5m-2026-01", "raw-2026-1-1"])
def test_other_names_are_no_parts(name: str) -> None:
    assert read_name(name) is None
