"""Durations and sizes as people write them (durations: test_config.py)."""

import datetime

import pytest

from WardenServer.settings.units import megabytes, moment, size


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (1, 1), ("1", 1), ("500 MB", 500_000_000), ("1.5GB", 1_500_000_000), ("2 GiB", 2 * 2**30), ("64k", 64_000),
        ("64 KiB", 65536), (" 1 TB ", 10**12), ("7 B", 7),
    ],
)  # fmt: skip
def test_sizes(said: object, found: int) -> None:
    assert size(said) == found


@pytest.mark.parametrize("said", [0, -1, 1.5, True, None, "", "MB", "-1 MB", "1 XB", "1 MBit", "nan", "0 GB", [1]])
def test_what_is_no_size_is_refused_with_the_cure(said: object) -> None:
    with pytest.raises(ValueError, match='a whole number of bytes, or "500 MB"'):
        size(said)


def test_sizes_are_read_in_megabytes() -> None:
    assert megabytes(1_234_567_890) == "1235 MB"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("2h", 7200), ("90", 90), ("18:00", 3600 * 6), ("11:59", 3600 * 24 - 60), ("2026-11-30 08:00", 86400 * 2 - 14400)],
)
def test_moments(text: str, wanted: float) -> None:
    noon = datetime.datetime(2026, 11, 28, 12, 0).timestamp()
    assert moment(text, noon) == noon + wanted


@pytest.mark.parametrize("text", ["", "x", "25:00", "2020-01-01", "2026-13-01", "0", "-1h"])
def test_what_is_no_moment_to_come(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as 2h, a time such as 18:00"):
        moment(text, datetime.datetime(2026, 11, 28, 12, 0).timestamp())
