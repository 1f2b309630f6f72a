"""Settings: sources and their order, durations, and errors that name the place and the likely meaning."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.settings import config, settings_view, shared


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "warden.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_later_sources_win_and_each_value_knows_its_origin(tmp_path: Path) -> None:
    file = write(tmp_path, 'tick = 0.2\nprefix = "a."\nlog_level = "debug"\narray_limit = 5\n')
    read = config.load(
        file,
        {"WARDEN_PREFIX": "b.", "WARDEN_LOG_LEVEL": "error", "WARDEN_ARRAY_LIMIT": "6"},
        {"LogLevel": ["WARNING"], "ArrayLimit": ["7"]},
        {"array_limit": "8"},
    )
    assert (read.tick, read.prefix, read.log_level, read.array_limit) == (0.2, "b.", "WARNING", 8)
    assert read.origins["tick"] == str(file)
    assert read.origins["prefix"] == "environment WARDEN_PREFIX"
    assert read.origins["log_level"] == "property LogLevel"
    assert read.origins["array_limit"] == "command line"
    assert "expire" not in read.origins


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(3, 3), (0.5, 0.5), ("2", 2), ("1:30", 90), ("30 minutes", 1800), ("1h 5m", 3900), ("2.5 s", 2.5)],
)
def test_durations(said: object, seconds: float) -> None:
    assert config.duration(said) == seconds


@pytest.mark.parametrize("said", ["", "soon", -1, "-1", True, None, float("nan"), float("inf"), [1], "nan"])
def test_no_durations(said: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        config.duration(said)


@given(st.text())
def test_any_text_is_a_duration_or_refused_as_one(said: str) -> None:
    try:
        assert 0 <= config.duration(said) < float("inf")
    except ValueError as error:
        assert "duration" in str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ntik = 0.2\n", ':2: unknown setting "tik"; did you mean "tick"?'),
        ("tick = 0.2\nexpire = 'soon'\n", ":2: expire is 'soon'; write a duration"),
        ("memcached = ['nowhere']\n", 'write a list of "host:port", or "/path/of/a.socket"'),
        ("memcached = '127.0.0.1:11211'\nshipped = 3\n", ":2: shipped is 3; write true or false"),
        ("tick = 0\n", "more than 0"),
        ("tick = 'x\n", "not valid TOML"),
        ("agents = 3\n", ":1: agents is 3"),
        ("[agents]\nhost = 3\n", ":2: agents.host is 3"),
        ("[agents.host]\ninterval = 1\n\n[agents.other]\ninterval = 'x'\n", ":5: interval is 'x'"),
        ("[agents.host]\nmemory = 'much'\n", ":2: memory is 'much'; write a size"),
        ("isolate_memory = '0 MB'\n", ":1: isolate_memory is '0 MB'; write a size"),
        ("[agents.'a b']\ninterval = 1\n", ':1: agent "a b"'),
        ("plugin_folders = ['~nobody_of_this_name/x']\n", "plugin_folders"),
        ("instance = 'a/b'\n", "instance"),
    ],
)
def test_errors_name_the_file_the_line_and_the_meaning(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingError) as refused:
        config.load(file, {})
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_was_named_must_exist_and_be_text(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"does not exist; make it with: warden config --template"):
        config.load(tmp_path / "none.toml", {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match="is saved as UTF-16"):
        config.load(tmp_path / "binary.toml", {})
    with pytest.raises(SettingError, match="is a folder; name the file in it"):
        config.load(tmp_path, {})


def test_wrong_values_of_other_sources_name_the_source() -> None:
    with pytest.raises(SettingError, match="environment WARDEN_TICK: tick is 'x'"):
        config.load(environment={"WARDEN_TICK": "x"})
    with pytest.raises(SettingError, match="property Tick: tick is 'x'"):
        config.load(environment={}, properties={"Tick": ["x"]})
    with pytest.raises(SettingError, match='unknown setting "tok"'):
        config.load(environment={}, options={"tok": "1"})


def test_durations_of_agents_are_read_and_the_default_agent_can_be_changed(tmp_path: Path) -> None:
    file = write(tmp_path, "[agents.host]\ninterval = '1:30'\n[agents.tango_database]\ninterval = 5\n")
    agents = config.load(file, {}).agents
    assert agents["host"] == {"interval": 90.0}
    assert agents["tango_database"]["device"] == "sys/database/2"
    assert agents["tango_database"]["interval"] == 5.0


def test_the_template_is_a_settings_file_that_changes_nothing(tmp_path: Path) -> None:
    assert config.load(write(tmp_path, settings_view.template()), {}).origins == {}


def test_the_template_with_all_lines_active_is_valid(tmp_path: Path) -> None:
    lines = settings_view.template().splitlines()
    active = "\n".join(line.removeprefix("#") for line in lines if not line.startswith("# "))
    table = tomllib.loads(active)
    assert set(config.SETTINGS) == set(table) - {"agents", "notify", "streams", "writers", *shared.TABLES}
    assert table["notify"]["rules"].keys() == {"hot"}
    read = config.load(write(tmp_path, active), {})
    for name in config.SETTINGS:
        assert getattr(read, name) == getattr(config.Settings(), name)


def test_every_setting_says_what_it_means_and_durations_have_units() -> None:
    for name, item in settings_view.as_dict(config.Settings()).items():
        assert item["meaning"].endswith("."), name
    assert settings_view.as_dict(config.Settings())["tick"]["unit"] == "s"


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("web_listen", "8060", 'write "host:port"'),
        ("web_listen", "http://a:1", 'write "host:port"'),
        ("web_interval", 0.05, "at least 0.1 seconds"),
        ("web_login", "never", 'write "elsewhere" or "always"'),
        ("zone", "Mars/Base", "write a time zone that this machine knows"),
        ("zone", "../etc/passwd", "write a time zone that this machine knows"),
        ("web_token", 12345678, "write { env ="),
        ("web_wall_token", "12345678", "write { env ="),
    ],
)
def test_wrong_settings_of_the_web(name: str, value: object, cure: str) -> None:
    with pytest.raises(SettingError, match=re.escape(cure)) as raised:
        config.load(environment={}, options={name: value})
    assert "12345678" not in str(raised.value), "it may be a secret"


def test_of_the_tokens_of_the_web_is_shown_where_they_are(tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text('web_token = { env = "WEB" }\nzone = "Europe/Berlin"\n')
    shown = settings_view.as_dict(config.load(file, {}))
    assert shown["web_token"]["value"] == {"env": "WEB"}
    assert shown["web_wall_token"]["value"] == ""
    assert shown["zone"]["value"] == "Europe/Berlin"


def test_settings_of_the_web_are_no_properties_of_the_device() -> None:
    assert not [name for name in config.PROPERTIES if name.startswith("web_")]
