"""The command line as people and programs use it: exit codes, sentences, and never a traceback."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.system.conftest import free_port
from WardenServer import __version__
from WardenServer.authoring import templates
from WardenServer.cli import commands as cli
from WardenServer.machine import descendants
from WardenServer.settings import config

GOOD = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"
COMMANDS = sorted(cli.main.commands)

Warden = Callable[..., Result]


@pytest.fixture
def warden(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warden]:
    """Run a command: warden("config", "--json"). Nothing of the user's is seen or touched."""
    for name in [name for name in os.environ if name.startswith("WARDEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WARDEN_CONFIG", "")  # so that what a command sets is undone
    monkeypatch.setenv("WARDEN_PLUGIN_FOLDERS", str(folder))
    monkeypatch.setenv("WARDEN_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("WARDEN_MEMCACHED", f"127.0.0.1:{free_port()}")  # nobody is there
    monkeypatch.setenv("TANGO_HOST", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(config, "CONFIG_FILE", tmp_path / "none.toml")
    monkeypatch.setattr(descendants, "Descendants", nullcontext)  # this process has other children, too

    def run(*words: object) -> Result:
        done = CliRunner().invoke(cli.main, [str(word) for word in words], prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        assert "Traceback" not in done.output
        return done

    yield run


def sentence(done: Result, code: int) -> str:
    """The one sentence of a command that has failed."""
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("warden: ")
    return line.removeprefix("warden: ")


# -- help


def test_help_teaches(warden: Warden) -> None:
    done = warden("--help")
    assert done.exit_code == 0
    for words in ("warden up", "warden status", "warden get", "warden new NAME", "warden try FILE"):
        assert words in done.stdout
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert warden("-h").stdout == done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(command: str, warden: Warden) -> None:
    done = warden(command, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: warden {command} ")
    known = cli.main.commands[command]
    assert known.help
    for parameter in known.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{command} {parameter.opts} has no help"


def test_without_a_command_it_shows_the_help_and_that_is_wrong_usage(warden: Warden) -> None:
    done = warden()
    assert done.exit_code == 2
    assert "Begin with:" in done.output


def test_the_version(warden: Warden) -> None:
    assert warden("--version").stdout == f"WardenServer {__version__}\n"


# -- wrong usage


@pytest.mark.parametrize(
    "words",
    [
        ("statsu",), ("--no-such-option",), ("status", "--jsn"), ("get",), ("get", "a", "b"), ("try",),
        ("notify", "mute"),
        ("try", "x.py", "--runs", "0"), ("try", "x.py", "--runs", "many"), ("status", "--set", "tick"),
        ("status", "extra"), ("serve",), ("new", "a", "b"),
    ],
)  # fmt: skip
def test_wrong_usage_is_code_2_and_said(words: tuple[str, ...], warden: Warden) -> None:
    done = warden(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr


def test_a_setting_without_a_value(warden: Warden) -> None:
    assert '"tick": write NAME=VALUE, such as tick=0.2' in " ".join(warden("config", "--set", "tick").stderr.split())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("tck=1", 'unknown setting "tck"; did you mean "tick"?'),
        ("zzzzz=1", 'unknown setting "zzzzz"; `warden config` lists all settings'),
        ("tick=soon", "tick is 'soon'; write a duration"),
        ("tick=0", "tick is '0'; write a duration of more than 0 seconds"),
        ("shipped=perhaps", "shipped is 'perhaps'; write true or false"),
        ("memcached=somewhere", "memcached is 'somewhere'; write a list of \"host:port\""),
    ],
)
@pytest.mark.parametrize("command", ["config", "status", "new", "reload"])
def test_a_wrong_setting_is_code_2_with_the_cure(command: str, given: str, said: str, warden: Warden) -> None:
    assert said in sentence(warden(command, "--set", given), 2)


def test_a_wrong_variable_and_a_wrong_file(warden: Warden, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text("instance = 'a'\ntikc = 0.2\n")
    assert f'{file}:2: unknown setting "tikc"; did you mean "tick"?' in sentence(warden("config", "-c", file), 2)
    file.write_text("instance = \n")
    assert f"{file}: not valid TOML" in sentence(warden("config", "-c", file), 2)
    assert "does not exist; make it with: warden config --template" in sentence(
        warden("config", "-c", tmp_path / "x"), 2
    )
    monkeypatch.setenv("WARDEN_CONFIG", "")
    monkeypatch.setenv("WARDEN_TICK", "soon")
    assert "environment WARDEN_TICK: tick is 'soon'" in sentence(warden("config"), 2)


def test_serve_refuses_a_wrong_setting_and_an_impossible_name(warden: Warden) -> None:
    assert 'unknown setting "tck"' in sentence(warden("serve", "here", "--set", "tck=1"), 2)
    assert "instance is 'a/b'" in sentence(warden("serve", "a/b"), 2)


# -- config


def test_config_shows_every_setting_with_its_meaning_and_origin(
    warden: Warden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "w.toml"
    file.write_text("log_level = 'debug'\nexpire = 60\n[agents.host]\ninterval = 5\n")
    monkeypatch.setenv("WARDEN_EXPIRE", "30 s")
    done = warden("config", "-c", file, "--json", "--set", "tick=0.2")
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert set(config.SETTINGS) <= set(shown)
    for name in config.SETTINGS:
        assert set(shown[name]) >= {"value", "origin", "unit", "meaning"}
        assert shown[name]["meaning"]
    assert (shown["tick"]["value"], shown["tick"]["origin"]) == (0.2, "command line")
    assert (shown["log_level"]["value"], shown["log_level"]["origin"]) == ("DEBUG", str(file))
    assert (shown["expire"]["value"], shown["expire"]["origin"]) == (30.0, "environment WARDEN_EXPIRE")
    assert (shown["autostart"]["value"], shown["autostart"]["origin"]) == (True, "default")
    table = warden("config", "-c", file)
    assert table.exit_code == 0
    for name in config.SETTINGS:
        assert name in table.stdout
    assert "host" in table.stdout


def test_the_template_of_a_settings_file_is_one(warden: Warden, tmp_path: Path) -> None:
    done = warden("config", "--template")
    assert done.exit_code == 0
    assert tomllib.loads(done.stdout) == {}
    file = tmp_path / "w.toml"
    file.write_text(done.stdout)
    assert warden("config", "-c", file).exit_code == 0
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in done.stdout.splitlines()
    ]
    changed = tomllib.loads("\n".join(lines))
    assert set(config.SETTINGS) <= set(changed), "each can be had by taking the # away"
    file.write_text("\n".join(lines))
    made = config.load(file, environment={})
    for name, item in config.SETTINGS.items():
        assert getattr(made, name) == item.default, name


# -- new, try, check


def test_new_list(warden: Warden) -> None:
    done = warden("new", "--list")
    assert done.exit_code == 0
    for name, line in templates.known().items():
        assert name in done.stdout
        assert line in done.stdout
    assert warden("new").stdout == done.stdout


def test_new_try_and_check_go_together(warden: Warden, folder: Path) -> None:
    done = warden("new", "ring")
    path = folder / "ring.py"
    assert (done.exit_code, path.exists()) == (0, True)
    assert f"warden try {path}" in done.stdout
    assert "warden reload" in done.stdout
    path.write_text(path.read_text().replace("INTERVAL = 1.0", "INTERVAL = 0.1"))
    done = warden("try", path, "-n", 2)
    assert done.exit_code == 0
    assert "ring_Sine: float" in done.stdout
    done = warden("check", path)
    assert (done.exit_code, done.stdout) == (0, f"{path} keeps the contract.\n")


def test_new_refuses(warden: Warden, folder: Path) -> None:
    (folder / "ring.py").touch()
    assert "exists; choose another name" in sentence(warden("new", "ring"), 1)
    assert "cannot be an agent's name" in sentence(warden("new", "my-ring"), 1)
    assert 'did you mean "minimal"?' in sentence(warden("new", "other", "--from", "minimla"), 1)
    assert [path.name for path in folder.iterdir()] == ["ring.py"]


def test_new_takes_the_first_of_your_folders(warden: Warden, tmp_path: Path) -> None:
    folders = os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")])
    assert warden("new", "ring", "--from", "state", "--set", f"plugin_folders={folders}").exit_code == 0
    assert "runs_in_all" in (tmp_path / "one" / "ring.py").read_text()


def test_try_is_code_1_when_a_run_fails(warden: Warden, write: Callable[..., Path]) -> None:
    path = write("bad", GOOD.replace("{'x': 1}", "1 / 0"))
    done = warden("try", path, "-n1")
    assert done.exit_code == 1
    assert f"{path}:3: ZeroDivisionError" in done.stdout
    [line] = warden("try", path, "-n1", "--json").stdout.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["error"]
    assert f"{path}:1: not valid Python" in sentence(warden("try", write("bad", "def work(\n")), 1)
    assert "is no plugin file" in sentence(warden("try", path.with_name("none.py")), 1)


def test_check_says_all_that_is_wrong(warden: Warden, write: Callable[..., Path]) -> None:
    path = write("bad", GOOD.replace("{'x': 1}", "{'a b': 1, 'nan': float('nan')}"))
    done = warden("check", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 2
    done = warden("check", write("bad", "import sys\nsys.exit(0)\n"))
    assert done.exit_code == 1
    assert "calls sys.exit() when it is imported" in done.stderr
    done = warden("check", path.with_name("none.py"))
    assert (done.exit_code, done.stderr) == (
        1,
        f"{path.with_name('none.py')} is no plugin file; name a file that ends in .py\n",
    )


# -- nobody there


@pytest.mark.parametrize("words", [("start",), ("stop",), ("reload",), ("register",), ("serve", "here")])
def test_without_a_database_it_is_one_sentence(words: tuple[str, ...], warden: Warden) -> None:
    assert f"{os.environ['TANGO_HOST']} does not answer" in sentence(warden(*words), 1)


def test_without_memcached_it_is_one_sentence(warden: Warden) -> None:
    said = sentence(warden("get", "host"), 1)
    assert said.startswith(f"Memcached {os.environ['WARDEN_MEMCACHED']} does not answer")


def test_status_without_anything(warden: Warden) -> None:
    done = warden("status")
    assert done.exit_code == 1
    assert f"Memcached {os.environ['WARDEN_MEMCACHED']} does not answer" in done.stdout
    assert f"TANGO_HOST={os.environ['TANGO_HOST']} does not answer" in done.stdout
    done = warden("status", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["state"], document["agents"]) == ("UNKNOWN", {})


@pytest.mark.parametrize("wrong", ["nonsense", "host:port", ":10000"])
@pytest.mark.parametrize("words", [("reload",), ("status",), ("register",)])
def test_a_tango_host_that_is_none(
    wrong: str, words: tuple[str, ...], warden: Warden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGO_HOST", wrong)
    done = warden(*words)
    assert done.exit_code in (1, 2)
    assert f'TANGO_HOST is "{wrong}"; write host:port' in done.output


def test_no_tango_host_at_all(warden: Warden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tango.ApiUtil.get_env_var", lambda name: "")
    assert "no Tango database is known; set TANGO_HOST to yours, or run `warden up`" in sentence(warden("reload"), 1)


def test_a_reader_that_closes_the_pipe_gets_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m WardenServer config --set state_folder={tmp_path} | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr


def test_watch_is_a_setting_for_the_server_that_up_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    from WardenServer.local import up

    given: list[dict[str, Any]] = []
    monkeypatch.setattr(up, "run", lambda settings, options: given.append(dict(options)) or 7)
    monkeypatch.setattr(os, "_exit", sys.exit)
    assert CliRunner().invoke(cli.main, ["up", "--watch", "--set", "tick=0.2"]).exit_code == 7
    assert given == [{"tick": "0.2", "watch": "yes"}]


# -- rules, the example, old files

RULES = """
[agents.petra]
plugin = "read_tango"
key = "Petra"
device = "petra/globals/keyword"
attributes = ["BeamCurrent"]
[agents.keithley]
plugin = "tango_alive"
device = "p02/keithley428/eh2a.01"
state_key = "P022.keithley.state"
[notify.targets.mail]
url = { env = "WARDEN_TEST_URL" }
[notify.rules.beam]
field = "Petra.BeamCurrent"
below = 20
to = ["mail"]
[notify.rules.keithley]
field = "P022.keithley.state.value"
equals = false
[notify.rules.failing]
failing = "*"
"""
WRONG_RULES = """
[notify.rules.a]
field = "Petra.BeamCurent"
below = 20
[notify.rules.b]
failing = "peta"
[notify.rules.c]
stale = "Petr"
[notify.rules.d]
missing = "check"
[notify.targets.file]
url = { file = "/nowhere/at/all" }
"""


def test_check_without_a_file_holds_rules_against_what_agents_have(
    warden: Warden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(RULES)
    done = warden("check", "-c", file)
    assert done.exit_code == 1
    assert "[notify.targets.mail]: url: the environment variable WARDEN_TEST_URL is not set" in done.stderr
    monkeypatch.setenv("WARDEN_TEST_URL", "json://example.org/")
    done = warden("check", "-c", file)
    assert (done.exit_code, done.stdout) == (0, "Agents, rules and targets fit each other.\n")
    assert done.stderr.startswith("Note: the running hub was not asked for its fields: ")
    file.write_text(RULES + WRONG_RULES)
    done = warden("check", "-c", file)
    assert done.exit_code == 1
    for said in (
        '[notify.rules.a]: no agent has the field "Petra.BeamCurent"; did you mean Petra.BeamCurrent?',
        '[notify.rules.b]: there is no agent "peta"; did you mean petra?',
        '[notify.rules.c]: no agent fills the key "Petr"; did you mean Petra?',
        '[notify.rules.d]: no agent fills the key "check"',
        "[notify.targets.file]: url: the file /nowhere/at/all does not exist; make it, or correct file",
    ):
        assert said in done.stderr


@pytest.mark.parametrize(
    "table, said",
    [
        ('[ping]\nhosts = ["a.b send=x"]', "[ping]: hosts: 'a.b send=x': send is 'x'; write a whole number"),
        ("[ping_archive]\nnodes = 7", "[ping_archive]: nodes is 7; write a path"),
        ('[ping_archive]\nnodes = "/nowhere/at/all"', "nodes: /nowhere/at/all cannot be read"),
        ('[ping]\nhosts = ["a.b"]\n[ping_archive]', ""),
    ],
)
def test_check_without_a_file_reads_the_tables_of_pings(warden: Warden, tmp_path: Path, table: str, said: str) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(f"{table}\n")
    done = warden("check", "-c", file)
    assert done.exit_code == (1 if said else 0) and said in done.stderr


def test_config_shows_rules_and_never_the_url_of_a_target(warden: Warden, tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(RULES.replace('{ env = "WARDEN_TEST_URL" }', '"json://example.org/secret-4711"'))
    file.chmod(0o600)
    for words in ((), ("--json",)):
        shown = warden("config", "-c", file, *words).stdout
        assert "Petra.BeamCurrent" in shown and "mail" in shown and "4711" not in shown


def test_the_example_p02_is_valid_and_others_are_named(warden: Warden, tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(warden("config", "--example", "p02").stdout)
    assert set(config.load(file, {}).agents) >= {"petra", "interlock", "check_starters", "vacuum_oh1"}
    assert sentence(warden("config", "--example", "p03"), 2) == 'there is no example "p03"; there are: p02'


def test_port_converts_a_file_into_the_plugin_folder(warden: Warden, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.py"
    old.write_text("TICKTACK = 10.\ndef work(unlock=False):\n    print 'x', 1 / 2\n")
    done = warden("port", old)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "+    print('x', 1 / 2)" in done.stdout.splitlines()
    assert f"Look at {folder}/old.py:3: / of two whole numbers" in done.stdout
    assert (folder / "old.py").read_text().endswith("    print('x', 1 / 2)\n")
    assert sentence(warden("port", old), 1) == f"{folder}/old.py exists; choose another name, or remove it first"
    made = json.loads(warden("port", old, "--json", "-o", folder / "new.py").stdout)
    assert made["file"] == f"{folder}/new.py" and made["look"][0][0] == 3
    assert "cannot be read" in sentence(warden("port", tmp_path / "none.py"), 1)


def test_notify_without_rules_or_targets(warden: Warden) -> None:
    assert warden("notify", "list").stdout.startswith("There are no rules; write a table [notify.rules.NAME]")
    assert "there are no targets; write a table" in sentence(warden("notify", "test"), 2)
    done = warden("notify", "mute", "beam", "--until", "yesterday", "--why", "x")
    assert done.exit_code == 2 and "write a duration such as 2h, a time such as 18:00" in " ".join(done.stderr.split())
