"""URLs of run databases: what they mean, what is kept of them, and what is wrong with them."""

import sys
from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.runinfo.connecting import place
from WardenServer.plugins.common.runs.runinfo.source import RunInfo


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////data/run info.db", "sqlite:////data/run info.db"),
        ("sqlite+pysqlite:////data/a.db?timeout=3", "sqlite:////data/a.db"),
        ("postgresql://user:secret@host:5433/runs?sslmode=require", "postgresql://host:5433/runs"),
        ("postgresql+psycopg://user@host/runs", "postgresql://host/runs"),
        ("oracle+oracledb://user:secret@host/?service_name=RUNS", "oracle://host/RUNS"),
        ("oracle://user:secret@host:1522/RUNS", "oracle://host:1522/RUNS"),
    ],
)
def test_the_name_has_no_user_no_password_and_no_query(url: str, name: str) -> None:
    found = place(url)
    assert found.name == name
    assert "secret" not in repr(found)


def test_a_file_is_known_wherever_the_hub_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place("sqlite:///runs.db").name == f"sqlite:///{tmp_path}/runs.db"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no URL; write sqlite"),
        ("", "no URL; write sqlite"),
        ("postgresql://u:secret@host:port/runs", "no URL; write sqlite"),
        ("sqlite://", "names no file; write sqlite"),
        ("sqlite:///:memory:", "names no file; write sqlite"),
        ("mysql://u:secret@host/runs", "of mysql, or names no file; write sqlite"),
        ("postgres://u:secret@host/runs", "of postgres, or names no file; write sqlite"),
    ],
)
def test_urls_that_mean_nothing(url: str, said: str) -> None:
    with pytest.raises(SettingError, match=said) as caught:
        place(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [("oracle://u@h/?service_name=X", "oracledb", "oracle"), ("postgresql://u@h/d", "psycopg", "postgresql")],
)
def test_a_library_that_is_missing(url: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingError, match=rf"needs the library {library}; .*pip install 'wardenserver\[{extra}\]'"):
        place(url)


def test_a_source_needs_a_parameters_file(tmp_path: Path) -> None:
    runs = Runs("tests", tmp_path, "", database=f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(SettingError, match="needs parameters ="):
        RunInfo(runs)


def test_a_source_says_at_once_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(SettingError, match="No such file or directory"):
        RunInfo(Runs("tests", tmp_path, "", database=database, parameters=tmp_path / "none.txt"))
    assert list(tmp_path.iterdir()) == []
