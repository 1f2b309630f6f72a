"""The store makes its tables, refuses those of a newer release, and says in one sentence what is wrong."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import select, update

from tests.contract.runs.conftest import Take
from tests.system.relay import Relay
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.runs import acknowledging, differences, golden, progress, recording
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Side, Snapshot
from WardenServer.plugins.common.runs.store import Store, fill
from WardenServer.plugins.common.runs.tables import VERSION, run_values, runs_schema

#: Whatever uses the store.
USES: dict[str, Callable[[Store], object]] = {
    "begin": lambda store: recording.begin(store, "hub", 1, 1e9, "me"),
    "add": lambda store: recording.add(store, "hub", Snapshot(1, Phase.START, 1e9)),
    "end": lambda store: recording.end(store, "hub", 1, 1e9),
    "the newest of all": lambda store: recording.newest(store, "hub"),
    "newest": lambda store: Own(store, "hub").newest(1),
    "after": lambda store: Own(store, "hub").after(1, 1),
    "run": lambda store: Own(store, "hub").run(1),
    "partitions": lambda store: Own(store, "hub").partitions([1]),
    "pairs": lambda store: Own(store, "hub").pairs(Side(1), Side(2)),
    "values": lambda store: Own(store, "hub").values(Side(1)),
    "parameters": lambda store: Own(store, "hub").parameters("", 1),
    "past": lambda store: Own(store, "hub").past("", "", 1),
    "progress": lambda store: progress.read(store, "hub"),
    "differences": lambda store: differences.newest(store, "hub", 1),
    "untold": lambda store: differences.untold(store, "hub"),
    "mark": lambda store: differences.mark_told(store, "hub", [1]),
    "golden": lambda store: golden.golden(store, "hub"),
    "declare": lambda store: golden.declare(store, "hub", 1),
    "acknowledge": lambda store: acknowledging.acknowledge(store, "hub", Acknowledgement("", "", 1, "", "", 1e9)),
    "acknowledged": lambda store: acknowledging.between(store, "hub", 1, 2),
    "acknowledgements": lambda store: acknowledging.of(store, "hub", "", ""),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_an_empty_store_is_no_trouble(store: Store, use: Callable[[Store], object]) -> None:
    use(store)


def test_its_own_is_left_as_it_is(url: str, store: Store, own: Own, take: Take) -> None:
    take(1, {("p", "q"): 1})
    before = own.values(Side(1))
    with closing(Store(url)) as later:
        assert Own(later, "hub").values(Side(1)) == before != []


def test_what_is_newer_is_refused(url: str, store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(runs_schema).values(version=VERSION + 1))
    with closing(Store(url)) as later, pytest.raises(Unreachable, match="was written by a newer release"):
        recording.newest(later, "hub")


def test_two_open_it_at_once(url: str) -> None:
    together = threading.Barrier(4)

    def use(number: int) -> None:
        with closing(Store(url)) as mine:
            together.wait(10)
            recording.begin(mine, "hub", number, 1e9, "me")

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(use, number) for number in range(1, 5)]:
            each.result(30)
    with closing(Store(url)) as mine, mine.reading() as connection:
        assert connection.scalars(select(runs_schema.c.version)).all() == [VERSION]
        assert [run.number for run in Own(mine, "hub").newest(9)] == [4, 3, 2, 1]


def test_many_rows_are_written_or_none(store: Store) -> None:
    rows = [(1, number, "1", None, None, None) for number in (1, 2, 1)]
    with pytest.raises(Unreachable, match=r"the runs' database .* cannot be used .*runs_url"), store.writing() as now:
        fill(now, list(run_values.c), rows)
    with store.writing() as connection:
        assert connection.execute(select(run_values)).all() == []
        fill(connection, list(run_values.c), rows[:2])
    with store.reading() as connection:
        assert connection.execute(select(run_values)).all() == rows[:2]


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_away(use: Callable[[Store], object]) -> None:
    url = "postgresql://warden:secret@127.0.0.1:1/runs"
    with closing(Store(url)) as away, pytest.raises(Unreachable, match=r"correct runs_url$") as told:
        use(away)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_away_and_back(url: str) -> None:
    relay = Relay(int(url.rpartition(":")[2].partition("/")[0]))
    try:
        made = f"postgresql://warden@127.0.0.1:{relay.port}/{url.rpartition('/')[2]}"
        with closing(Store(made)) as remote:
            recording.begin(remote, "hub", 1, 1e9, "me")
            relay.close()
            for _ in range(2):
                with pytest.raises(Unreachable, match=r"PostgreSQL at 127\.0\.0\.1 cannot be used"):
                    recording.begin(remote, "hub", 2, 1e9, "me")
            relay.open()
            recording.begin(remote, "hub", 2, 1e9, "me")
            assert [run.number for run in Own(remote, "hub").newest(9)] == [2, 1]
    finally:
        relay.end()


@pytest.mark.parametrize("url", ["", "runs.db", "mysql://u:secret@h/d", "sqlite://"])
def test_urls_that_mean_nothing(url: str) -> None:
    with pytest.raises(SettingError, match=r"runs_url .*sqlite:////FOLDER/runs.db") as told:
        Store(url)
    assert "secret" not in str(told.value)
