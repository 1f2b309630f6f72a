"""The thread that measures: when it begins a round, and that it ends."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.unit.plugins.ping.probe.fake_method import Fake, hang, ping_of, stand_in
from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common.ping.probe import loop as module
from WardenServer.plugins.common.ping.probe.beside import beside
from WardenServer.plugins.common.ping.probe.board import Board
from WardenServer.plugins.common.ping.probe.loop import Loop, News, open_loop

LOG = logging.getLogger("test")


class Clock:
    """A wall clock that is set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Turns:
    """Rounds that take as long as the test wants."""

    longest = 1.0

    def __init__(self) -> None:
        self.begun = 0
        self.is_closed = False
        self.hold = False
        self.error: Exception | None = None

    async def run(self) -> None:
        self.begun += 1
        while self.hold:
            await asyncio.sleep(0.001)

    def stop(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


class Stage:
    def __init__(self, folder: Path, last: float | None, **more: object) -> None:
        self.clock, self.turns, self.remembered = Clock(), Turns(), list[float]()
        self.board = Board(lambda is_end: None)
        ping = ping_of(folder, "192.0.2.1", **more)
        self.loop = Loop(ping, self.turns, self.board, last, self.remembered.append, LOG, self.clock)  # type: ignore[arg-type]

    def wait(self, begun: int) -> None:
        wait_for(lambda: self.turns.begun == begun, 5, f"for {begun} rounds; {self.turns.begun}")


MakeStage = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStage]:
    monkeypatch.setattr(module, "LOOK", 0.01)
    with ExitStack() as stack:

        def make(last: float | None = None, hold: bool = False, **more: object) -> Stage:
            made = Stage(tmp_path, last, **more)
            made.turns.hold = hold
            made.loop.start()
            stack.callback(made.loop.close)
            return made

        yield make


def test_a_slot_has_its_round_at_once_and_the_next_one_its_own(stage: MakeStage) -> None:
    made = stage(phase=60.0)
    made.wait(1)
    begin = made.clock.now // 1800 * 1800
    wait_for(lambda: made.board.state.next == begin + 1860)
    made.clock.now = begin + 1859
    made.clock.now = begin + 1861
    made.wait(2)
    assert made.remembered == [begin, begin + 1800]


def test_after_a_restart_a_slot_that_had_its_round_has_no_other(stage: MakeStage) -> None:
    made = stage(last=1_700_000_000 // 1800 * 1800.0)
    wait_for(lambda: made.board.state.next is not None)
    assert made.board.state.next > made.clock.now
    assert made.turns.begun == 0


def test_no_round_overlaps_the_next_which_is_left_out_and_counted(stage: MakeStage) -> None:
    made = stage(phase=0.0, hold=True)
    made.wait(1)
    for number in (1, 2):
        made.clock.now += 1800
        wait_for(lambda number=number: made.board.state.skipped == number)
    made.turns.hold = False
    wait_for(lambda: made.loop._running is not None and made.loop._running.done(), 5, "for the end of the round")
    made.clock.now += 1800
    made.wait(2)
    assert made.board.state.skipped == 2


def test_a_round_is_asked_for_but_not_over_another(stage: MakeStage) -> None:
    made = stage(hold=True)
    made.wait(1)
    assert made.loop.ask() is False
    made.turns.hold = False
    wait_for(made.loop.ask)
    made.wait(2)
    assert len(made.remembered) == 1, "the slot's own round is another thing"
    assert made.board.state.skipped == 0


def test_the_clock_put_back_by_hours_does_not_stop_the_rounds(stage: MakeStage) -> None:
    made = stage(phase=0.0)
    made.wait(1)
    made.clock.now -= 10_000
    wait_for(lambda: made.board.state.next < made.clock.now + 1801)
    made.clock.now += 1800
    made.wait(2)


def test_it_ends_amid_a_round_and_lets_go_of_all(stage: MakeStage) -> None:
    made = stage(hold=True)
    made.wait(1)
    made.loop.close()
    assert made.turns.is_closed
    assert not [thread for thread in threading.enumerate() if thread.name == "ping"]
    made.loop.close()
    assert made.loop.ask() is False


def test_one_that_was_never_started_is_closed_too(tmp_path: Path) -> None:
    Stage(tmp_path, None).loop.close()


def test_where_the_thread_ends_by_itself_the_agent_hears_of_it(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stage()
    made.wait(1)
    monkeypatch.setattr(made.clock, "now", "noon")

    def fails() -> bool:
        try:
            made.loop.snapshot()
        except WardenError as error:
            return "pings have ended (TypeError" in str(error)
        return False

    wait_for(fails)


def test_from_a_table_to_rounds_and_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, Fake())
    table = {"hosts": ["127.0.0.1"], "folder": str(tmp_path / "f"), "name": "here", "address": "192.0.2.250"}
    asked: list[str] = []
    for lines in (2, 0):
        loop = open_loop(table, LOG, lambda: asked.append("soon"))
        loop.start()
        wait_for(lambda loop=loop, lines=lines: loop.snapshot().state.lines == lines)
        wait_for(lambda loop=loop: loop.snapshot().state.next is not None)
        loop.close()
    [path] = (tmp_path / "f").glob("ping-*.txt")
    assert len(path.read_text().splitlines()) == 2, "the slot had its round before the restart"
    assert asked
    with pytest.raises(SettingError):
        open_loop({"folder": str(tmp_path)}, LOG, lambda: None)


def test_it_ends_while_a_method_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(lambda address, pings: hang())
    stand_in(monkeypatch, fake)
    table = {"hosts": ["127.0.0.1"], "folder": str(tmp_path), "name": "here", "address": "192.0.2.250"}
    loop = open_loop(table, LOG, lambda: None)
    loop.start()
    wait_for(lambda: fake.now > 0)
    loop.close()
    assert fake.is_closed and fake.now == 0


def test_news_are_told_at_the_end_and_of_few_hosts_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    asked: list[float] = []
    few, many = News(True, lambda: asked.append(now[0])), News(False, lambda: asked.append(-now[0]))
    for moment in (100.0, 100.5, 101.0, 101.9):
        now[0] = moment
        few(False)
        many(False)
    few(True)
    many(True)
    assert asked == [100.0, 101.0, 101.9, -101.9]


def test_work_beside_the_loop_returns_raises_and_is_left_alone() -> None:
    free = threading.Event()

    async def check() -> None:
        assert await beside(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await beside(lambda: 1 // 0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await beside(lambda: free.wait(5))

    asyncio.run(check())
    free.set()


@pytest.mark.parametrize("slot", ["NaN", "Infinity", "1e999", '"soon"', "[]", "null"])
def test_a_damaged_memory_of_the_last_round_counts_for_nothing(tmp_path: Path, slot: str) -> None:
    (tmp_path / "ping.json").write_text(f'{{"version": 1, "content": {{"slot": {slot}}}}}')
    made = open_loop({"folder": str(tmp_path), "hosts": ["192.0.2.1"]}, LOG, lambda: None)
    assert made._slot() is None
