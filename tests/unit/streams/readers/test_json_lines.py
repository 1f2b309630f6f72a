"""JSON lines become events; what is none is counted, and harms nothing else."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from WardenServer.errors import SettingError
from WardenServer.streams.batch import MOST
from WardenServer.streams.readers import file_reader, followed_files, make
from WardenServer.streams.readers.json_lines import JSONLines

from .reading import drain, drain_until, restarted


@contextmanager
def opened(files: Any, position: Any = None, **settings: Any) -> Iterator[JSONLines]:
    reader = JSONLines(files, **settings)
    reader.open(position)
    try:
        yield reader
    finally:
        reader.close()


def lines(*events: Any) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def test_each_line_is_an_event_and_a_list_is_several(file: Path) -> None:
    file.write_text(lines({"n": 1}, [{"n": 2}, {"n": 3}], "text", 4, None))
    with opened(str(file), follow=False) as reader:
        assert not reader.endless and not reader.ended
        assert drain(reader) == [{"n": 1}, {"n": 2}, {"n": 3}, "text", 4, None]
        assert reader.ended and reader.read(0) is None


def test_what_is_appended_is_read_and_a_half_line_waits(file: Path) -> None:
    file.write_text(lines({"n": 1}))
    with opened(str(file)) as reader:
        assert reader.endless
        assert drain(reader) == [{"n": 1}]
        append(file, '{"n": ')
        assert drain(reader) == []
        append(file, '2}\n{"n": 3}')
        assert drain(reader) == [{"n": 2}]
        append(file, "\n")
        assert drain(reader) == [{"n": 3}]
        assert not reader.ended


def test_without_following_the_last_line_needs_no_end(file: Path) -> None:
    file.write_text('{"n": 1}\n{"n": 2}')
    with opened(str(file), follow=False) as reader:
        assert drain(reader) == [{"n": 1}, {"n": 2}]
        again = restarted(reader, JSONLines(str(file), follow=False))
        assert drain(again) == []
        again.close()


def test_invalid_lines_are_counted_and_the_others_go_on(file: Path) -> None:
    garbage = [b"{", b"\xff\xfe{}", b'{"a": "\xe4"}', b"[" * 100_000, b"\x00\x01", b"9" * 5000]
    file.write_bytes(b"\xef\xbb\xbf" + b'{"n": "\xc3\xa4"}\r\n\n  \r\n' + b"\n".join(garbage) + b'\n{"n": 2}\n')
    undecodable: list[int] = []
    with opened(str(file)) as reader:
        assert drain(reader, undecodable) == [{"n": "ä"}, {"n": 2}]
    assert sum(undecodable) == len(garbage)


def test_a_line_too_large_is_passed_over_and_counted_once(file: Path) -> None:
    with file.open("wb") as writing:
        writing.write(b'{"n": 1}\n"')
        for _ in range(100):
            writing.write(b"x" * 1_000_000)
    undecodable: list[int] = []
    before = psutil.Process().memory_info().rss
    with opened(str(file), largest="1 MB") as reader:
        assert drain(reader, undecodable) == [{"n": 1}]
        assert psutil.Process().memory_info().rss - before < 30e6
        again = restarted(reader, JSONLines(str(file), largest="1 MB"))
        append(file, 'xx\n{"n": 2}\n')
        assert drain(again, undecodable) == [{"n": 2}]
        again.close()
    assert sum(undecodable) == 1


def test_a_line_that_is_just_small_enough(file: Path) -> None:
    file.write_text(lines("x" * 98, "x" * 99))
    undecodable: list[int] = []
    with opened(str(file), largest=100) as reader:
        assert drain(reader, undecodable) == ["x" * 98]
    assert sum(undecodable) == 1


def test_batches_are_limited(file: Path) -> None:
    file.write_text(lines(*range(3 * MOST + 1)))
    with opened(str(file)) as reader:
        batches = [reader.read(0) for _ in range(4)]
        assert [len(batch) for batch in batches if batch] == [MOST, MOST, MOST, 1]
        assert [event for batch in batches if batch for event in batch.events] == list(range(3 * MOST + 1))


def test_several_files_in_order_of_their_names(tmp_path: Path) -> None:
    for name in ("run2", "run1", "other", "run3"):
        (tmp_path / f"{name}.jsonl").write_text(lines(name))
    with opened([str(tmp_path / "run*.jsonl"), str(tmp_path / "other.jsonl")], follow=False) as reader:
        assert drain(reader) == ["other", "run1", "run2", "run3"]


def test_files_that_appear_later_are_taken_up(tmp_path: Path) -> None:
    with opened(str(tmp_path / "**" / "*.jsonl")) as reader:
        assert drain(reader) == []
        assert "no file fits" in reader.notes[0] and "**" in reader.notes[0]
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "a.jsonl").write_text(lines(1))
        assert drain_until(reader, 1) == [1]
        assert reader.notes == ()


def test_a_missing_file_is_a_note_until_it_is_there(file: Path) -> None:
    with opened(str(file)) as reader:
        assert drain(reader) == []
        assert reader.notes == (f"file {file} is not there yet; correct `files` if that does not change",)
        file.write_text(lines(1))
        assert drain(reader) == [1]
        assert reader.notes == ()


def test_without_following_a_missing_file_is_the_end(file: Path) -> None:
    with opened(str(file), follow=False) as reader:
        assert reader.read(10) is None
        assert reader.ended and str(file) in reader.notes[0]


def test_what_is_no_file_is_a_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "good").write_text(lines(1))
    (tmp_path / "loop").symlink_to("loop")
    with opened([str(tmp_path), str(tmp_path / "pipe"), str(tmp_path / "good"), str(tmp_path / "loop")]) as reader:
        assert drain(reader) == [1]
        assert len(reader.notes) == 3


def test_many_notes_are_cut_short(tmp_path: Path) -> None:
    with opened([str(tmp_path / f"{number:02}") for number in range(30)]) as reader:
        drain(reader)
        assert len(reader.notes) == 11 and reader.notes[-1] == "20 more files have a problem"


def test_a_file_that_cannot_be_read_is_a_note_and_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(lines(1))

    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    with opened(str(file)) as reader:
        with monkeypatch.context() as broken:
            broken.setattr(os, "pread", refuse)
            assert drain(reader) == []
            assert reader.notes == (
                f"file {file} cannot be read (Permission denied); correct `files` if that does not change",
            )
            assert not reader._look(time.monotonic())  # or it would be looked at without a pause
        assert drain(reader) == [1]


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    with opened(path) as reader:
        assert drain(reader) == []
        assert "\\udcff" in reader.notes[0] and reader.notes[0].encode()
        Path(path).write_text(lines(1))
        assert drain(reader) == [1]
        again = restarted(reader, JSONLines(path))
        assert drain(again) == []
        again.close()


def test_begin_at_the_end(file: Path, tmp_path: Path) -> None:
    file.write_text(lines(1, 2) + '{"half": ')
    later = tmp_path / "later.jsonl"
    undecodable: list[int] = []
    with opened([str(file), str(later)], begin="end") as reader:
        assert reader.position() is None
        assert drain(reader) == []
        append(file, "1}\n" + lines(3))
        later.write_text(lines(4))
        assert drain(reader, undecodable) == [3, 4]
        again = restarted(reader, JSONLines([str(file), str(later)], begin="end"))
        append(file, lines(5))
        assert drain(again, undecodable) == [5]
        again.close()
    assert sum(undecodable) == 0


def test_a_large_file_is_read_from_the_end_without_reading_it(file: Path) -> None:
    with file.open("wb") as writing:
        writing.truncate(10**12)
        writing.seek(0, 2)
        writing.write(b"\n")
    with opened(str(file), begin="end") as reader:
        assert drain(reader) == []
        append(file, lines(1))
        assert drain(reader) == [1]


def test_thousands_of_files_need_few_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_files, "OPEN", 5)
    for number in range(50):
        (tmp_path / f"{number:02}").write_text(lines(number))
    before = psutil.Process().num_fds()
    with opened(str(tmp_path / "*")) as reader:
        assert drain(reader) == list(range(50))
        assert psutil.Process().num_fds() - before <= 5
        append(tmp_path / "00", lines("more"))
        append(tmp_path / "49", lines("more"))
        assert sorted(drain_until(reader, 2)) == ["more", "more"]
        again = restarted(reader, JSONLines(str(tmp_path / "*")))
        assert drain(again) == []
        again.close()
    assert psutil.Process().num_fds() == before


def test_a_fast_file_does_not_hold_up_the_others(tmp_path: Path) -> None:
    fast, slow = tmp_path / "a", tmp_path / "b"
    fast.write_text(lines(*[0] * MOST))
    slow.write_text(lines(1))
    seen = []
    with opened([str(fast), str(slow)]) as reader:
        for _ in range(4):
            batch = reader.read(0)
            assert batch is not None
            seen += batch.events
            append(fast, lines(*[0] * MOST))
    assert 1 in seen


def test_waiting_costs_next_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_reader, "PAUSE", 0.25)
    monkeypatch.setattr(file_reader.FileReader, "shortest", 0.01)
    calls = []
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **how: calls.append(path) or stat(path, **how))
    for number in range(3):
        (tmp_path / f"{number}").write_text("")
    with opened([str(tmp_path / f"{number}") for number in range(3)]) as reader:
        for _ in range(6):
            assert reader.read(0.1) is None
    assert len(calls) <= 3 * 17  # at 0, 10, 30, 70 ... ms, then each 250 ms; a busy loop makes thousands


def test_it_returns_in_time(file: Path) -> None:
    with opened(str(file)) as reader:
        began = time.monotonic()
        assert reader.read(0.05) is None
        assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"files": 5}, "files is 5; write a path"),
        ({"files": []}, "files is []; write a path"),
        ({"files": ["a", ""]}, "files is"),
        ({"files": "a\0b"}, "files is"),
        ({"files": "a", "follow": "perhaps"}, "follow is 'perhaps'; write true or false"),
        ({"files": "a", "largest": 0}, "largest is 0; write a size"),
        ({"files": "a", "begin": "middle"}, 'begin is \'middle\'; write "start" or "end"'),
        ({}, "needs the setting files"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=r"\[streams.daq\]") as raised:
        make("daq", "json_lines", settings)
    assert said in str(raised.value)


def test_files_can_be_changed_while_it_reads(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(lines(1))
    two.write_text(lines(2))
    with opened(str(one)) as reader:
        assert drain(reader) == [1]
        assert reader.change({"files": [str(one), str(two)]})
        assert drain(reader) == [2]
        assert not reader.change({"files": str(one), "begin": "end"})
        assert not reader.change({"files": 5})
        assert not reader.change({"fils": str(one)})
