"""Secrets of agents: from variables and files, never seen but by the agent itself."""

import io
import json
import logging
import subprocess
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from WardenServer.authoring import trial
from WardenServer.errors import SettingError
from WardenServer.loading import loader
from WardenServer.settings import config, settings_view
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask

USER = "SETTINGS = {'password': ''}\nINTERVAL = 0.1\n"
GOOD = USER + "def work(agent):\n    return {'length': len(agent.settings['password'])}\n"
Write = Callable[..., Path]
MakeSettings = Callable[..., Settings]
MakeAgents = Callable[[str], Settings]


@pytest.fixture
def agents(settings: MakeSettings, tmp_path: Path) -> MakeAgents:
    """Settings with the tables of a file."""

    def make(toml: str) -> Settings:
        (tmp_path / "warden.toml").write_text(toml, encoding="utf-8")
        (tmp_path / "warden.toml").chmod(0o600)
        read = config.load(tmp_path / "warden.toml", {})
        tables = {name: table for name, table in read.agents.items() if name != "tango_database"}
        return replace(settings(), agents=tables, file=read.file)

    return make


def test_from_a_variable(write: Write, agents: MakeAgents, monkeypatch: pytest.MonkeyPatch) -> None:
    write("ring", GOOD)
    made = agents('[agents.ring]\npassword = { env = "RING_PASSWORD" }\n')
    said = loader.load(made).refused["ring"]
    assert "[agents.ring]: password: the environment variable RING_PASSWORD is not set; set it" in said
    monkeypatch.setenv("RING_PASSWORD", "of-a-variable")
    assert loader.load(made).contracts["ring"].settings["password"] == "of-a-variable"
    assert mask("not of-a-variable!") == "not ***!"


def test_from_a_file(write: Write, agents: MakeAgents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("ring", GOOD)
    monkeypatch.setenv("HOME", str(tmp_path))
    made = agents('[agents.ring]\npassword = { file = "~/of ring" }\n')
    assert "password: the file ~/of ring does not exist; make it" in loader.load(made).refused["ring"]
    file = tmp_path / "of ring"
    file.write_text("of-a-file\n")
    for mode in (0o644, 0o640, 0o604, 0o620):
        file.chmod(mode)
        said = loader.load(made).refused["ring"]
        assert f"{file} is open to others (mode {mode:04o}); run: chmod go= '{file}'" in said
        assert "of-a-file" not in said
    subprocess.run(said.partition("run: ")[2], shell=True, check=True)
    assert loader.load(made).contracts["ring"].settings["password"] == "of-a-file"
    assert mask("of-a-file") == "***"


def test_a_new_secret_is_taken_on_by_a_reload(write: Write, agents: MakeAgents, tmp_path: Path) -> None:
    write("ring", GOOD)
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text("first")
    made = agents(f'[agents.ring]\npassword = {{ file = "{file}" }}\n')
    first = loader.load(made).contracts
    file.write_text("second")
    assert loader.load(made, first).contracts["ring"].settings["password"] == "second"


@pytest.mark.parametrize(
    ("value", "said"), [("{ env = 3 }", "is { env = 3 }; write the name"), ('{ file = "" }', "write the name")]
)
def test_wrong_references(value: str, said: str, write: Write, agents: MakeAgents) -> None:
    write("ring", GOOD)
    assert said in loader.load(agents(f"[agents.ring]\npassword = {value}\n")).refused["ring"]


def test_references_below(write: Write, agents: MakeAgents, monkeypatch: pytest.MonkeyPatch) -> None:
    write("ring", GOOD.replace("''", "''", 1).replace("{'password': ''}", "{'login': {}, 'password': ''}"))
    monkeypatch.setenv("LOGIN", "http://ann:below@host")
    made = agents('[agents.ring.login]\nurl = { env = "LOGIN" }\nhosts = ["a", "b"]\n')
    login = loader.load(made).contracts["ring"].settings["login"]
    assert login == {"url": "http://ann:below@host", "hosts": ["a", "b"]}
    assert mask("user below") == "user ***"


def test_config_shows_none(agents: MakeAgents) -> None:
    made = agents(
        '[agents.ring]\npassword = "plain-text"\nurl = "http://ann:in-url@host"\ntoken = { env = "T" }\nuser = "ann"\n'
    )
    with redirect_stdout(io.StringIO()) as out:
        settings_view.show(made)
    for shown in (out.getvalue(), json.dumps(settings_view.as_dict(made))):
        assert "plain-text" not in shown
        assert "in-url" not in shown
        assert "http://ann:***@host" in shown
        assert "user" in shown
    assert settings_view.as_dict(made)["agents"]["value"]["ring"]["password"] == "***"
    assert settings_view.as_dict(made)["agents"]["value"]["ring"]["token"] == {"env": "T"}


def test_a_value_of_the_wrong_type_is_not_shown(
    write: Write, agents: MakeAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the part of it that would be left after shortening."""
    secret = "s3cret-" * 20
    monkeypatch.setenv("WRONG", secret)
    write("ring", GOOD.replace("{'password': ''}", "{'password': 1, 'other': 1}"))
    for name, value in (("password", f'"{secret}"'), ("other", '{ env = "WRONG" }')):
        said = loader.load(agents(f"[agents.ring]\n{name} = {value}\n")).refused["ring"]
        assert f"{name} is " in said
        assert "s3cret" not in said
    with pytest.raises(SettingError) as refused:
        agents('[agents]\ntoken = "s3cret-token"\n')
    assert "s3cret" not in str(refused.value)


def test_a_settings_file_with_secrets_that_others_may_read(
    write: Write, agents: MakeAgents, caplog: pytest.LogCaptureFixture
) -> None:
    write("ring", GOOD)
    made = agents('[agents.ring]\npassword = "plain"\n')
    assert loader.load(made).notes == []
    assert made.file is not None
    made.file.chmod(0o644)
    said = loader.load(made).notes[0]
    assert f"{made.file} holds [agents.ring] password and others may read it (mode 0644)" in said
    assert "plain" not in said
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    subprocess.run(said.partition("run: ")[2].partition(", or ")[0], shell=True, check=True)
    assert loader.load(made).notes == []
    made = agents('[agents.ring]\npassword = { env = "X" }\ninterval = 1\n')
    made.file.chmod(0o644)  # type: ignore[union-attr]
    assert settings_view.exposed(made) == ""


def test_check_shows_none(write: Write, agents: MakeAgents, capfd: pytest.CaptureFixture[str]) -> None:
    write("ring", USER + "def work(agent):\n    agent.log.warning('tried %s', agent.settings['password'])\n"
                         "    raise ValueError('refused: ' + agent.settings['password'])\n")  # fmt: skip
    made = agents('[agents.ring]\npassword = "never-seen"\n')
    found = trial.check(made, made.plugin_folders[0] / "ring.py")
    assert "refused: ***" in found[0]
    assert "never-seen" not in "".join(capfd.readouterr()) + "".join(found)
    assert logging.lastResort is not None  # what shows log lines where there is no hub, and no pytest
    line = logging.LogRecord("warden.agent.ring", logging.WARNING, "f", 1, "tried %s", ("never-seen",), None)
    assert logging.lastResort.format(line) == "tried ***"
