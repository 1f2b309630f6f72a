"""What plugins have started ends with the process that runs them, however that ends, and after an Init."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, clean_environment, free_port

#: Starts children in every way, then waits for one that hangs. KIDS is a folder: each fork writes its process id there.
STARTS = """
import multiprocessing, os, pathlib, subprocess, time
INTERVAL = 60
OFFSET = 0
def sleeps():
    (pathlib.Path(KIDS) / str(os.getpid())).touch()
    time.sleep(1000)
def work(agent):
    subprocess.Popen(NAP)
    subprocess.Popen(NAP, start_new_session=True)
    multiprocessing.get_context("fork").Process(target=sleeps).start()
    first = os.fork()
    if not first:
        os.setsid()
        if not os.fork():
            sleeps()
        os._exit(0)
    os.waitpid(first, 0)
    subprocess.run(["sh", "-c", "setsid " + " ".join(NAP) + " &"])
    subprocess.run(NAP)
"""
SLEEPS, FORKS = 4, 2
#: Its parents are what gives it away, and they live.
BARE = """
import subprocess
INTERVAL = 60
OFFSET = 0
def work(agent):
    subprocess.Popen(NAP, env={})
"""

Write = Callable[..., Path]


class Kids:
    """The children, told from others by how long they sleep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.nap = ["sleep", f"1000.{secrets.randbelow(10**12):012}"]

    def text(self, plugin: str) -> str:
        return plugin.replace("KIDS", repr(str(self._folder))).replace("NAP", repr(self.nap))

    def sleeps(self) -> set[int]:
        return {one.pid for one in psutil.process_iter() if _command(one) == self.nap}

    def forks(self) -> set[int]:
        return {int(path.name) for path in self._folder.iterdir() if _runs(int(path.name))}

    def all(self) -> set[int]:
        return self.sleeps() | self.forks()

    def wait(self, sleeps: int, forks: int, what: str = "") -> set[int]:
        wait_for(lambda: (len(self.sleeps()), len(self.forks())) == (sleeps, forks), 15, f"for the children {what}")
        return self.all()

    def wait_gone(self, pids: set[int]) -> None:
        wait_for(lambda: not pids & self.all(), 8, f"for the end of {len(pids)} children")


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _runs(pid: int) -> bool:
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.fixture
def kids(tmp_path: Path) -> Iterator[Kids]:
    folder = tmp_path / "kids"
    folder.mkdir()
    made = Kids(folder)
    yield made
    for pid in made.all():  # of a test that failed
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def server(hub: MakeHub, write: Write, kids: Kids) -> Hub:
    """A hub with children."""
    write("starts", kids.text(STARTS))
    made = hub()
    kids.wait(SLEEPS, FORKS, made.log())
    return made


def guardians(pid: int) -> list[psutil.Process]:
    """The guardian of a process."""
    return [one for one in psutil.Process(pid).children() if any("guardian.py" in word for word in _command(one))]


def admin(server: Hub) -> tango.DeviceProxy:
    return tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")


def begin_anew(server: Hub, command: str) -> None:
    """Init, DevRestart or RestartServer."""
    if command == "Init":
        server.proxy.Init()
    elif command == "DevRestart":
        admin(server).DevRestart(server.settings.device)
    else:
        admin(server).RestartServer()


@pytest.mark.parametrize("command", ["Init", "DevRestart", "RestartServer"])
def test_an_init_ends_the_children_of_the_old_hub(server: Hub, kids: Kids, write: Write, command: str) -> None:
    [guardian] = guardians(server.pid or 0)
    write("bare", kids.text(BARE))
    server.proxy.Reload()
    old = kids.wait(SLEEPS + 1, FORKS)
    begin_anew(server, command)
    kids.wait_gone(old)
    new = kids.wait(SLEEPS + 1, FORKS, "of the new hub, whose agents wait no more for those of the old")
    assert guardians(server.pid or 0) == [guardian]
    os.kill(server.pid or 0, signal.SIGKILL)
    wait_for(lambda: not server.alive)
    wait_for(lambda: not kids.forks())
    wait_for(lambda: not guardian.is_running())
    assert len(new & kids.all()) <= 1, "the one with an environment of its own"


def test_an_isolated_agent_of_the_new_hub_is_left_alone(hub: MakeHub, write: Write) -> None:
    write("far", "import os\nISOLATE = True\nINTERVAL = 0.2\ndef work(agent):\n    return {'pid': os.getpid()}\n")
    server = hub()
    old = server.wait_document("far", "pid")["pid"]
    server.proxy.Init()
    wait_for(lambda: server.document("far").get("pid") not in (None, old))
    new = server.document("far")["pid"]
    wait_for(lambda: server.proxy.Ticks > 20)
    assert server.document("far")["pid"] == new


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV])
def test_they_end_with_the_hub(server: Hub, kids: Kids, number: signal.Signals) -> None:
    found = kids.all()
    [guardian] = guardians(server.pid or 0)
    os.kill(server.pid or 0, number)
    wait_for(lambda: not server.alive, 5, server.log())
    kids.wait_gone(found)
    wait_for(lambda: not guardian.is_running(), 5, "for the end of the guardian")


def test_they_end_with_a_hub_that_hangs(hub: MakeHub, write: Write, kids: Kids) -> None:
    hang = kids.text(STARTS).replace(f"subprocess.run({kids.nap!r})", "ctypes.PyDLL(None).sleep(1000)")
    write("starts", "import ctypes\n" + hang.replace("OFFSET = 0", "OFFSET = 1"))
    server = hub(hang_limit="2")
    found = kids.wait(SLEEPS - 1, FORKS)
    wait_for(lambda: not server.alive, 15, "for the end of the server that hangs")
    kids.wait_gone(found)


def test_the_guardian_holds_nothing_of_its_server_and_hears_no_signal(server: Hub, kids: Kids) -> None:
    [guardian] = guardians(server.pid or 0)
    files = [path.readlink() for path in Path(f"/proc/{guardian.pid}/fd").iterdir()]
    assert set(files) == {Path(os.devnull)}
    assert os.getsid(guardian.pid) == guardian.pid
    wait_for(lambda: int(_status(guardian.pid, "SigIgn"), 16) >> signal.SIGTERM - 1 & 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        guardian.send_signal(number)
    found = kids.all()
    os.kill(server.pid or 0, signal.SIGKILL)
    kids.wait_gone(found)


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


ENDS = {"hangs": "subprocess.run(NAP)", "crashes": "os.abort()", "exits": "os._exit(3)"}


@pytest.mark.parametrize("end", ENDS)
def test_they_end_with_the_process_of_an_isolated_agent(hub: MakeHub, write: Write, kids: Kids, end: str) -> None:
    plugin = STARTS.replace("INTERVAL = 60", "INTERVAL = 600\nISOLATE = True\nTIMEOUT = 2")
    write("starts", kids.text(plugin.replace("    subprocess.run(NAP)\n", f"    time.sleep(1)\n    {ENDS[end]}\n")))
    server = hub()
    found = kids.wait(SLEEPS - 1, FORKS, server.log())
    server.wait_document("starts", "error")
    kids.wait_gone(found)
    assert not kids.all()
    assert server.alive


def test_they_end_with_a_hub_that_is_killed_while_an_isolated_agent_runs(
    hub: MakeHub, write: Write, kids: Kids
) -> None:
    write("starts", kids.text(STARTS).replace("INTERVAL = 60", "INTERVAL = 60\nISOLATE = True"))
    server = hub()
    found = kids.wait(SLEEPS, FORKS, server.log())
    os.kill(server.pid or 0, signal.SIGKILL)
    kids.wait_gone(found)


@pytest.fixture
def attempt(write: Write, kids: Kids, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Try or check a plugin: its process."""
    begun: list[subprocess.Popen[str]] = []

    def begin(command: str, plugin: str) -> "subprocess.Popen[str]":
        path = write("starts", kids.text(plugin))
        words = [sys.executable, "-m", "WardenServer", command, str(path), "--set", f"state_folder={tmp_path}"]
        words += ["-n1"] if command == "try" else []
        environment = clean_environment(TANGO_HOST=f"127.0.0.1:{free_port()}", WARDEN_CONFIG=str(tmp_path / "no.toml"))
        Path(environment["WARDEN_CONFIG"]).touch()
        begun.append(
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_they_end_with_a_trial_that_is_ended(
    attempt: Callable[..., "subprocess.Popen[str]"], kids: Kids, number: signal.Signals
) -> None:
    trial = attempt("try", STARTS)
    found = kids.wait(SLEEPS, FORKS)
    trial.send_signal(number)
    kids.wait_gone(found)
    trial.communicate(timeout=10)


@pytest.mark.parametrize("command", ["try", "check"])
def test_they_end_with_a_trial_that_has_ended(
    attempt: Callable[..., "subprocess.Popen[str]"], kids: Kids, command: str
) -> None:
    quick = STARTS.replace("INTERVAL = 60", "INTERVAL = 0.5")
    trial = attempt(command, quick.replace("    subprocess.run(NAP)\n", "    return {'x': 1}\n"))
    said, _ = trial.communicate(timeout=20)
    assert trial.returncode == 0 or command == "check", said
    assert not kids.all()
