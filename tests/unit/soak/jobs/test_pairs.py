"""What a soak of jobs puts, and what its job does with it."""

import json
from pathlib import Path

import pytest

from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.soak.jobs import collector, evidence, job
from WardenServer.soak.jobs.collector import Collector

SUFFIXES = (".json", ".dump")


def test_pairs_come_in_all_kinds_and_are_whole_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "PIECE", (0.01, 0.05))
    monkeypatch.setattr(collector, "CHANGE", (0.01, 0.05))
    monkeypatch.setattr(collector, "SLOW", 0.2)
    storages = [RadixStorage(tmp_path / name, SUFFIXES) for name in ("standard", "deferred")]
    for storage in storages:
        storage.root.mkdir()
    putting = Collector(*storages, tmp_path / "journal", 200, 0.2, 7)
    putting.start()
    assert putting.join(20)
    assert putting.failure == ""
    pairs = putting.pairs.values()
    assert {(pair.fate, pair.is_deferred) for pair in pairs} >= {("good", False), ("bad", False), ("good", True)}
    assert sum(pair.fate == "deadly" for pair in pairs) == 1
    for pair in pairs:
        description, data = storages[pair.is_deferred].paths(pair.id)
        assert json.loads(description.read_text())["id"] == pair.id
        assert data.read_bytes().endswith(job.END)
    with_links = {found.id for storage in storages for found in storage.arrived(set())}
    assert 0 < len(putting.pairs.keys() - with_links) < 20
    assert sorted(evidence.files_in(storages[1].root)) == sorted(
        path for pair in pairs if pair.is_deferred for path in evidence.place(storages[1], pair.id)
    )


def test_told_to_stop_it_puts_no_more(tmp_path: Path) -> None:
    storage = RadixStorage(tmp_path, SUFFIXES)
    putting = Collector(storage, storage, tmp_path / "journal", 1000, 1000.0, 7)
    putting.start()
    putting.stop()
    assert putting.join(20)
    assert len(putting.pairs) <= 1


@pytest.mark.parametrize(("data", "what"), [(b"x" + job.END, "begin"), (b"x", "half")])
def test_a_job_leaves_a_trace(tmp_path: Path, data: bytes, what: str) -> None:
    journal = tmp_path / "journal"
    journal.touch()
    said = {"id": "a", "fate": "good", "seconds": 0.0, "journal": str(journal)}
    (tmp_path / "a.json").write_text(json.dumps(said))
    (tmp_path / "a.dump").write_bytes(data)
    job.process(tmp_path / "a.json", tmp_path / "a.dump")
    (tmp_path / "a.json").write_text(json.dumps({**said, "fate": "bad"}))
    with pytest.raises(RuntimeError, match=job.PURPOSE):
        job.process(tmp_path / "a.json", tmp_path / "a.dump")
    assert [line.split()[:2] for line in journal.read_text().splitlines()] == [["a", what], ["a", "end"]] * 2
