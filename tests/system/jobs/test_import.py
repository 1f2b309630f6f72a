"""`warden jobs import` as a program: killed in the middle, it goes on at the next time."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from WardenServer.plugins.common.jobs import configuration, processors
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.looking import Wanted, newest

#: More than can be imported before the test has seen the first of them.
PAIRS = 10_000


def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "jobs"
    data.mkdir()
    for number in range(PAIRS):
        for suffix in (".json", ".dump"):
            (data / f"{number}{suffix}").touch()
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n[jobs]\nstorage = "{data}"\nfolder = "{folder}"\n')
    command = [sys.executable, "-m", "WardenServer", "jobs", "import", str(data), "--config", str(file), "--json"]
    with closing(Database(configuration.read({"storage": data, "folder": folder}).url)) as database:
        processors.register(database, "one")
        with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE) as killed:
            wait_for(lambda: newest(database, Wanted(), 1), 30)
            killed.kill()
            assert killed.stdout is not None and killed.stdout.read() == b""
        done = subprocess.run(command, env=clean_environment(), capture_output=True, timeout=60, check=True)
        said = json.loads(done.stdout)
        assert said["known"] > 0 and said["queued"] > 0
        assert said["known"] + said["queued"] == PAIRS
        assert len({job.id for job in newest(database, Wanted(), 2 * PAIRS)}) == PAIRS
