"""Durations and sizes as people write them (durations: test_config.py)."""

import pytest

from WardenServer.settings.units import megabytes, size


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
