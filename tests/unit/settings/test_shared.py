"""Tables that several agents go by: who gets them, and what is said where they are wrong."""

from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.settings import config, settings_view, shared
from WardenServer.settings.config import Settings


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "warden.toml"
    file.write_text(text)
    return config.load(file, {})


def test_its_agents_run_only_where_there_is_the_table(tmp_path: Path) -> None:
    names = set(shared.TABLES["jobs"])
    assert not names & load(tmp_path, "tick = 0.1").agents.keys()
    assert names <= load(tmp_path, '[jobs]\nstorage = "/data"').agents.keys()


def test_each_gets_the_table_beside_its_own_settings(tmp_path: Path) -> None:
    made = load(
        tmp_path,
        f'state_folder = "{tmp_path}"\n[jobs]\nstorage = "/data"\n[agents.jobs_cleanup]\ninterval = 60\n'
        '[agents.urgent]\nplugin = "jobs_priority"\n',
    )
    table = {"storage": "/data", "folder": str(tmp_path / "jobs-local")}
    assert made.table("jobs_cleanup") == {"jobs": table, "interval": 60.0}
    assert made.table("urgent") == {"jobs": table, "plugin": "jobs_priority"}
    assert made.table("host") == {}


def test_the_folder_may_be_said(tmp_path: Path) -> None:
    made = load(tmp_path, '[jobs]\nstorage = "/data"\nfolder = "/elsewhere"')
    assert made.table("jobs_standard")["jobs"]["folder"] == "/elsewhere"


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"jobs is 3; write a table \[jobs\]"):
        load(tmp_path, "jobs = 3")


def test_a_password_in_it_is_masked(tmp_path: Path) -> None:
    made = load(tmp_path, '[jobs]\nurl = "postgresql://me:swordfish@host/jobs"')
    assert "swordfish" not in repr(settings_view.as_dict(made))
