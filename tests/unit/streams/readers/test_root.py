"""Entries of trees become arrays; files that are half written, replaced or none harm nothing else."""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import awkward
import numpy as np
import psutil
import pytest
import uproot

from WardenServer.errors import SettingError, WardenError
from WardenServer.streams.readers import make
from WardenServer.streams.readers.root import ROOT

from .reading import restarted

FLAT = {"n": np.int64, "e": np.float32}


@contextmanager
def opened(files: Any, position: Any = None, **settings: Any) -> Iterator[ROOT]:
    reader = ROOT(files, **{"tree": "events", **settings})
    reader.open(position)
    try:
        yield reader
    finally:
        reader.close()


def entries(begin: int, end: int) -> dict[str, Any]:
    return {"n": np.arange(begin, end), "e": np.arange(begin, end, dtype=np.float32) / 2}


def write(path: Path, begin: int, end: int, tree: str = "events") -> None:
    with uproot.recreate(path) as file:
        file.mktree(tree, FLAT).extend(entries(begin, end))


def numbers(reader: ROOT) -> list[int]:
    """The field `n` of all events that there are now."""
    found: list[int] = []
    while (batch := reader.read(0)) is not None:
        assert batch.is_array and len(batch) > 0 and batch.size > 0
        found += batch.array["n"].tolist()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.root"


def test_plain_numbers_are_numpy_records_in_steps(file: Path) -> None:
    write(file, 0, 25)
    with opened(str(file), step=10, follow=False) as reader:
        batches = [reader.read(0) for _ in range(3)]
        assert [len(batch) for batch in batches if batch] == [10, 10, 5]
        first = batches[0]
        assert first is not None and isinstance(first.array, np.recarray)
        assert first.array.dtype == np.dtype([("n", np.int64), ("e", np.float32)])
        assert first.events[3] == {"n": 3, "e": 1.5}
        assert not reader.ended and reader.read(0) is None and reader.ended


def test_lists_are_awkward_records(file: Path) -> None:
    with uproot.recreate(file) as writing:
        tree = writing.mktree("events", {"n": np.int64, "hits": "var * float64"})
        tree.extend({"n": np.arange(3), "hits": awkward.Array([[1.0, 2.0], [], [3.0]])})
    with opened(str(file)) as reader:
        batch = reader.read(0)
        assert batch is not None and isinstance(batch.array, awkward.Array)
        assert batch.events[0] == {"n": 0, "nhits": 2, "hits": [1.0, 2.0]}
    with opened(str(file), branches=["n"]) as reader:
        batch = reader.read(0)
        assert batch is not None and isinstance(batch.array, np.recarray) and batch.events[2] == {"n": 2}


def test_arrays_of_fixed_size_and_texts_are_awkward_records(file: Path) -> None:
    with uproot.recreate(file) as writing:
        tree = writing.mktree("events", {"n": np.int64, "three": np.dtype((np.float64, (3,)))})
        tree.extend({"n": np.arange(2), "three": np.ones((2, 3))})
        tree = writing.mktree("texts", {"text": str})
        tree.extend({"text": ["ä", "b"]})
    with opened(str(file)) as reader:
        batch = reader.read(0)
        assert batch is not None and batch.events[1] == {"n": 1, "three": [1.0, 1.0, 1.0]}
    with opened(str(file), tree="texts") as reader:
        batch = reader.read(0)
        assert batch is not None and batch.events == [{"text": "ä"}, {"text": "b"}]


def test_the_new_format_of_root(file: Path) -> None:
    with uproot.recreate(file) as writing:
        writing.mkrntuple("events", entries(0, 20))
    with opened(str(file), step=8, branches=["n"]) as reader:
        assert numbers(reader) == list(range(20))
        again = restarted(reader, ROOT(str(file), "events"))
        assert numbers(again) == []  # type: ignore[arg-type]
        again.close()


def test_several_files_in_order_and_in_folders_of_the_file(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        write(tmp_path / f"run{number}.root", 10 * number, 10 * number + 10, "deep/events")
    with opened(str(tmp_path / "run*.root"), tree="deep/events", follow=False) as reader:
        assert numbers(reader) == list(range(30))
        assert reader.ended


def test_a_file_that_is_still_written(file: Path) -> None:
    with uproot.recreate(file) as writing:
        tree = writing.mktree("events", FLAT)
        with opened(str(file), step=7) as reader:
            assert numbers(reader) == []
            for begin in range(0, 100, 10):
                tree.extend(entries(begin, begin + 10))
                assert numbers(reader) == list(range(begin, begin + 10))
            assert reader.notes == ()
            again = restarted(reader, ROOT(str(file), "events"))
            tree.extend(entries(100, 110))
            assert numbers(again) == list(range(100, 110))  # type: ignore[arg-type]
            again.close()


def test_it_goes_on_in_the_middle_of_a_file_after_a_restart(file: Path) -> None:
    write(file, 0, 100)
    with opened(str(file), step=30) as reader:
        first = reader.read(0)
        assert first is not None and len(first) == 30
        again = restarted(reader, ROOT(str(file), "events", step=13))
        assert numbers(again) == list(range(30, 100))  # type: ignore[arg-type]
        again.close()


def test_a_replaced_file_is_read_from_its_begin(file: Path) -> None:
    write(file, 0, 10)
    with opened(str(file)) as reader:
        assert numbers(reader) == list(range(10))
        write(file, 100, 120)
        assert numbers(reader) == list(range(100, 120))
        write(file, 5, 7)
        again = restarted(reader, ROOT(str(file), "events"))
        assert numbers(again) == [5, 6]  # type: ignore[arg-type]
        again.close()


def test_fewer_entries_in_the_same_file(file: Path) -> None:
    write(file, 0, 10)
    with uproot.open(file) as reading:
        uuid = str(reading.file.uuid)
    with opened(str(file), {"files": {str(file): [uuid, 11]}}) as reader:
        assert numbers(reader) == list(range(10))
    with opened(str(file), {"files": {str(file): [uuid, 9]}}) as reader:
        assert numbers(reader) == [9]


def test_what_cannot_be_read_is_a_note_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path / "good1.root", 0, 5)
    write(tmp_path / "good2.root", 5, 10)
    write(tmp_path / "another.root", 0, 5, "calibration")
    with uproot.recreate(tmp_path / "branchless.root") as file:
        file.mktree("events", {"x": np.float64}).extend({"x": [1.0]})
    with uproot.recreate(tmp_path / "empty.root"):
        pass
    (tmp_path / "nothing.root").write_bytes(b"")
    (tmp_path / "text.root").write_text("no ROOT file")
    whole = (tmp_path / "good1.root").read_bytes()
    (tmp_path / "half.root").write_bytes(whole[:500])
    (tmp_path / "magic.root").write_bytes(b"root" + b"\xff" * 1000)
    with opened([str(tmp_path / "*.root"), str(tmp_path / "missing.root")], branches=["n"]) as reader:
        assert numbers(reader) == list(range(10))
        notes = {
            Path(note.split(" of file ")[-1].removeprefix("file ").split(" ")[0]).stem: note for note in reader.notes
        }
        assert list(notes) == ["missing", "another", "branchless", "empty", "half", "magic", "nothing", "text"]
        assert 'has no tree "events", it has calibration; correct `tree`' in notes["another"]
        assert 'has no branch "n", it has x; correct `branches`' in notes["branchless"]
        assert 'has no tree "events", it has no tree yet' in notes["empty"]
        assert "is no ROOT file" in notes["text"] and "is no ROOT file" in notes["nothing"]
        assert "is tried again when it changes" in notes["half"] and "is tried again" in notes["magic"]
        for name in ("another", "empty", "nothing", "half", "missing"):
            write(tmp_path / f"{name}.root", 0, 1)
        (tmp_path / "text.root").unlink()
        assert numbers(reader) == [0] * 5
        assert len(reader.notes) == 2


def test_a_file_cut_at_any_byte_never_ends_the_reader(file: Path, tmp_path: Path) -> None:
    write(tmp_path / "whole", 0, 50)
    whole = (tmp_path / "whole").read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 150)):
        file.write_bytes(whole[:size])
        with opened(str(file)) as reader:
            assert numbers(reader) in ([], list(range(50)))
            file.write_bytes(whole)
            numbers(reader)
            assert reader.position()["files"][str(file)][1] == 50


def test_a_file_with_any_byte_changed_never_ends_the_reader(file: Path, tmp_path: Path) -> None:
    write(tmp_path / "whole", 0, 50)
    whole = (tmp_path / "whole").read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with opened(str(file)) as reader:
            reader.read(0)


def test_a_file_without_entries(file: Path) -> None:
    write(file, 0, 0)
    with opened(str(file), follow=False) as reader:
        assert reader.read(0) is None and reader.ended and reader.notes == ()


def test_nothing_is_left_open(file: Path) -> None:
    write(file, 0, 100)
    before, threads = psutil.Process().num_fds(), threading.active_count()
    with opened(str(file), step=10) as reader:
        reader.read(0)
        assert threading.active_count() == threads
        reader.close()
        reader.close()
        assert psutil.Process().num_fds() == before
        reader.open(reader.position())
        assert numbers(reader) == list(range(10, 100))
        assert psutil.Process().num_fds() == before


def test_a_file_that_is_truncated_while_it_is_read(file: Path, tmp_path: Path) -> None:
    with uproot.recreate(file) as writing:
        tree = writing.mktree("events", FLAT)
        for begin in range(0, 100_000, 10_000):
            tree.extend(entries(begin, begin + 10_000))
    shutil.copy(file, tmp_path / "whole")
    with opened(str(file), step=10_000) as reader:
        first = reader.read(0)
        assert first is not None
        with file.open("r+b") as cutting:
            cutting.truncate(1000)
        found = first.array["n"].tolist() + numbers(reader)
        assert found == list(range(len(found))) and reader.notes
        shutil.copy(tmp_path / "whole", file)
        assert found + numbers(reader) == list(range(100_000))
        assert reader.notes == ()


@pytest.mark.parametrize(
    "position",
    [5, "x", [], {}, {"files": 5}, {"files": {"a": 5}}, {"files": {"a": [1, 2, 3]}}, {"files": {"a": ["", -1]}}],
)
def test_a_damaged_position_means_to_begin_anew(file: Path, position: Any) -> None:
    write(file, 0, 5)
    with opened(str(file), position) as reader:
        assert numbers(reader) == [0, 1, 2, 3, 4]
        assert reader.notes == ("the position that was kept is damaged: all files are read anew",)


def test_without_uproot_the_cure_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uproot", None)
    reader = ROOT(str(file), "events")
    with pytest.raises(WardenError, match=r"pip install 'wardenserver\[uproot\]'"):
        reader.open(None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs the setting tree"),
        ({"tree": ""}, "tree is ''; write its name"),
        ({"tree": "t", "branches": "n"}, "branches is 'n'; write a list of names"),
        ({"tree": "t", "branches": []}, "branches is []"),
        ({"tree": "t", "step": 0}, "step is 0; write a number of entries"),
        ({"tree": "t", "step": "100 MB"}, "step is '100 MB'"),
        ({"tree": "t", "largest": 5}, 'has no setting "largest"'),
    ],
)
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as raised:
        make("daq", "root", {"files": "x.root", **settings})
    assert said in str(raised.value)


def test_files_can_be_changed_while_it_reads(tmp_path: Path) -> None:
    write(tmp_path / "one.root", 0, 3)
    write(tmp_path / "two.root", 3, 6)
    with opened(str(tmp_path / "one.root"), step=2) as reader:
        assert reader.read(0) is not None
        both = [str(tmp_path / "one.root"), str(tmp_path / "two.root")]
        assert reader.change({"files": both, "tree": "events", "step": 2})
        assert numbers(reader) == [2, 3, 4, 5]
        assert not reader.change({"files": both, "tree": "events", "step": 3})
