"""The file with addresses: a line for each run with changes, once, at most a hundred."""

import ast
import html
from pathlib import Path

import pytest

from WardenServer.plugins.common.runs import url_log
from WardenServer.plugins.common.runs.differences import Difference


def difference(old: int, new: int, *partitions: str) -> Difference:
    return Difference(partitions or ("HF",), old, new, 0.0, 1, "text")


def many(*news: int) -> list[Difference]:
    """As the store gives them."""
    return [difference(new - 1, new) for new in sorted(news, reverse=True)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "BotUrlLog.html"


def test_a_line_has_the_address_of_each_group_as_the_original_wrote_it():
    newest = [difference(3, 9, "HO"), difference(1, 9, "HF", "HBHE"), difference(1, 2)]
    lines = url_log.lines(newest, "http://warden")
    assert lines == [
        "['http://warden/#/diff?old=1&amp;new=2&amp;partition=HF']<br>",
        "['http://warden/#/diff?old=1&amp;new=9&amp;partition=HF&amp;partition=HBHE', "
        "'http://warden/#/diff?old=3&amp;new=9&amp;partition=HO']<br>",
    ]


def test_no_name_of_a_partition_breaks_a_line():
    [line] = url_log.lines([difference(1, 2, "it's", '"<b>"', "a\nb", "ü\\")], "http://o'hara/<x>")
    [address] = ast.literal_eval(line.removesuffix("<br>"))
    assert "\n" not in line and "<" not in address and '"' not in address
    assert html.unescape(address).startswith("http://o'hara/<x>/#/diff?old=1&new=2&partition=it%27s&partition=%22%3Cb")


def test_lines_are_added_once_and_the_oldest_go(path: Path):
    url_log.add(path, url_log.lines(many(2, 3), ""))
    before = path.stat().st_mtime_ns, path.read_text()
    url_log.add(path, url_log.lines(many(2, 3), ""))
    assert (path.stat().st_mtime_ns, path.read_text()) == before
    url_log.add(path, url_log.lines(many(*range(2, 150)), ""))
    lines = path.read_text().splitlines()
    assert len(lines) == 100 and "new=50&" in lines[0] and "new=149&" in lines[-1]


def test_another_link_makes_no_line_new(path: Path):
    url_log.add(path, url_log.lines(many(2), "http://old"))
    url_log.add(path, url_log.lines(many(2, 3), "http://new"))
    assert [line.partition("/#")[0] for line in path.read_text().splitlines()] == ["['http://old", "['http://new"]


def test_lines_of_others_stay_as_long_as_there_is_room(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"['http://cms/truncated_Diff.py?runnumber1=1&amp;runnumber2=2']<br>\n\xff\xfe\n\n")
    url_log.add(path, url_log.lines(many(2), ""))
    assert [line[:12] for line in path.read_text().splitlines()] == ["['http://cms", "\ufffd\ufffd", "['#/diff?old"]


def test_of_a_huge_file_only_the_end_is_read(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(url_log, "LARGEST", 20)
    path.parent.mkdir()
    path.write_text("x" * 1000 + "\nlast\n")
    url_log.add(path, url_log.lines(many(2), ""))
    assert path.read_text().splitlines()[0] == "x" * 14 and len(path.read_text().splitlines()) == 3


def test_the_oldest_run_is_left_out_where_more_of_it_may_be_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(url_log, "DIFFERENCES", 3)
    assert len(url_log.lines(many(2, 3), "")) == 2
    assert len(url_log.lines(many(2, 3, 4), "")) == 2
    assert len(url_log.lines([difference(1, 9), difference(2, 9), difference(3, 9)], "")) == 1


def test_what_cannot_be_written_stays_as_it_was(path: Path):
    path.mkdir(parents=True)
    with pytest.raises(OSError):
        url_log.add(path, url_log.lines(many(2), ""))
    assert path.is_dir() and list(path.parent.iterdir()) == [path]
