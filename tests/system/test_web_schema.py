"""The web keeps to its own description, whatever is sent to it; the endless stream is left out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import clean_environment, make_hub
from tests.system.test_web import RING, TOKEN, Web
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached

#: That a range may not begin after its end, no schema can say; 503 is described, where something does not answer, and
#: 500 is not. The second address of raw data of pings is the same as the first.
LEFT_OUT = (
    "--exclude-path=/api/stream", "--exclude-path=/cgi-bin/ping_data.pl",
    "--exclude-checks=positive_data_acceptance,not_a_server_error",
)  # fmt: skip


@pytest.mark.heavy
@pytest.mark.timeout(240)
def test_schemathesis_finds_nothing(
    tmp_path: Path, database: LocalDatabase, memcached: LocalMemcached
) -> None:
    with make_hub("schema", {"ring": RING}, tmp_path, database, memcached.address) as hub:
        web = Web(hub)
        with (hub.settings.state_folder / "web.toml").open("a", encoding="utf-8") as file:
            file.write(f'[jobs]\nstorage = "{tmp_path}"\n[runs]\ndocuments = ["ring"]\n')
            file.write('[ping]\nhosts = ["ring"]\n[ping_archive]\n')
        check(web, tmp_path)


def check(web: Web, tmp_path: Path) -> None:
    with web:
        assert web.get("/api/jobs") == web.get("/api/runs") == []
        web.wait("/health", lambda said: said["state"] == "RUNNING")
        command = [
            str(Path(sys.executable).with_name("st")), "run", f"{web.address}openapi.json", *LEFT_OUT,
            "--phases=coverage,fuzzing", "--max-examples=3", "--workers=1", "--seed=1", "--warnings=off", "--no-color",
            "--request-timeout=20", f"--header=Authorization: Bearer {TOKEN}",
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stdout
        assert "Tested: " in done.stdout
        assert "Traceback" not in web.output.read_text()
