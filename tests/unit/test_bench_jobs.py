"""The benchmark of jobs measures at all, and what is not done once gives no figure."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench import jobs, jobs_contest, jobs_files, jobs_request, jobs_sides
from tests.bench.figure import Run
from WardenServer.errors import WardenError

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 60


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # workers are modules of it


@pytest.fixture(params=["ours", "huey"])
def name(request: pytest.FixtureRequest) -> str:
    if request.param == "huey":
        pytest.importorskip("huey", reason="it comes with the extra bench")
    return str(request.param)


@pytest.mark.parametrize("there", [True, False])
def test_without_postgresql_its_rows_are_left_out(
    there: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "is_there", lambda: there)
    contenders = jobs.contenders(True)
    assert ("apt install postgresql" in capsys.readouterr().err) != there
    run = dict.fromkeys(("wall", "cpu", "walk", "one", "round", "p50", "max", "pairs", "jobs"), 1.0)
    figures = jobs.figures({contender.name: [run] for contender in contenders})
    assert any("PostgreSQL" in figure.figure for figure in figures) == there
    assert len({contender.name for contender in contenders}) == len(contenders)


@pytest.mark.parametrize("batch", [1, 25])
def test_all_are_queued(name: str, batch: int, tmp_path: Path) -> None:
    assert jobs_contest.queue(tmp_path, name, False, NUMBER, batch)["wall"] > 0


def test_all_are_done_by_a_worker(name: str, tmp_path: Path) -> None:
    assert jobs_contest.work(tmp_path, name, False, NUMBER, 1, 1)["wall"] > 0


def test_all_are_done_by_several_workers(tmp_path: Path) -> None:
    assert jobs_contest.work(tmp_path, "ours", False, NUMBER, 7, 3)["wall"] > 0


def test_a_worker_that_fails_is_named(tmp_path: Path) -> None:
    pytest.importorskip("huey", reason="it comes with the extra bench")
    with pytest.raises(WardenError, match="worker 0 of huey has not done its work: NotImplementedError"):
        jobs_contest.work(tmp_path, "huey", False, NUMBER, 2, 1)


@pytest.mark.parametrize(
    "found",
    [["a"], ["a", "b", "b"], ["a", "b", "c"], ["a", "c"], []],
    ids=["missing", "twice", "more", "other", "none"],
)
def test_jobs_that_are_not_there_once_give_no_figure(found: list[str]) -> None:
    jobs_contest.once(["b", "a"], ["a", "b"])
    with pytest.raises(WardenError, match=r"jobs were not there once, such as [abc]; nothing is compared"):
        jobs_contest.once(found, ["a", "b"])


def _lose(side: jobs_sides.Side) -> None:
    queue = side.queue
    side.queue = lambda ids, batch: queue(ids[1:], batch)  # type: ignore[method-assign]


def _forget(side: jobs_sides.Side) -> None:
    side.ended = lambda: NUMBER - 1  # type: ignore[method-assign]


def _risk(side: jobs_sides.Side) -> None:
    side.durability = lambda: ["wal", 0]  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_lose, "1 jobs were not there once, such as scan0000/image_000000"),
        (_forget, "ours has written down 59 of 60 jobs as done"),
        (_risk, r"a commit outlives less, or more, than that of others \(\['wal', 0\]\)"),
    ],
)
def test_a_side_that_does_not_do_the_same_gives_no_figure(
    change: Callable[[jobs_sides.Side], None], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def changed(name: str, url: str) -> Any:
        made = jobs_sides.side(name, url)
        change(made)
        return made

    monkeypatch.setattr(jobs_contest, "side", changed)
    with pytest.raises(WardenError, match=f"{said}; nothing is compared"):
        jobs_contest.work(tmp_path, "ours", False, NUMBER, 10, 1)


@pytest.mark.parametrize("folders", [1, 3])
def test_files_are_found_by_all(folders: int, tmp_path: Path) -> None:
    kept = str(tmp_path / "tree")
    assert jobs_files.make(tmp_path, kept, NUMBER, folders) == {"pairs": NUMBER}
    assert len(set(jobs_files.ids(Path(kept)))) == NUMBER
    assert set(jobs_files.rescan(tmp_path / "a", kept)) == set(jobs_files.rescan_bare(tmp_path, kept))
    assert jobs_files.found(tmp_path / "b", kept)["wall"] > 0


def test_files_are_found_for_huey(tmp_path: Path) -> None:
    pytest.importorskip("huey", reason="it comes with the extra bench")
    jobs_files.make(tmp_path, str(tmp_path / "tree"), NUMBER, 3)
    assert jobs_files.found_huey(tmp_path, str(tmp_path / "tree"))["wall"] > 0


@pytest.mark.parametrize("way", [jobs_request.request, jobs_request.request_bare])
def test_what_is_asked_for_is_raised(way: Callable[[Path, str, int], Run], tmp_path: Path) -> None:
    kept = str(tmp_path / "jobs")
    assert jobs_request.make(tmp_path, kept, 200) == {"jobs": 200}
    assert way(tmp_path, kept, 200)["p50"] > 0
    with pytest.raises(WardenError, match="were raised 100 times in place of 101; nothing is compared"):
        jobs_request._all_raised(kept, 101)
