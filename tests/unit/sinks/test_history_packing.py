"""Packing while the hub writes: neither waits for the other, and nothing is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from WardenServer.sinks.history import form, fresh, packing, reading, tables
from WardenServer.sinks.history.files import Files
from WardenServer.sinks.history.parts import DAY, RAW, Part, part_of
from WardenServer.sinks.history.samples import MICRO, Sample, Source

PART: Part = part_of(RAW, 20_000)
BEGIN = 20_000 * DAY
SOURCE = Source("agent", "key", ("field",))


@pytest.fixture
def packer(tmp_path: Path) -> Iterator[Files]:
    store = Files(tmp_path / "history")
    yield store
    store.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Files]:
    store = Files(tmp_path / "history")
    yield store
    store.close()


def write(store: Files, *seconds: int) -> None:
    """What the hub writes after its writer was made anew; each value is its own second."""
    with store.write(PART) as connection:
        found = [Sample(SOURCE, (BEGIN + second) * MICRO, (float(second),)) for second in seconds]
        fresh.Writer(connection, PART.begin).write(store, connection, found)


def values(store: Files) -> list[float]:
    with store.read(PART) as connection:
        first = BEGIN * MICRO
        return list(reading.join(reading.of_series(connection, 1, first, first + DAY * MICRO - 1)).values)


def waiting(store: Files) -> int:
    with store.read(PART) as connection:
        return len(connection.execute(tables.fresh.select()).all())


def before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, action: Callable[[], None]) -> None:
    """Do something before each call of a function."""
    called = getattr(module, name)

    def calling(*arguments: Any) -> Any:
        action()
        return called(*arguments)

    monkeypatch.setattr(module, name, calling)


def test_the_hub_writes_while_the_upkeep_computes_and_that_is_for_the_next_time(
    packer: Files, hub: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(hub, 1, 2)
    new = iter(range(3, 100))
    with monkeypatch.context() as patch:
        before(patch, form, "pack", lambda: write(hub, next(new)))  # fails where the file is locked meanwhile
        packing.pack(packer, PART)
    assert (values(packer), waiting(packer)) == ([1, 2, 3], 1)
    packing.pack(packer, PART)
    assert (values(packer), waiting(packer)) == ([1, 2, 3], 0)


def test_what_is_written_with_old_numbers_once_all_is_packed_stays(
    packer: Files, hub: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(hub, 1, 2)
    before(monkeypatch, packing, "_grown", lambda: write(hub, 3) if not waiting(hub) else None)
    packing.pack(packer, PART)
    assert values(packer) == [1, 2, 3]


def test_many_rows_are_packed_and_deleted_in_several_goes(packer: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_ROWS", 3)
    monkeypatch.setattr(packing, "MOST_DELETED", 2)
    for second in range(8):
        write(packer, second)
    packing.pack(packer, PART)
    assert (values(packer), waiting(packer)) == ([*range(8)], 0)


def test_small_blocks_become_one(packer: Files) -> None:
    for second in range(packing.SMALL):
        write(packer, second)
        packing.pack(packer, PART)
    with packer.read(PART) as connection:
        counts = [row.count for row in connection.execute(tables.times.select())]
    assert (values(packer), counts) == ([*range(packing.SMALL)], [packing.SMALL])
