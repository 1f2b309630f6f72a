"""The web keeps to its own description, whatever is sent to it; the endless stream is left out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import clean_environment, make_hub
from tests.system.test_web import RING, TOKEN, Web
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached

#: The hub must run for /health to be good. That a valid range may still begin after its end, no schema can say.
LEFT_OUT = (
    "--exclude-path=/api/stream", "--exclude-path=/api/hub/stop", "--exclude-checks=positive_data_acceptance",
)  # fmt: skip


@pytest.mark.timeout(240)
def test_schemathesis_finds_nothing(
    tmp_path: Path, database: LocalDatabase, memcached: LocalMemcached
) -> None:
    with make_hub("schema", {"ring": RING}, tmp_path, database, memcached.address) as hub, Web(hub) as web:
        web.wait("/health", lambda said: said["state"] == "RUNNING")
        command = [
            str(Path(sys.executable).with_name("st")), "run", f"{web.address}openapi.json", *LEFT_OUT,
            "--phases=coverage,fuzzing", "--max-examples=5", "--workers=1", "--seed=1", "--warnings=off", "--no-color",
            "--request-timeout=20", f"--header=Authorization: Bearer {TOKEN}",
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stdout[-5000:]
        assert "Tested: " in done.stdout
        assert "Traceback" not in web.output.read_text()
