"""The faults that are thrown at a hub, each a context manager: it begins, holds for a while, and ends. Main thread."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from WardenServer.machine import whole_file
from WardenServer.machine.child import Child, wait_until
from WardenServer.servers.memcached import open_client
from WardenServer.soak.record import COUNTS, DEVICE, DOCUMENTS, RUNS
from WardenServer.soak.shared import kill, stopped
from WardenServer.soak.stage import ARMED, Stage
from WardenServer.soak.watch import Watch

#: Seconds in which the hub must show what a fault asks of it.
SHOWN = 4.0
#: Seconds in which agents that flood have run at least twice.
FLOOD = 3.0
#: Seconds a client that is asked to end may go on waiting for its last answer: more than Tango's limit.
ANSWERED = 4.0

Throw = Callable[["Scene"], AbstractContextManager[None]]


@dataclass
class Scene:
    """What a fault works on; `complaints` are sentences on what the hub should have done and did not."""

    stage: Stage
    watch: Watch
    complaints: list[str] = field(default_factory=list)

    def expect(self, true: Callable[[], bool], sentence: str, limit: float = SHOWN) -> None:
        """Complain when this does not become so within the limit."""
        if not wait_until(true, limit):
            self.complaints.append(sentence)

    def command(self, name: str) -> None:
        """Run a command; one that fails is a complaint."""
        if error := self.watch.command(name):
            self.complaints.append(f"{name}: {error}")


@dataclass(frozen=True)
class Fault:
    """One kind of fault: how long it holds, and what it excuses while it is on."""

    kind: str
    throw: Throw
    seconds: tuple[float, float] = (1.0, 4.0)
    excuses: frozenset[str] = frozenset()


ALL = frozenset({DOCUMENTS, RUNS, DEVICE, COUNTS})


# -- servers


@contextmanager
def _restarted(scene: Scene, child: Child) -> Iterator[None]:
    """Killed, away for a while, and started again where it was."""
    kill(child)
    try:
        yield
    finally:
        child.start()


@contextmanager
def _flushed(scene: Scene) -> Iterator[None]:
    client = open_client((scene.stage.memcached.address,), 2.0)
    client.flush_all()
    client.close()
    yield


@contextmanager
def _database_away(scene: Scene, way: Throw) -> Iterator[None]:
    """The hub must not wait for its database, in no command."""
    with way(scene):
        scene.command("Reload")
        yield
        scene.command("Reload")


@contextmanager
def _hub_killed(scene: Scene) -> Iterator[None]:
    scene.stage.note_processes()
    kill(scene.stage.hub)
    yield
    scene.stage.start_hub_again()
    flood(scene.stage)


def flood(stage: Stage) -> None:
    """Let a new hub see the largest results once: the C library keeps some of that memory, which is no growth."""
    flags = [stage.arm(agent) for agent in ("floods_text", "floods_array", "huge")]
    time.sleep(FLOOD)
    for flag in flags:
        flag.unlink()


# -- clients


@contextmanager
def _clients(scene: Scene, count: int, *words: str, end: Callable[[Child], None] = kill) -> Iterator[None]:
    """So many clients at once, in the end killed or asked to end; what they say of their commands is taken note of."""
    command = [sys.executable, "-P", "-m", "WardenServer.soak.client", scene.stage.device, *words]
    environment = {"TANGO_HOST": scene.stage.database.address}
    outputs = [scene.stage.folder / f"client{number}.out" for number in range(count)]
    clients = [Child("Client", command, output, environment) for output in outputs]
    with ExitStack() as stack:
        for client in clients:
            client.patience = ANSWERED
            stack.callback(end, client)
            client.launch()
        yield
    for output in outputs:
        _take_answers(scene.watch, output)


def _take_answers(watch: Watch, output: Path) -> None:
    for line in output.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith('["') and line.endswith("]"):
            name, began, ended, error = json.loads(line)
            watch.answers(f"{name} in a storm", began, ended, error)


@contextmanager
def _storm(scene: Scene, *commands: str) -> Iterator[None]:
    """Commands from several clients; in the end, when all are answered, the hub runs."""
    with _clients(scene, 3, "storm", *commands, end=Child.stop):
        yield
    scene.command("Start")


@contextmanager
def _stop_and_start(scene: Scene) -> Iterator[None]:
    scene.command("Stop")
    yield
    scene.command("Start")


# -- plugin files


def _edition(scene: Scene) -> int | None:
    """That of the code which filled the document last."""
    return scene.watch.document("shared").get("count02_edition")


def _write(scene: Scene, text: str, by_signal: bool) -> None:
    """Write the counter's file, whole, and let the hub reload."""
    file = scene.stage.plugins / "counter.py"
    whole_file.write(file, text)
    if by_signal and scene.stage.takes_reload_signal() and scene.stage.hub.pid:
        os.kill(scene.stage.hub.pid, signal.SIGUSR1)
    else:
        scene.command("Reload")


@contextmanager
def _edited(scene: Scene, by_signal: bool = False) -> Iterator[None]:
    """A good edit of a file that many agents run; later the file as it was."""
    text = scene.stage.counter
    _write(scene, text.replace("EDITION = 0", "EDITION = 1"), by_signal)
    scene.expect(lambda: _edition(scene) == 1, "the edited counter.py does not run after the reload")
    yield
    _write(scene, text, by_signal)
    scene.expect(lambda: _edition(scene) == 0, "counter.py as it was does not run after the reload")


@contextmanager
def _broken(scene: Scene, edit: str) -> Iterator[None]:
    """An edit that breaks the file; later it is repaired. The old code must go on meanwhile."""
    text = scene.stage.counter
    _write(scene, text.replace("EDITION = 0", edit), False)
    scene.expect(lambda: "counter.py" in scene.watch.status(), "the status does not name the broken counter.py")
    yield
    _write(scene, text, False)
    scene.expect(lambda: "counter.py" not in scene.watch.status(), "the status names counter.py after its repair")


@contextmanager
def _removed(scene: Scene) -> Iterator[None]:
    """The file of one agent is taken away, and put back."""
    file = scene.stage.plugins / "spare.py"
    away = file.with_suffix(".away")
    file.rename(away)
    try:
        scene.command("Reload")
        scene.expect(lambda: not scene.watch.valid("spare_spare_n"), "an attribute of an agent that is gone is VALID")
        yield
    finally:
        shutil.move(away, file)
    scene.command("Reload")
    scene.expect(lambda: scene.watch.valid("spare_spare_n"), "an agent whose file came back has no valid attribute")


# -- agents


@contextmanager
def _misbehaves(scene: Scene, agent: str) -> Iterator[None]:
    """An agent misbehaves; commands are answered meanwhile."""
    flag = scene.stage.arm(agent)
    try:
        if agent in ("hangs", "hangs_apart", "recurses", "huge"):
            scene.expect(lambda: agent in scene.watch.status(), f"the status does not name {agent}", 2 * SHOWN)
        scene.command("Reload")
        yield
        scene.command("Reload")
    finally:
        flag.unlink()


def faults(stage: Stage) -> list[Fault]:
    """All kinds."""
    stale = frozenset({DOCUMENTS})
    memcached: Throw = partial(_restarted, child=stage.memcached)
    database: Throw = partial(_restarted, child=stage.database)
    commands = ("Reload", "Stop", "Start")
    return [
        Fault("memcached killed, empty again at once", memcached, (0.0, 0.0), stale),
        Fault("memcached killed, away for a while", memcached, (1.0, 5.0), stale),
        Fault("memcached stopped (SIGSTOP)", lambda scene: stopped(stage.memcached), (1.0, 5.0), stale),
        Fault("memcached flushed", _flushed, (0.0, 0.0), stale),
        Fault("database killed, away for a while", partial(_database_away, way=database), (1.0, 5.0)),
        Fault(
            "database stopped (SIGSTOP)", partial(_database_away, way=lambda scene: stopped(stage.database)), (1.0, 5.0)
        ),
        Fault("hub stopped (SIGSTOP)", lambda scene: stopped(stage.hub), (3.0, 10.0), ALL - {COUNTS}),
        Fault("hub killed", _hub_killed, (0.0, 0.0), ALL),
        Fault("Reload storm", lambda scene: _clients(scene, 3, "storm", "Reload"), (2.0, 5.0)),
        Fault("Stop, Start, Reload storm", lambda scene: _storm(scene, *commands), (2.0, 5.0), ALL - {COUNTS, DEVICE}),
        Fault("Init storm", lambda scene: _storm(scene, "Init", *commands), (2.0, 5.0), ALL - {DEVICE}),
        Fault("Stop, then Start", _stop_and_start, (0.0, 3.0), ALL - {COUNTS, DEVICE}),
        Fault("a subscriber to everything killed", lambda scene: _clients(scene, 1, "subscribe"), (3.0, 5.0)),
        Fault("three clients read everything", lambda scene: _clients(scene, 3, "read"), (3.0, 6.0)),
        Fault("a file edited, and Reload", _edited),
        Fault("a file edited, and SIGUSR1", partial(_edited, by_signal=True)),
        Fault("a file broken (syntax)", partial(_broken, edit="EDITION = (")),
        Fault("a file broken (raises at import)", partial(_broken, edit="raise OSError('no')")),
        Fault("a file removed and put back", _removed),
        *(Fault(f"agent {agent}", partial(_misbehaves, agent=agent), (2.0, 6.0)) for agent in ARMED),
    ]
