"""The table [runs] with what other settings say for it, as hub, commands and web get it."""

from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.hub.runs.configured import runs_of
from WardenServer.settings import config


def settings_of(tmp_path: Path, text: str, **environment: str) -> config.Settings:
    file = tmp_path / "warden.toml"
    file.write_text(f'instance = "p02"\nstate_folder = "{tmp_path}"\n{text}')
    return config.load(file, environment)


def test_the_settings_give_hub_folder_and_store(tmp_path: Path) -> None:
    runs = runs_of(settings_of(tmp_path, '[runs]\ndocuments = ["Petra"]'))
    assert (runs.hub, runs.folder) == ("p02", tmp_path / "runs-p02")
    assert runs.url == f"sqlite:///{tmp_path}/runs-p02/runs.db"


def test_the_store_is_where_runs_url_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_RUNS", "postgresql://me:swordfish@host/runs")
    text = 'runs_url = { env = "OF_RUNS" }\n[runs]\ndocuments = ["Petra"]\n[[runs.masks]]\npattern = "a"\nreason = "b"'
    runs = runs_of(settings_of(tmp_path, text))
    assert runs.url == "postgresql://me:swordfish@host/runs"
    assert runs.rules.masks[0].reason == "b"


def test_a_database_may_be_said_elsewhere(tmp_path: Path) -> None:
    secret = tmp_path / "runinfo"
    secret.write_text("sqlite:////data/runinfo.db\n")
    secret.chmod(0o600)
    text = f'[runs]\ndatabase = {{ file = "{secret}" }}\nparameters = "/etc/diffed_parameters.txt"'
    assert runs_of(settings_of(tmp_path, text)).database == "sqlite:////data/runinfo.db"


def test_without_the_table_the_cure_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"no table \[runs\]; add one with documents = "):
        runs_of(settings_of(tmp_path, ""))


def test_the_agent_gets_the_same_table(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, '[runs]\ndocuments = ["Petra"]')
    assert settings.table("run_differ") == {"runs": settings.shared_table("runs")}


def test_nobody_else_names_the_hub(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"\[runs\]: hub is the name of this hub; give it as instance"):
        runs_of(settings_of(tmp_path, '[runs]\nhub = "p03"\ndocuments = ["Petra"]'))
