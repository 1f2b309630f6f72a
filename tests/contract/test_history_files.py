"""The history in files: what can befall a folder."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.servers import sql
from WardenServer.settings import config
from WardenServer.sinks.history import ask, care, files, parquet, sink, store, upkeep
from WardenServer.sinks.history.parts import DAY, RAW, day_of, part_of
from WardenServer.sinks.history.sink import History
from WardenServer.sinks.history.thinning import Keep

NOW = time.time()


class Kit:
    """A sink at work, and who reads what it wrote."""

    def __init__(self, settings: config.Settings) -> None:
        self.settings = settings
        self.folder = store.folder(settings)
        self.board, self.sink = Board(), History(settings)
        self.sink.gather = 0.0
        self.sink.open(self.board)
        self.sink.begin()
        self.reader = ask.History(settings)

    def put(self, value: Any, stamp: float = NOW) -> None:
        self.board.put(Result("a", "a", stamp, {"x": value}))

    def values(self, begin: float = NOW - 9 * DAY) -> list[Any]:
        try:
            return list(self.reader.range("a", "x", begin, NOW + 50).columns["value"])
        except WardenError:  # there is none yet
            return []

    def wait(self, values: list[Any]) -> None:
        wait_for(lambda: self.values() == values, what=f"for {values}; there is {self.values()}, {self.sink.problem}")

    def close(self) -> None:
        self.sink.close()
        assert self.sink.join(5)
        self.reader.close()

    @property
    def today(self) -> Path:
        return self.folder / f"raw-{time.strftime('%F', time.gmtime(NOW))}.db"


@pytest.fixture
def kit(settings: Callable[..., config.Settings]) -> Iterator[Kit]:
    made = Kit(settings())
    yield made
    made.close()


def test_a_damaged_day_costs_that_day(kit: Kit) -> None:
    for day in (3, 2, 1):
        kit.put(float(day), NOW - day * DAY)
        kit.wait([float(each) for each in range(3, day - 1, -1)])
    opened = store.open_store(store.url(kit.settings), "local")
    with closing(opened):
        list(upkeep.round_of(opened, Keep({}, 10**12), NOW + 9 * DAY))
        kit.reader.close()
        path = kit.folder / f"raw-{time.strftime('%F', time.gmtime(NOW - 2 * DAY))}.db"
        path.write_bytes(b"no database" * 1000)
        assert kit.values() == [3.0, 1.0]
        (gap,) = kit.reader.range("a", "x", NOW - 2 * DAY - 60, NOW - 2 * DAY).gaps
        assert path.name in gap.reason
        assert kit.reader.range("a", "x", NOW - 9 * DAY, NOW, 4).columns["n"].sum() == 3, "points have what it was"
        assert [known.field for known in kit.reader.known()] == ["x"]
        bad = [finding.part.name for finding in care.check(opened) if finding.trouble]
        assert bad == [path.stem]


def test_where_today_s_file_is_damaged_a_new_one_is_made(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    kit.put(1.0)
    kit.wait([1.0])
    kit.sink.release()
    kit.reader.close()
    for path in kit.folder.glob(f"{kit.today.name}*"):
        path.unlink()
    kit.today.write_bytes(b"SQLite format 3\0" + b"?" * 5000)
    kit.put(2.0, NOW + 1)
    kit.wait([2.0])
    assert [path.name for path in kit.folder.glob("*.broken-*")]
    assert "a new one is made" in caplog.text


def test_a_file_that_somebody_removes_is_made_again(kit: Kit) -> None:
    kit.put(1.0)
    kit.wait([1.0])
    for path in kit.folder.iterdir():
        path.unlink()
    kit.put(2.0, NOW + 1)
    kit.wait([2.0])


def test_a_file_that_somebody_has_locked_is_waited_for(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    kit.put(1.0)
    kit.wait([1.0])
    kit.sink.release()
    with closing(sqlite3.connect(kit.today, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        kit.put(2.0, NOW + 1)
        wait_for(lambda: kit.sink.problem is not None)
        assert "locked" in str(kit.sink.problem)
        other.execute("ROLLBACK")
    kit.wait([1.0, 2.0])
    wait_for(lambda: kit.sink.ok)
    assert kit.sink.lost == 0


def test_what_cannot_wait_any_longer_is_counted_and_a_gap(
    settings: Callable[..., config.Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit(settings())
    kit.sink._limit = 3000
    broken = monkeypatch.context()
    with broken as patch:
        patch.setattr(files.Files, "free", lambda self: (1, 100))
        kit.put(0.0, NOW - 30)
        wait_for(lambda: kit.sink.problem is not None)
        assert "only 0 MB of its disk are free" in str(kit.sink.problem)
        for second in range(20):
            kit.put(float(second), NOW - 20 + second)
        wait_for(lambda: kit.sink.lost > 10)
    wait_for(lambda: len(kit.values()) > 0)
    (gap,) = kit.reader.range("a", "x", NOW - 60, NOW).gaps
    assert gap.begin == NOW - 30
    assert f"{kit.sink.lost} results were lost" in gap.reason
    assert kit.sink.notes == [f"sink history has lost {kit.sink.lost} results since its start"]
    kit.close()


def test_a_store_that_hangs_is_said(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "SLOW", 0.1)
    hangs = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(files.Files, "free", lambda self: (hangs.wait(20), (90, 100))[1])
        kit.put(1.0)
        wait_for(lambda: kit.sink.notes)
        assert "to write what came" in kit.sink.notes[0]
        hangs.set()
        kit.wait([1.0])
    wait_for(lambda: not kit.sink.notes)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused_with_the_cure(kit: Kit, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(sql, "file_system", lambda path: kind)
    kit.put(1.0)
    wait_for(lambda: kit.sink.problem is not None)
    assert f"network file system ({kind})" in str(kit.sink.problem)
    assert "set history_url" in str(kit.sink.problem)


def test_the_kind_of_the_file_system_is_that_of_the_nearest_mount() -> None:
    assert sql.file_system(Path("/proc/self/x/y")) == "proc"


def test_a_file_of_a_newer_release_is_left_alone(kit: Kit) -> None:
    kit.put(1.0)
    kit.wait([1.0])
    kit.sink.release()
    with closing(sqlite3.connect(kit.today)) as database:
        database.execute("PRAGMA user_version = 99")
    kit.put(2.0, NOW + 1)
    wait_for(lambda: kit.sink.problem is not None)
    assert "newer release" in str(kit.sink.problem)
    with closing(sqlite3.connect(kit.today)) as database:
        database.execute("PRAGMA user_version = 1")
    kit.wait([1.0, 2.0])


def test_a_backup_is_whole_and_the_next_copies_what_has_changed(kit: Kit, tmp_path: Path) -> None:
    kit.put(1.0, NOW - DAY)
    kit.put(2.0)
    kit.wait([1.0, 2.0])
    target = tmp_path / "backup"
    with closing(store.open_store(store.url(kit.settings), "local")) as opened:
        assert len(list(care.backup(opened, target))) == 3
        kit.put(3.0, NOW + 1)
        kit.wait([1.0, 2.0, 3.0])
        assert [part.begin for part in care.backup(opened, target)] == [day_of(NOW)]
    copy = ask.History(config.load(environment={}, options={"history_url": f"sqlite:///{target}"}))
    with closing(copy):
        assert list(copy.range("a", "x", NOW - 2 * DAY, NOW + 9).columns["value"]) == [1.0, 2.0, 3.0]


def test_a_parquet_file_has_numbers_and_texts(kit: Kit, tmp_path: Path) -> None:
    from pyarrow.parquet import read_table

    for second, value in enumerate([1.5, 2, True, "on"]):
        kit.put(value, NOW + second)
    kit.wait([1.5, 2, True, "on"])
    target = tmp_path / "x.parquet"
    assert parquet.export(kit.reader, [("a", "x")], NOW - 60, NOW + 60, target) == 4
    table = read_table(target)
    assert table["number"].to_pylist() == [1.5, 2.0, 1.0, None]
    assert table["text"].to_pylist() == [None, None, None, "on"]
    stamps = [stamp.timestamp() for stamp in table["time"].to_pylist()]
    assert stamps == pytest.approx([NOW + second for second in range(4)], abs=1e-5)
    with pytest.raises(WardenError, match="no history"):
        parquet.export(kit.reader, [("a", "y")], NOW - 60, NOW + 60, target)
    assert not list(tmp_path.glob("*.part"))


def test_arrays_that_nobody_asked_for_do_not_fill_the_queue(kit: Kit) -> None:
    import numpy as np

    kit.sink._limit = 100_000
    kit.board.put(Result("a", "a", NOW, {"x": 1.0, "image": np.zeros((1000, 1000))}))
    kit.wait([1.0])
    assert kit.sink.lost == 0


def test_the_end_of_an_agent_is_a_gap(kit: Kit) -> None:
    kit.put(1.0)
    kit.wait([1.0])
    kit.board.remove("a")
    wait_for(lambda: bool(kit.reader.range("a", "x", NOW - 1, time.time() + 9).gaps))
    assert [gap.reason for gap in kit.reader.range("a", "x", NOW - 1, time.time() + 9).gaps] == ["the agent is gone"]


def test_a_missing_library_is_a_note_and_no_failure(
    settings: Callable[..., config.Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "LIBRARIES", ("no_such_library",))
    kit = Kit(settings())
    kit.put(1.0)
    assert "pip install wardenserver[history]" in kit.sink.notes[0]
    kit.close()
    assert kit.sink.ok
    assert not kit.folder.exists()


@pytest.mark.parametrize(
    ("url", "said"), [("nonsense", "no URL"), ("mysql://x/y", "mysql"), ("oracle://x", "write sqlite:///FOLDER")]
)
def test_what_is_no_url_of_a_history_is_said(url: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        store.open_store(url, "x")


def test_a_history_that_is_off_says_so(settings: Callable[..., config.Settings]) -> None:
    with closing(ask.History(settings(history=False))) as reader, pytest.raises(WardenError, match="history is off"):
        reader.known()


def test_a_folder_that_cannot_be_read_is_said(settings: Callable[..., config.Settings], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reader = ask.History(settings(history_url=f"sqlite:///{tmp_path / 'file'}"))
    with closing(reader), pytest.raises(Unreachable, match="cannot be read"):
        reader.known()


def test_a_reader_finds_no_file_before_its_tables(settings: Callable[..., config.Settings], monkeypatch: Any) -> None:
    folder = files.Files(store.folder(settings()))
    part, seen = part_of(RAW, day_of(NOW)), []
    made = files._make_tables

    def look_first(connection: Any, part: Any) -> None:
        seen.append(folder.parts())
        made(connection, part)

    monkeypatch.setattr(files, "_make_tables", look_first)
    with folder.write(part):
        pass
    folder.close()
    assert seen[0] == []
    assert folder.parts() == [part]
    assert [path.name for path in folder.folder.iterdir()] == [f"{part}.db"]
