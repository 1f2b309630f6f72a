"""The benchmark of runs on PostgreSQL, and its snapshot of devices: both measure at all."""

from pathlib import Path

import pytest

from tests.bench import runs_stored
from tests.bench.measure import measure
from tests.system.postgresql import is_there


@pytest.mark.parametrize("kind", ["own", "foreign"])
def test_stored_runs_are_compared(kind: str, tmp_path: Path) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    assert runs_stored.compare(tmp_path, kind, False, True, 202, 7, 1)["took"] > 0


def test_a_snapshot_has_all_living_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])  # what is measured is a module of it
    assert measure("runs_snapshot", "snapshot", {}, 60)["took"] > 0
