"""The benchmark of jobs on PostgreSQL: all sides do all jobs, each once."""

from pathlib import Path

import pytest

from tests.bench import jobs_contest
from tests.system.postgresql import is_there

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("name", "batch"), [("ours", 3), ("pgqueuer", 3), ("procrastinate", 1)])
def test_all_jobs_are_done_once(name: str, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    if name != "ours":
        pytest.importorskip(name, reason="it comes with the extra bench")
    monkeypatch.chdir(ROOT)
    assert jobs_contest.work(tmp_path, name, True, 100, batch, 3)["wall"] > 0


@pytest.mark.parametrize("name", ["ours", "pgqueuer", "procrastinate"])
def test_all_jobs_are_queued(name: str, tmp_path: Path) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    if name != "ours":
        pytest.importorskip(name, reason="it comes with the extra bench")
    assert jobs_contest.queue(tmp_path, name, True, 100, 30)["wall"] > 0
