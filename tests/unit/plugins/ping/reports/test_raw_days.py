"""Raw data of a day, also damaged."""

import gzip
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.reports import raw_days

DAY = date(2026, 11, 25)
LINES = b"".join(b"a.org 192.0.2.1 b.org 192.0.2.2 100 %d 10 10 1 2 3\n" % time for time in range(5000))


def read(path: Path, largest: int = 10**9) -> tuple[bytes, list[str]]:
    said: list[str] = []
    return raw_days.unpacked(path, largest, said.append), said


def test_files_of_all_hosts_that_have_the_day(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    assert raw_days.files(folders, DAY) == []
    for host in ("b.org", "2001:db8::1", "a.org"):
        folders.raw(host, DAY).parent.mkdir(parents=True)
        folders.raw(host, DAY).touch()
    (tmp_path / "data" / "c.org").mkdir()
    (tmp_path / "data" / "file").touch()
    assert [path.parent.name for path in raw_days.files(folders, DAY)] == ["2001:db8::1", "a.org", "b.org"]


def test_a_whole_file_in_one_part_or_several(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(LINES))
    assert read(path) == (LINES, [])
    path.write_bytes(gzip.compress(LINES[:999]) + gzip.compress(LINES[999:]))
    assert read(path) == (LINES, [])


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(b"")
    assert read(path) == (b"", [])


@settings(max_examples=30, deadline=None)
@given(part=st.floats(0.0, 1.0, exclude_max=True))
def test_of_a_file_that_ends_early_whole_lines_count(tmp_path_factory: pytest.TempPathFactory, part: float) -> None:
    path = tmp_path_factory.mktemp("raw") / "a.gz"
    packed = gzip.compress(LINES)
    path.write_bytes(packed[: int(part * len(packed))])
    text, said = read(path)
    assert LINES.startswith(text)
    assert text == b"" or text.endswith(b"\n")
    if path.stat().st_size:
        lines = text.count(b"\n")
        assert said[0].startswith(f"of {path} only {lines} lines count (it is damaged: ")
        assert said[0].endswith("fetch it again with: warden ping restore DAYS --again")


def test_most_of_a_file_that_ends_early_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(LINES)[:-20])
    assert len(read(path)[0]) > 0.9 * len(LINES)


@pytest.mark.parametrize("content", [b"plain text\n", b"<html>", b"\x1f\x8b\x08", b"\x1f\x8b\xff\xff", bytes(100)])
def test_what_was_never_packed_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    text, said = read(path)
    assert text == b"" and len(said) == 1 and "only 0 lines count" in said[0]


def test_a_wrong_sum_at_the_end_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    packed = gzip.compress(LINES)
    path.write_bytes(packed[:-8] + bytes(4) + packed[-4:])
    text, said = read(path)
    assert (text, len(said)) == (LINES, 1)


def test_a_file_that_grows_when_it_is_unpacked_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    packer = zlib.compressobj(wbits=31)
    path.write_bytes(b"".join(packer.compress(LINES) for _ in range(200)) + packer.flush())
    text, said = read(path, largest=len(LINES) + 20)
    assert text == LINES
    assert "it has more than" in said[0] and "`largest`" in said[0]


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    assert "only 0 lines" in read(tmp_path)[1][0]
