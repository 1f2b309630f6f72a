from collections.abc import Callable
from pathlib import Path

import pytest

from WardenServer.jobs.work import job
from WardenServer.jobs.work.job import How, Result, process
from WardenServer.jobs.work.runner import Done
from WardenServer.jobs.work.stopping import Stopped, Stopping
from WardenServer.plugins.common.jobs.claiming import Claim
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.storage.steady import signature

Files = tuple[Path, ...]


@pytest.fixture
def files(jobs: Jobs) -> Files:
    made = tuple(jobs.storage / f"a{suffix}" for suffix in jobs.suffixes)
    for path in made:
        path.write_text("as it was")
    return made


@pytest.fixture
def do(jobs: Jobs, files: Files) -> Callable[..., Result]:
    then = signature(files)

    def made(run: Callable[[Files], Done], attempt: int = 1, known: str = then) -> Result:
        stopping = Stopping()
        stopping.told.set()  # so that it does not pause
        claim = Claim(1, "a", str(jobs.storage / "a"), known, attempt, "token")
        return process(jobs, claim, run, stopping)

    return made


def never(paths: Files) -> Done:
    raise AssertionError("it was run")


def well(paths: Files) -> Done:
    return Done(True, f"{len(paths)} files")


@pytest.mark.parametrize("known", ["same", ""])
def test_unchanged_files_are_done(do: Callable[..., Result], files: Files, known: str) -> None:
    assert do(well, known=known and signature(files)) == Result(How.DONE, "2 files")
    assert do(lambda paths: Done(False, "why"), known=known and signature(files)) == Result(How.FAILED, "why")


def test_changed_files_are_not_run(do: Callable[..., Result], files: Files) -> None:
    files[1].write_text("otherwise")
    files[1].write_text("quite otherwise")
    result = do(never)
    assert (result.how, result.signature) == (How.CHANGED, signature(files))


@pytest.mark.parametrize("which", [0, 1])
def test_missing_files(do: Callable[..., Result], files: Files, which: int) -> None:
    files[which].unlink()
    assert do(never) == Result(How.FAILED, f"{files[which]} is gone")


def test_a_storage_that_is_away(do: Callable[..., Result], files: Files, jobs: Jobs) -> None:
    jobs.storage.rename(jobs.storage.with_name("away"))
    result = do(never)
    assert result.how is How.RETURNED
    assert "cannot be looked at" in result.message


def test_files_that_cannot_be_looked_at(do: Callable[..., Result], jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*said: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(job, "locate", refuse)
    assert do(never) == Result(How.FAILED, "its files cannot be looked at (Permission denied)")


def test_files_that_vanish_at_the_last_moment(
    do: Callable[..., Result], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = job.locate

    def vanish(*said: object) -> object:
        there = found(*said)
        files[0].unlink()
        return there

    monkeypatch.setattr(job, "locate", vanish)
    assert do(never) == Result(How.FAILED, f"{files[0]} is gone")


@pytest.mark.parametrize("success", [True, False])
def test_files_that_change_meanwhile(do: Callable[..., Result], files: Files, success: bool) -> None:
    def change(paths: Files) -> Done:
        paths[0].write_text(paths[0].read_text() + "x")
        return Done(success, "said")

    result = do(change)
    assert result == Result(How.CHANGED, "its files changed while they were processed", signature(files))
    last = do(change, attempt=3, known="")
    assert last.how is How.FAILED
    assert last.message.endswith("said")


def test_a_job_may_remove_its_files(do: Callable[..., Result]) -> None:
    def remove(paths: Files) -> Done:
        paths[0].unlink()
        return Done(True, "")

    assert do(remove) == Result(How.DONE)


def test_a_stopped_one_is_handed_back(do: Callable[..., Result]) -> None:
    def stop(paths: Files) -> Done:
        raise Stopped

    assert do(stop).how is How.RETURNED


def test_an_error_of_ours_is_a_failure(do: Callable[..., Result]) -> None:
    def fail(paths: Files) -> Done:
        raise RuntimeError("unforeseen")

    assert do(fail) == Result(How.FAILED, "the worker could not do it (RuntimeError: unforeseen)")
