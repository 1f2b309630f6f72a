import os
from types import SimpleNamespace

import psutil
import pytest

from WardenServer.agent import Agent
from WardenServer.plugins import processes
from WardenServer.results.result import clean


class Process:
    """Stands for psutil's."""

    def __init__(self, pid, name="", command=(), status="sleeping", fail=None):
        self.pid, self.fail = pid, fail
        self.info = {"name": name, "cmdline": list(command), "status": status}

    def is_running(self):
        return self.fail is None

    def memory_info(self):
        if self.fail:
            raise self.fail
        return SimpleNamespace(rss=100)

    def cpu_percent(self):
        if self.fail:
            raise self.fail
        return 25.0


@pytest.fixture
def look(monkeypatch):
    """Run `work` on these processes."""

    def look(found, programs=("memcached",)):
        monkeypatch.setattr(psutil, "process_iter", lambda attrs: list(found))
        monkeypatch.setattr(psutil, "Process", {one.pid: one for one in found}.__getitem__)
        return clean(processes.work(Agent("processes", {"programs": list(programs)})))

    processes._watched.clear()
    return look


def test_what_runs(look):
    two = [Process(1000001, "memcached"), Process(1000002, "memcached")]
    first, reasons, _ = look(two)
    assert first == {"memcached_running": True, "memcached_count": 2, "memcached_cpu": None, "memcached_memory": 200}
    assert "memcached_cpu" in reasons
    second, _, _ = look(two)
    assert second["memcached_cpu"] == 50.0


def test_what_does_not_run(look):
    fields, reasons, _ = look([Process(1000001, "other")])
    assert fields == {"memcached_running": False, "memcached_count": 0, "memcached_cpu": None, "memcached_memory": None}
    assert reasons["memcached_cpu"] == reasons["memcached_memory"] == "not running"


@pytest.mark.parametrize("error", [psutil.NoSuchProcess(1000002), psutil.AccessDenied(1000002)])
def test_a_process_that_cannot_be_looked_at_does_not_hide_the_others(look, error):
    fields, _, _ = look([Process(1000001, "memcached"), Process(1000002, "memcached", fail=error)])
    assert (fields["memcached_count"], fields["memcached_memory"]) == (2, 100)


def test_ended_processes_are_forgotten(look):
    process = Process(1000001, "memcached")
    look([process])
    assert processes._watched
    process.fail = psutil.NoSuchProcess(1000001)
    look([])
    assert not processes._watched


@pytest.mark.parametrize(
    "command",
    [
        ["/usr/bin/scan.py"],
        ["python3.11", "-W", "error", "-u", "/home/me/scan.py", "now"],
        ["/bin/bash", "scan.py"],
    ],
)
def test_scripts_go_by_their_name(command):
    assert "scan.py" in processes._names(Process(1000001, "x", command))


def test_code_on_the_command_line_has_no_name():
    assert processes._names(Process(1000001, "python", ["python", "-c", "scan.py"])) <= {"python", "", "."}


@pytest.mark.parametrize(
    "command", [["python", "/venv/bin/BeamlineWarden", "x"], ["python", "-m", "WardenServer", "serve"]]
)
def test_the_hub_goes_by_one_name(command):
    assert "BeamlineWarden" in processes._names(Process(1000001, "python", command))


def test_our_own_process_is_the_hub():
    assert "BeamlineWarden" in processes._names(Process(os.getpid(), "pytest"))


def test_the_dead_do_not_run():
    assert processes._names(Process(1000001, "memcached", status=psutil.STATUS_ZOMBIE)) == set()


def test_no_access_to_name_and_command():
    assert processes._names(Process(1000001, None, [])) == {""}


def test_names_fit_attributes(look):
    fields, _, _ = look([], ["scan.py", "scan_py"])
    assert {"scan_py_running", "scan_py_2_running"} <= fields.keys()


def test_real_processes():
    processes._watched.clear()
    agent = Agent("processes", dict(processes.SETTINGS))
    processes.work(agent)
    fields, _, _ = clean(processes.work(agent))
    assert fields["BeamlineWarden_running"] is True
    assert isinstance(fields["BeamlineWarden_cpu"], float)
    assert fields["BeamlineWarden_memory"] > 0
