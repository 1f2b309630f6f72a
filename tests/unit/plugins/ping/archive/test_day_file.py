"""Files of days: how many lines they have, and what is wrong with them."""

import gzip
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.plugins.ping.archive.files import DAY, put, raw
from WardenServer.plugins.common.ping.archive import day_file
from WardenServer.plugins.common.ping.archive.day_file import Seen


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


@pytest.mark.parametrize("lines", [1, 2, 3000, 40_000])
def test_lines_are_counted(tmp_path: Path, lines: int):
    assert day_file.look(put(tmp_path, "m", DAY, lines)) == Seen(lines)


def test_a_last_line_without_end_and_several_parts_count(tmp_path: Path):
    content = packed(raw(DAY, 2)) + packed(raw(DAY, 3)[:-1])
    assert day_file.look(put(tmp_path, "m", DAY, content)) == Seen(5)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "its file is empty"),
        (packed(b""), "its file is empty"),
        (packed(b"\n \n"), "its file is empty"),
        (packed(b"No data\n"), 'its file says only "No data"'),
        (packed(b"no data"), 'its file says only "No data"'),
        (b"<html>", "its file cannot be unpacked"),
        (packed(raw(DAY, 50))[:-9], "its file cannot be unpacked"),
        (packed(raw(DAY, 50))[:-8] + bytes(8), "its file cannot be unpacked"),
        (packed(raw(DAY, 50))[:40] + b"\xff" * 40, "its file cannot be unpacked"),
        (packed(raw(DAY, 50)) + b"more", "its file cannot be unpacked"),
    ],
)
def test_what_is_no_data_is_said(tmp_path: Path, content: bytes, why: str):
    seen = day_file.look(put(tmp_path, "m", DAY, content))
    assert seen.lines == 0 and seen.why.startswith(why)


def test_what_is_no_file_is_said(tmp_path: Path):
    assert day_file.look(tmp_path / "none").why == "there is no file"
    assert "cannot be unpacked" in day_file.look(tmp_path).why
    (tmp_path / "file").touch()
    assert "cannot be unpacked" in day_file.look(tmp_path / "file" / "below").why


def test_only_what_was_made_after_the_day_is_final(tmp_path: Path):
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=1)
    assert day_file.is_final(put(tmp_path, "m", DAY, 1, midnight), DAY)
    assert not day_file.is_final(put(tmp_path, "m", DAY, 1, midnight - timedelta(seconds=1)), DAY)
    assert not day_file.is_final(tmp_path / "none", DAY)


def test_the_same_lines_make_the_same_bytes(tmp_path: Path):
    for name in ("one", "other"):
        with day_file.packing(tmp_path / name) as file:
            file.write(raw(DAY, 100))
    one = (tmp_path / "one").read_bytes()
    assert one == (tmp_path / "other").read_bytes()
    assert one[4:9] == bytes(4) + b"\x04"  # no time; the fastest level (RFC 1952)
    assert zlib.decompress(one, 31) == raw(DAY, 100)
