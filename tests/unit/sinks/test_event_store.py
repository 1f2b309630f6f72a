"""The file with all events."""

import stat
from pathlib import Path

import pytest

from WardenServer.errors import Unreachable
from WardenServer.results.event import Event, Severity
from WardenServer.sinks.events import store
from WardenServer.sinks.events.store import AGE, Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "local-events.db"


def made(number: int, severity: Severity = Severity.INFO, agent: str = "ring") -> Event:
    return Event(f"id {number}", float(number), agent, severity, f"text {number}")


def ids(path: Path, number: int = 100, **only: object) -> list[str]:
    return [event.id for event in store.read(path, number, **only)]  # type: ignore[arg-type]


def test_what_is_kept_is_read_the_newest_last(path: Path) -> None:
    assert store.read(path, 10) == []
    kept = Store(path)
    events = [made(3), made(1, Severity.ALARM), made(2, agent="dark")]
    kept.add(events)
    assert store.read(path, 10) == sorted(events, key=lambda event: event.timestamp)
    assert ids(path, 2) == ["id 2", "id 3"]
    assert ids(path, since=2.0) == ["id 2", "id 3"]
    assert ids(path, severities=["alarm", "warning"]) == ["id 1"]
    assert ids(path, agent="dark") == ["id 2"]
    assert ids(path, until=2.0) == ["id 1", "id 2"]
    assert ids(path, text="TEXT 3") == ["id 3"]
    kept.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_id_is_kept_once_as_it_was_first(path: Path) -> None:
    kept = Store(path)
    kept.add([made(1)])
    kept.add([Event("id 1", 9.0, "other", Severity.ALARM, "again"), made(2)])
    assert store.read(path, 10) == [made(1), made(2)]
    kept.close()


def test_what_is_too_old_goes(path: Path) -> None:
    kept = Store(path)
    kept.add([made(1), made(1000)])
    kept.trim(AGE + 500)
    assert ids(path) == ["id 1000"]
    kept.close()


def test_a_full_file_loses_the_oldest(path: Path) -> None:
    kept = Store(path, size=100_000)
    kept.add([Event(f"id {number:04}", float(number), "a", Severity.INFO, "x" * 1000) for number in range(200)])
    for _ in range(20):
        kept.trim(1000.0)
    left = ids(path, 1000)
    assert 30 < len(left) < 110
    assert left[-1] == "id 0199"
    kept.close()


def test_a_damaged_file_is_put_aside_and_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" + b"garbage" * 1000)
    kept = Store(path)
    kept.add([made(1)])
    assert "is no usable file of events" in kept.notice
    assert ids(path) == ["id 1"]
    assert len(list(path.parent.glob("*.broken-*"))) == 1
    kept.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(Unreachable, match="cannot be written"):
        Store(tmp_path / "state" / "local-events.db")


def test_a_file_that_cannot_be_read_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(Unreachable, match="cannot be read"):
        store.read(path, 10)


def test_a_line_for_people_is_one_line() -> None:
    line = store.as_line(Event("x", 0.0, "ring", Severity.WARNING, "beam\nlost"))
    assert line.endswith("warning  ring: beam lost")
    assert line.startswith("19")
