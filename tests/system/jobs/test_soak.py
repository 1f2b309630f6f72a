"""`warden soak --jobs`, short: monitors and workers are killed, stopped and told to end for a while."""

import json
import signal
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.test_soak import processes, soak

PAIRS = 1000


@pytest.mark.heavy
@pytest.mark.timeout(240)
def test_each_pair_is_processed_and_none_is_lost(tmp_path: Path) -> None:
    with soak(tmp_path, "--jobs", "--minutes", "0.4", "--pairs", str(PAIRS), "--seed", "5", "--json") as process:
        code = process.wait(220)
    said = (tmp_path / "err").read_text()
    found = json.loads((tmp_path / "out").read_text())
    assert [line for line in found["lines"] if not line["ok"]] == [], (found["examples"], said)
    assert code == 0
    figures = {line["figure"]: line["value"] for line in found["lines"]}
    assert figures["faults thrown"] == sum(found["faults"].values()) >= 5
    assert figures["runs"] >= figures["pairs processed"] > 0.8 * PAIRS
    assert figures["jobs that failed since their workers vanished"] >= 1  # the one that kills them
    assert "for 0.4 minutes with seed 5" in said
    assert processes(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {"out", "err"}


def test_ctrl_c_ends_it_with_a_verdict(tmp_path: Path) -> None:
    with soak(tmp_path, "--jobs", "--pairs", "20", "--minutes", "10") as process:
        wait_for(lambda: "00:0" in (tmp_path / "out").read_text(), 60, "for the first fault")
        process.send_signal(signal.SIGINT)
        assert process.wait(100) == 0, (tmp_path / "out").read_text()
    said = (tmp_path / "out").read_text()
    assert "Ended early; the verdict is over what was run." in said
    assert "The verdict is clean" in said
    assert processes(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {"out", "err"}


def test_wrong_usage_is_one_sentence(tmp_path: Path) -> None:
    with soak(tmp_path, "--jobs", "--url", "mysql://somewhere/jobs") as process:
        assert process.wait(20) == 2
    assert (tmp_path / "err").read_text().startswith("warden: url in [jobs] is of mysql")
    assert {path.name for path in tmp_path.iterdir()} == {"out", "err"}
