"""Several hubs, and several programs, use one store."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.contract.runs.conftest import Take, count
from WardenServer.plugins.common.runs import recording
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Run, Side, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store


def test_hubs_do_not_see_each_other(store: Store, own: Own, take: Take) -> None:
    recording.begin(store, "hub", 1, 1e9, "me")
    recording.begin(store, "other", 1, 2e9, "you")
    take(1, {("p", "q"): 1})
    take(1, {("p", "q"): 2, ("r", "s"): 2}, hub="other")
    assert [taken.value for taken in own.values(Side(1))] == [1]
    assert own.parameters("", 9) == [("p", "q")]
    assert own.partitions([1]) == ["p"]
    assert [point.value for point in own.past("p", "q", 9)] == [1]
    assert [taken.value for taken in Own(store, "other").values(Side(1), ["p"])] == [2]
    assert recording.newest(store, "other") == Run(1, 2e9, None, True, ("p", "r"), "you")


def test_several_write_at_once(url: str, store: Store, own: Own) -> None:
    together = threading.Barrier(4)

    def write(hub: str) -> None:
        with closing(Store(url)) as mine:
            together.wait(10)
            for run in range(1, 6):
                values = [Taken("p", f"q{number}", f"{number}" * 200) for number in range(run * 20)]
                recording.add(mine, hub, Snapshot(run, Phase.START, 1e9 + run, values))

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(write, hub) for hub in ("hub", "hub", "other", "other")]:
            each.result(60)
    assert count(store) == [10, 200, 2 * (20 + 40 + 60 + 80 + 100), 100]
    assert len(own.values(Side(5))) == 100
