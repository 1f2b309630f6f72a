"""Where a soak happens: a folder of its own, with a Tango database, Memcached and a hub on free ports. Main thread."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.local.our_servers import HubServer
from WardenServer.machine.child import wait_until
from WardenServer.servers import tango_database
from WardenServer.servers.ports import LOOPBACK
from WardenServer.settings import config

AGENTS = Path(__file__).with_name("agents")
#: Plugin files made from the one of the counter: edited while the hub runs, never touched, and taken away for a while.
COUNTERS = ("counter", "steady", "spare")
#: Seconds until a hub that was killed starts again, as with `warden up`.
PAUSE = 1.0


def _counters() -> dict[str, dict[str, Any]]:
    """The tables in the configuration of the agents that behave well, by name."""
    tables: dict[str, dict[str, Any]] = {}
    for number in range(16):
        name = f"count{number:02}"
        tables[name] = {
            "plugin": COUNTERS[number % 2],
            "interval": 0.1 if number < 10 else 1.0,
            "key": "shared" if number < 3 else name,
            "size": 1000 if number == 4 else 16,
        }
    tables["slow"] = {"plugin": "steady", "interval": 1.0, "key": "slow", "takes": 0.5}
    tables["apart"] = {"plugin": "steady", "interval": 1.0, "key": "apart", "isolate": True}
    return tables


TABLES = _counters()
#: The agents that behave well and are always there, with their intervals.
INTERVALS = {name: float(table["interval"]) for name, table in TABLES.items()}
#: Their documents: key, with the agents that fill it.
DOCUMENTS = {
    table["key"]: [name for name in TABLES if TABLES[name]["key"] == table["key"]] for table in TABLES.values()
}
#: Agents that misbehave while they are armed.
ARMED = ("hangs", "hangs_apart", "recurses", "burns", "floods_text", "floods_array", "huge", "leaks")


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Stage:
    """The servers of a soak and its plugin folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plugins = folder / "plugins"
        self.journal = folder / "journal"
        text = (AGENTS / "counter.py").read_text(encoding="utf-8")
        self.counter = text.replace('"journal": ""', f'"journal": {json.dumps(str(self.journal))}')
        self.ended_by_itself: list[str] = []
        self._seen: dict[int, psutil.Process] = {}
        self.database = LocalDatabase(free_port(), folder / "state")
        self.memcached = LocalMemcached(free_port(), folder / "state")
        self._write_files()
        os.environ["WARDEN_CONFIG"] = str(folder / "warden.toml")  # and of the user's configuration nothing
        self.settings = config.load()
        self.hub = HubServer(self.settings, {})
        self.device = f"tango://{self.database.address}/{self.settings.device}"

    def _write_files(self) -> None:
        self.plugins.mkdir(mode=0o700)
        for file in AGENTS.glob("[a-z]*.py"):
            shutil.copy(file, self.plugins)
        for name in COUNTERS:
            (self.plugins / f"{name}.py").write_text(self.counter, encoding="utf-8")
        settings = {
            "instance": "soak", "shipped": False, "plugin_folders": [str(self.plugins)],
            "state_folder": str(self.folder / "state"), "memcached": [self.memcached.address],
            "tango_host": self.database.address,
        }  # fmt: skip
        tables = {**TABLES, **{name: {"armed": str(self.folder / name)} for name in ARMED}}
        lines = _assignments(settings)
        for name, table in tables.items():
            lines += [f"[agents.{name}]", *_assignments(table)]
        (self.folder / "warden.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.journal.touch()

    @contextmanager
    def running(self) -> Iterator[None]:
        """All servers run; in the end they have ended."""
        with ExitStack() as stack:
            for child in (self.database, self.memcached):
                stack.enter_context(child)
            tango_database.register(tango_database.connect(self.database.address), self.settings)
            stack.enter_context(self.hub)
            stack.callback(self.note_processes)
            yield

    # -- the hub's process

    @property
    def process(self) -> psutil.Process | None:
        """The hub's process, if it runs."""
        try:
            return psutil.Process(self.hub.pid) if self.hub.alive else None
        except psutil.NoSuchProcess:
            return None

    def note_processes(self) -> None:
        """Remember the processes of isolated agents, to see in the end that none is left."""
        process = self.process
        try:
            children = process.children(recursive=True) if process is not None else []
        except psutil.NoSuchProcess:
            return
        self._seen.update({child.pid: child for child in children})

    def left_behind(self) -> list[str]:
        """Processes of the hub that are still there, waited for a little."""

        def left() -> list[psutil.Process]:
            return [each for each in self._seen.values() if each.is_running() and each.status() != "zombie"]

        wait_until(lambda: not left(), 2.0)
        return [str(process) for process in left()]

    def start_hub_again(self) -> None:
        """As `warden up` would: after a pause, until it answers."""
        time.sleep(PAUSE)
        self.hub.launch()
        wait_until(lambda: not self.hub.alive or self.hub.answers(), 20.0)

    def see_to_hub(self) -> None:
        """A hub that has ended without being killed by us is a finding, and is started again."""
        if not self.hub.alive:
            self.ended_by_itself.append(f"exit code {self.hub.code}: {self.hub.last_line()}")
            shutil.copy(self.hub.output, self.folder / f"ended-{len(self.ended_by_itself)}.out")
            self.start_hub_again()

    # -- what faults do

    def arm(self, agent: str) -> Path:
        """The file that makes an agent misbehave."""
        path = self.folder / agent
        path.touch()
        return path

    def takes_reload_signal(self) -> bool:
        """Whether SIGUSR1 is something to the hub: else it would end it."""
        if self.hub.pid is None:
            return False
        status = Path(f"/proc/{self.hub.pid}/status").read_text(encoding="ascii")
        masks = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Sig"))
        return any(int(masks[name], 16) >> (signal.SIGUSR1 - 1) & 1 for name in ("SigBlk", "SigCgt"))


def _assignments(values: Mapping[str, Any]) -> list[str]:
    """Lines of TOML; JSON's texts, numbers and lists are TOML's too."""
    return [f"{name} = {json.dumps(value)}" for name, value in values.items()]
