"""Every agent and template that ships keeps the contract, runs, and so do copies of the templates."""

import ast
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import clean_environment
from WardenServer.authoring import templates, trial
from WardenServer.loading import loader
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.settings import config


def is_processor(file: str) -> bool:
    """Whether a class in it has a name, as text."""
    tree = ast.parse((loader.SHIPPED / f"{file}.py").read_text(encoding="utf-8"))
    lines = [line for each in tree.body if isinstance(each, ast.ClassDef) for line in each.body]
    return any(isinstance(line, ast.Assign) and ast.unparse(line).startswith("name = '") for line in lines)


MakeSettings = Callable[..., config.Settings]

FILES = sorted(path.stem for path in loader.SHIPPED.glob("*.py") if path.stem != "__init__")
#: Files with a processor of an event stream: these are no agents before a stream is named.
PROCESSORS = [name for name in FILES if is_processor(name)]
SHIPPED = [name for name in FILES if name not in PROCESSORS]
#: These read a Tango database, in a process of their own: Tango keeps the first database that it has seen.
NEED_TANGO = ("read_tango", "tango_servers", "tango_alive", "tango_starter", "template_tango")
#: Shorter than the files' own, for the sake of the tests' time.
FAST = {"interval": 0.5}


@pytest.fixture
def url() -> Iterator[str]:
    """A JSON service on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"sessionId = 1;" if self.path == "/page" else b'{"Level": 1.5, "Valve": "open"}')

        def do_POST(self) -> None:  # as Web2c does
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<data><update><id>p</id><value>1e-9</value></update></data>")

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/status.json"
    server.shutdown()
    thread.join()
    server.server_close()


def toml(agent: str, **more: object) -> str:
    said = {**FAST, **more}
    return f"[agents.{agent}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())


def warden(tmp_path: Path, host: str, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, with settings of its own."""
    file = tmp_path / "warden.toml"
    file.write_text(text)
    environment = clean_environment(TANGO_HOST=host, WARDEN_STATE_FOLDER=str(tmp_path / "state"))
    command = [sys.executable, "-m", "WardenServer", *words, "--config", str(file)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def given(settings: config.Settings, agent: str, url: str) -> config.Settings:
    file = settings.state_folder.parent / "none.conf"
    file.write_text("# nothing is required\n")
    more: dict[str, dict[str, Any]] = {
        "http_json": {"url": url},
        "required_servers": {"required": str(file), "running": []},
        "required_states": {"states": str(file)},
        "web2c": {"server": url.removesuffix("/status.json"), "page": "/page", "root": "vacuum", "settling": 0.0},
    }
    tables: dict[str, Any] = {
        "jobs": {"storage": str(settings.state_folder)}, "runs": {"documents": ["Petra"]},
        "ping": {"hosts": ["127.0.0.1 send=1"], "patience": 0.2}, "ping_archive": {},
    }  # fmt: skip
    slow = agent.startswith(("jobs_", "run_", "ping"))  # the first run makes a database, or loads much
    own = {} if agent == "ping_nightly" else {"interval": 5.0} if slow else FAST
    return replace(settings, agents={agent: {**own, **more.get(agent, {})}}, shared=tables)


def test_nothing_that_ships_is_left_out() -> None:
    assert set(NEED_TANGO) < set(SHIPPED)
    assert {"host", "processes"} < set(SHIPPED)
    assert {f"template_{name}" for name in templates.known()} < set(FILES)
    assert {"count", "disk_usage", "histogram", "image_sum", "rate", "stats", "template_processor"} == set(PROCESSORS)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name not in NEED_TANGO])
def test_it_keeps_the_contract(name: str, settings: MakeSettings, url: str) -> None:
    agent = name.removeprefix("template_")
    assert trial.check(given(settings(), agent, url), loader.SHIPPED / f"{name}.py") == []


@pytest.mark.parametrize("name", NEED_TANGO)
def test_with_a_tango_database_it_keeps_the_contract(name: str, database: LocalDatabase, tmp_path: Path) -> None:
    more = {} if name in ("tango_servers", "template_tango") else {"device": "sys/database/2"}
    path = loader.SHIPPED / f"{name}.py"
    agents = toml(name.removeprefix("template_"), **more)
    done = warden(tmp_path, database.address, agents, "check", str(path))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"{path} keeps the contract.\n")
    done = warden(tmp_path, database.address, agents, "try", "--json", "-n1", str(path))
    [line] = done.stdout.splitlines()
    document = json.loads(line)["document"]
    if name == "tango_starter":
        assert "RunningServers" in document["reason"], "the database is no Starter"
        return
    assert document.get("State", "ON") == "ON"
    assert "error" not in document
    assert "reason" not in document


def test_without_its_setting_a_template_for_instances_is_refused(settings: MakeSettings) -> None:
    [sentence] = trial.check(settings(), loader.SHIPPED / "read_tango.py")
    assert "read_tango.py needs the setting device; give it in [agents.read_tango]" in sentence


def test_without_its_table_an_agent_of_several_is_refused(settings: MakeSettings) -> None:
    [sentence] = trial.check(settings(), loader.SHIPPED / "jobs_status.py")
    assert sentence.endswith("jobs_status.py needs the table [jobs]; add it to the settings file")
    loaded = loader.load(replace(settings(shipped=True), agents={"jobs_status": {}}))
    assert loaded.refused["jobs_status"].endswith("jobs_status needs the table [jobs]; add it to the settings file")
    [sentence] = trial.check(settings(), loader.SHIPPED / "run_differ.py")
    assert sentence.endswith("run_differ.py needs the table [runs]; add it to the settings file")


@pytest.mark.parametrize("template", [name for name in templates.known() if name not in ("tango", "processor")])
def test_a_copy_of_a_template_loads_and_runs(template: str, folder: Path, settings: MakeSettings, url: str) -> None:
    path = templates.make("http_json" if template == "http_json" else "mine", template, folder)
    made = given(settings(), path.stem, url)
    assert list(loader.load(made).contracts) == [path.stem]
    [run] = trial.runs(trial.load(made, path), 1)
    assert run.result.error is None
    assert len(run.document) > 1
    assert run.warnings == []


def test_a_copy_of_the_tango_template_loads_and_runs(
    folder: Path, tmp_path: Path, settings: MakeSettings, database: LocalDatabase
) -> None:
    path = templates.make("mine", "tango", folder)
    assert list(loader.load(replace(settings(), agents={})).contracts) == ["mine"]
    done = warden(tmp_path, database.address, toml("mine"), "try", "--json", "-n1", str(path))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)["document"]
    assert (document["State"], document["Ok"]) == ("ON", True)


def test_all_that_runs_by_default_loads_together(settings: MakeSettings) -> None:
    loaded = loader.load(replace(settings(shipped=True), plugin_folders=()))
    assert loaded.refused == {}
    assert loaded.problems == []
    assert set(loaded.contracts) == {"host", "processes", "tango_servers", "tango_database"}
