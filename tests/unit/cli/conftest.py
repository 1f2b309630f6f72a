"""Commands on runs, with a source in memory."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.cli.runs_fakes import FakeSource, FakeStore
from WardenServer.cli import commands as cli
from WardenServer.plugins.common.runs import opening
from WardenServer.plugins.common.runs.source import Run

WithRuns = Callable[..., Result]


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def source() -> FakeSource:
    """Three runs, of which the last changed something, and one that is not ready."""
    made = FakeSource()
    made.add(Run(1001, 1e9, 1e9 + 60, by="command", note="first"), x=1, text="a {\n t 5\n}", same=7)
    made.add(Run(1002, 1e9 + 100, 1e9 + 160), x=1, text="a {\n t 5\n}", same=7)
    made.add(Run(1003, 1e9 + 200), x=2, text="a {\n t 7\n}", same=7)
    made.runs[1004] = Run(1004, 1e9 + 300, is_ready=False)
    return made


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n[runs]\ndocuments = ["P"]\n')
    return file


@pytest.fixture
def with_runs(
    settings_file: Path, source: FakeSource, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> WithRuns:
    """Run a command: with_runs("diff", 1001, 1003)."""
    monkeypatch.setenv("WARDEN_CONFIG", str(settings_file))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(opening, "open_store", lambda runs: store)
    monkeypatch.setattr(opening, "open_source", lambda runs, store: source)

    def run(*words: object) -> Result:
        done = CliRunner().invoke(cli.main, [str(word) for word in words], prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        assert "Traceback" not in done.output
        return done

    return run
