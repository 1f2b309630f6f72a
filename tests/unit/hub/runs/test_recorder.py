import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.hub.runs.conftest import Memory, Streams
from WardenServer.errors import SettingError, WardenError
from WardenServer.hub.runs import delivery, follower, recorder
from WardenServer.hub.runs.recorder import Recorder
from WardenServer.machine.clock import Clock
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.source import Phase
from WardenServer.results.board import HUB_FIELDS, Board
from WardenServer.results.result import Result
from WardenServer.settings import config

Make = Callable[..., Recorder]


@pytest.fixture
def board() -> Board:
    made = Board()
    made.put(Result(HUB_FIELDS, "warden.x.fields", 1.0, {}))
    made.put(Result("ring", "Petra", 1.0, {"a": 1}))
    return made


@pytest.fixture
def soon() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    monkeypatch.setattr(follower, "POLL", 0.02)
    monkeypatch.setattr(delivery, "AGAIN", 0.05)
    monkeypatch.setattr(recorder, "open_store", lambda runs: memory)


def settings(tmp_path: Path, text: str) -> config.Settings:
    file = tmp_path / "warden.toml"
    file.write_text(f'instance = "x"\nstate_folder = "{tmp_path}"\n{text}')
    return config.load(file, {})


@pytest.fixture
def make(tmp_path: Path, board: Board, streams: Streams, soon: list[str]) -> Iterator[Make]:
    """Make a recorder with the settings file, which goes by them: make('[runs] ...')."""
    made: list[Recorder] = []

    def of(text: str = '[runs]\ndocuments = ["Petra"]') -> Recorder:
        said = settings(tmp_path, text)
        it = Recorder(said, board, streams, soon.append, Clock())
        made.append(it)
        it.take_on(said)
        return it

    yield of
    for it in made:
        end(it)


def end(it: Recorder) -> None:
    it.close()
    it.join(lambda: 10.0)


def test_a_run_is_written_and_the_agent_is_woken(make: Make, memory: Memory, soon: list[str], streams: Streams) -> None:
    it = make()
    assert it.start(None, "me") == 1
    assert it.notes[0].startswith("run 1 is open since 2")
    wait_for(lambda: memory.phases(1) == [Phase.START])
    assert it.stop(None, "me") == 1
    wait_for(lambda: memory.phases(1) == [Phase.START, Phase.END])
    assert memory.runs[1].closed is not None
    assert memory.runs[1].by == "me"
    wait_for(lambda: soon and set(soon) == {"run_differ"})
    assert streams.said == ["no run", ("start", 1), ("stop", 1)]
    assert (it.notes, it.problems) == ([], [])


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", r"have no table \[runs\]; add one"),
        ('[runs]\ndatabase = "sqlite:////x.db"\nparameters = "/x"', r"take database out of \[runs\]"),
        ('[runs]\ndocuments = ["Petra"]\nfile = "/nowhere/run"', "follow the file /nowhere/run; begin and end them"),
        ('[runs]\ndocumnets = ["Petra"]', 'unknown setting "documnets"'),
    ],
)
def test_where_commands_have_no_say_the_cure_is_said(make: Make, text: str, cure: str) -> None:
    it = make(text)
    for command in (it.start, it.stop):
        with pytest.raises(WardenError, match=cure):
            command(None, "me")
    assert bool(it.problems) is ("documnets" in text)
    assert it.notes == []


def test_before_it_has_begun_commands_are_refused(tmp_path: Path, board: Board, streams: Streams) -> None:
    it = Recorder(settings(tmp_path, ""), board, streams, print, Clock())
    with pytest.raises(WardenError, match="try again"):
        it.start(None, "me")
    assert list(tmp_path.iterdir()) == [tmp_path / "warden.toml"]  # nothing is made where there are no runs
    end(it)


def test_a_missing_library_is_said_with_its_cure(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(runs: Runs) -> None:
        raise ModuleNotFoundError("no", name="sqlalchemy")

    monkeypatch.setattr(recorder, "open_store", missing)
    it = make()
    cure = r"runs need the library sqlalchemy; install it with: pip install wardenserver\[runs\]"
    assert len(it.problems) == 1
    with pytest.raises(WardenError, match=cure):
        it.start(None, "me")


def test_the_library_is_not_needed_before_there_are_runs() -> None:
    """What imports the recorder must not import SQLAlchemy."""
    import subprocess

    code = "import sys; import WardenServer.hub.runs.recorder; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_the_open_run_outlives_a_restart(make: Make, memory: Memory, streams: Streams) -> None:
    first = make()
    first.start(12, "me")
    wait_for(lambda: memory.phases(12) == [Phase.START])
    end(first)
    streams.said.clear()
    again = make()
    assert streams.said == [("start", 12)]
    assert "run 12 is open" in again.notes[0]
    again.stop(12, "me")
    wait_for(lambda: memory.phases(12) == [Phase.START, Phase.END])
    assert again.start(None, "me") == 13


def test_a_start_whose_snapshot_was_not_taken_gets_one_after_the_restart(
    make: Make, memory: Memory, tmp_path: Path
) -> None:
    folder = tmp_path / "runs-x"
    folder.mkdir()
    opened = '{"number": 12, "at": 1.0, "by": "me", "note": ""}'
    state = f'{{"version": 1, "content": {{"largest": 12, "opened": {opened}, "started": false}}}}'
    (folder / "open.json").write_text(state)
    make()
    wait_for(lambda: memory.phases(12) == [Phase.START])
    assert memory.runs[12].opened == 1.0


def test_numbers_go_on_after_those_of_the_store(make: Make, memory: Memory) -> None:
    memory.runs[41] = delivery.Run(41, 1.0, 2.0)
    assert make().start(None, "me") == 42


def test_where_nobody_knows_a_number_one_must_be_given(
    make: Make, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LEARNING", 0.05)
    memory.away = "the store is away; start it"
    it = make()
    with pytest.raises(WardenError, match="give a number, or see that the runs' database answers"):
        it.start(None, "me")
    assert it.start(7, "me") == 7
    assert it.problems == ["the store is away; start it; what is taken of runs waits"]
    it.stop(None, "me")
    assert it.start(None, "me") == 8
    memory.away = ""
    wait_for(lambda: memory.phases(7) == [Phase.START, Phase.END] and memory.phases(8) == [Phase.START])
    wait_for(lambda: not it.problems)


def test_the_stores_open_run_goes_on_where_the_file_is_lost(make: Make, memory: Memory, streams: Streams) -> None:
    memory.runs[5] = delivery.Run(5, 1.0, by="me")
    it = make()
    wait_for(lambda: streams.said == ["no run", ("start", 5)])
    assert "run 5 is open" in it.notes[0]


def test_what_waits_is_delivered_after_a_restart(make: Make, memory: Memory) -> None:
    memory.away = "the store is away; start it"
    first = make()
    first.start(3, "me")
    wait_for(lambda: first._book.started)
    end(first)
    memory.away = ""
    make()
    wait_for(lambda: memory.wrote == [("begin", 3), ("start", 3)])


def test_a_file_opens_and_closes_runs(make: Make, memory: Memory, tmp_path: Path) -> None:
    file = tmp_path / "run"
    it = make(f'[runs]\ndocuments = ["Petra"]\nfile = "{file}"')
    file.write_text("12\n")
    wait_for(lambda: memory.phases(12) == [Phase.START])
    file.write_text("13\n")
    wait_for(lambda: memory.phases(13) == [Phase.START])
    file.write_text("12\n")
    wait_for(lambda: "run 12, which was recorded already" in "".join(it.notes))
    file.unlink()
    wait_for(lambda: memory.phases(13) == [Phase.START, Phase.END] and not it.notes)
    assert memory.phases(12) == [Phase.START, Phase.END]


def test_a_reload_takes_new_settings_on_and_the_run_stays_open(
    make: Make, memory: Memory, tmp_path: Path, board: Board, streams: Streams
) -> None:
    it = make()
    it.start(12, "me")
    wait_for(lambda: memory.phases(12) == [Phase.START])
    board.put(Result("vac", "Vacuum", 1.0, {"p": 2}))
    it.take_on(settings(tmp_path, '[runs]\ndocuments = ["Vacuum"]'))
    it.stop(12, "me")
    wait_for(lambda: memory.phases(12) == [Phase.START, Phase.END])
    assert [each.partition for each in memory.shots[1].values] == ["Vacuum"]
    assert streams.said == ["no run", ("start", 12), ("stop", 12)]


def test_wrong_settings_leave_the_old_ones_and_are_said(make: Make, memory: Memory, tmp_path: Path) -> None:
    it = make()
    it.take_on(settings(tmp_path, "[runs]\nevery = -3"))
    assert it.problems[0].endswith("; the old settings of runs go on")
    assert it.start(None, "me") == 1
    it.take_on(settings(tmp_path, ""))
    assert it.problems == []
    with pytest.raises(WardenError, match="no table"):
        it.stop(None, "me")
    it.take_on(settings(tmp_path, '[runs]\ndocuments = ["Petra"]'))
    assert it.stop(None, "me") == 1


def test_a_new_place_of_the_store_is_taken_on(
    make: Make, memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = make()
    other = Memory()
    monkeypatch.setattr(recorder, "open_store", lambda runs: other)
    table = '[runs]\ndocuments = ["Petra"]'
    it.take_on(settings(tmp_path, f'runs_url = "sqlite:///{tmp_path}/other.db"\n{table}'))
    it.start(None, "me")
    wait_for(lambda: other.phases(1) == [Phase.START])
    assert memory.closed
    assert memory.wrote == []


def test_a_url_that_means_nothing_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(runs: Runs) -> Any:
        raise SettingError("runs_url is no URL; write another")

    monkeypatch.setattr(recorder, "open_store", refuse)
    assert make().problems == ["runs_url is no URL; write another"]


def test_losses_are_said(make: Make) -> None:
    it = make()
    it._waiting._lost = 3
    assert it.problems == ["3 records of runs are lost, for which there was no room"]
