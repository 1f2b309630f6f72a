"""A hub that watches a run database of CMS, and what people see of it."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.conftest import wait_for
from tests.contract.runs.runinfo.database import Value, fill
from tests.system.conftest import Hub, MakeHub, clean_environment
from WardenServer.hub.runs.configured import runs_of
from WardenServer.plugins.common.runs import progress
from WardenServer.plugins.common.runs.opening import open_source, open_store
from WardenServer.results.event import Event
from WardenServer.settings import config
from WardenServer.sinks.events import store

#: What ships besides and would run.
OTHERS = "host,processes,tango_database,tango_servers"
TABLE = """
[runs]
database = "{url}"
parameters = "{folder}/diffed parameters.txt"
link = "http://warden.example"
[agents.run_differ]
interval = 0.5
"""
Runs = dict[int, dict[str, Value]]


def settings_of(server: Hub) -> config.Settings:
    """What a command beside this hub goes by."""
    said = {"instance": server.settings.instance, "state_folder": str(server.settings.state_folder)}
    return config.load(environment={"WARDEN_CONFIG": str(server.file)}, options=said)


#: Runs one command after the other in one process: to load the program takes longer than most of them.
_MANY = """
import json, sys
from click.testing import CliRunner
from WardenServer.cli.commands import main
for words in json.load(sys.stdin):
    done = CliRunner().invoke(main, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    print(json.dumps([done.exit_code, done.stdout, done.stderr]))
"""


class Done(NamedTuple):
    """What became of a command."""

    code: int
    stdout: str
    stderr: str


def warden(server: Hub, *words: str) -> Done:
    """A command beside a hub, as a program."""
    done = _run(server, ["-m", "WardenServer", *_whole(server, words)])
    return Done(done.returncode, done.stdout, done.stderr)


def wardens(server: Hub, *lines: tuple[str, ...]) -> list[Done]:
    """Several commands one after the other, in one program."""
    done = _run(server, ["-c", _MANY], json.dumps([_whole(server, words) for words in lines]))
    assert done.returncode == 0, done.stderr
    return [Done(*json.loads(line)) for line in done.stdout.splitlines()]


def _whole(server: Hub, words: Sequence[str]) -> list[str]:
    """A command with the settings of the hub."""
    settings, number = server.settings, 2 if words[0] == "run" else 1
    given = {"state_folder": settings.state_folder, "prefix": settings.prefix, "memcached": server.servers}
    options = [f"--set={name}={value}" for name, value in given.items()]
    return [*words[:number], "-i", settings.instance, *options, *words[number:]]


def _run(server: Hub, words: Sequence[str], given: str | None = None) -> "subprocess.CompletedProcess[str]":
    more = {"TANGO_HOST": server.database, "WARDEN_CONFIG": str(server.file), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-P", *words], input=given, capture_output=True, encoding="utf-8", check=False, timeout=60,
        env=clean_environment(**more),
    )  # fmt: skip


class Watched:
    """Not started before `start`. `url` is that which the hub goes by, `direct` the database itself."""

    def __init__(self, hub: MakeHub, folder: Path, url: str, direct: str = "") -> None:
        self._hub, self._folder, self._url, self._direct = hub, folder, url, direct or url
        self.server: Hub

    def start(self, parameters: str, more: str = "") -> None:
        (self._folder / "diffed parameters.txt").write_text(parameters, encoding="utf-8")
        (self._folder / "warden.toml").write_text(TABLE.format(url=self._url, folder=self._folder) + more)
        self.server = self._hub(shipped="yes", disabled=OTHERS)

    def fill(self, runs: Runs) -> None:
        fill(self._direct, runs)

    @property
    def url_log(self) -> list[str]:
        path = self._folder / "state" / f"runs-{self.server.settings.instance}" / "BotUrlLog.html"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def events(self) -> list[Event]:
        return store.read(store.place(self.server.settings), 1000, agent="run_differ")

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    def wait_looked(self, number: int, limit: float = 30) -> None:
        """Wait until the agent has looked at a run."""
        runs = runs_of(settings_of(self.server))
        with closing(open_store(runs)) as kept, closing(open_source(runs, kept)) as source:

            def there() -> bool:
                return progress.read(kept, source.name).looked == number

            wait_for(there, limit, f"for a look at run {number}: {self.server.log()[-2000:]}")


def said(server: Hub, sentence: str) -> int:
    """In how many lines of the hub's log this is."""
    return sum(sentence in line for line in server.log().splitlines())


def told(server: Hub, done: Callable[[], bool], what: str, limit: float = 30) -> None:
    """Wait with the hub's log at hand."""
    wait_for(done, limit, f"for {what}: {json.dumps(server.document('runs'))[:2000]} {server.log()[-2000:]}")
