"""Whether the programs that must run do run, how many of each, and what they use.

Publishes, in the document "processes", for each program in the setting "programs":

    PROGRAM_running     true or false
    PROGRAM_count       how many processes
    PROGRAM_cpu         % of one processor, all of them together, since the run before
    PROGRAM_memory      bytes in memory, all of them together

To watch other programs write in the configuration

    [agents.processes]
    programs = ["memcached", "Starter", "scan.py"]

A program is known by the name of its process, by its file, or by the script that Python or a shell runs: scan.py (or
scan) is also `python3 /home/me/scan.py`. Signs that Tango attributes cannot have become _: scan_py_running.
"""

import os
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import psutil

from WardenServer import NoData
from WardenServer.agent import Agent
from WardenServer.plugins.common.naming import field_names

INTERVAL = 5.0

SETTINGS = {"programs": ["BeamlineWarden", "memcached", "PyDatabaseds"]}

_INTERPRETER = re.compile(r"(python|pypy|perl|ruby|bash|sh|java)[\d.]*")
_HUB = "BeamlineWarden"  # also when it was started as `python -m WardenServer serve`, or is the process we are in

#: Processes of earlier runs: psutil measures the processor time of each from one look to the next.
_watched: dict[int, psutil.Process] = {}


def work(agent: Agent) -> dict[str, Any]:
    """Look through all processes for the programs."""
    programs = agent.settings["programs"]
    found: dict[str, list[psutil.Process]] = {program: [] for program in programs}
    _forget_ended()
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        for program in found.keys() & _names(process):
            found[program].append(process)
    fields: dict[str, Any] = {}
    for program, name in zip(found, field_names(found), strict=True):
        fields.update(_fields(name, found[program]))
    return fields


def _forget_ended() -> None:
    for pid in [pid for pid, process in _watched.items() if not process.is_running()]:
        del _watched[pid]


def _names(process: psutil.Process) -> set[str]:
    """All that a process may be called; nothing for one that has ended and only waits to be cleared away."""
    if process.info["status"] == psutil.STATUS_ZOMBIE:
        return set()
    names = {process.info["name"] or "", *_command_names(process.info["cmdline"] or [])}
    if process.pid == os.getpid() or ("WardenServer" in names and "serve" in process.info["cmdline"]):
        names.add(_HUB)
    return names


def _command_names(command: list[str]) -> Iterator[str]:
    """The program's file, and the script where the program is an interpreter, with and without ending."""
    program = PurePath(command[0]).name if command else ""
    yield program
    if _INTERPRETER.fullmatch(program):
        script = PurePath(_script(command[1:]))
        yield from (script.name, script.stem)


def _script(arguments: list[str]) -> str:
    """The script or module among an interpreter's arguments."""
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-W", "-X"):  # options of Python that have a value
            next(rest, None)
        elif argument == "-m":
            return next(rest, "")
        elif argument == "-c":
            return ""
        elif not argument.startswith("-"):
            return argument
    return ""


def _fields(name: str, processes: list[psutil.Process]) -> dict[str, Any]:
    return {
        f"{name}_running": bool(processes),
        f"{name}_count": len(processes),
        f"{name}_cpu": _sum(processes, _cpu),
        f"{name}_memory": _sum(processes, _memory),
    }


def _sum(processes: list[psutil.Process], measure: Any) -> Any:
    """Of what can be measured; null where nothing can."""
    if not processes:
        return NoData("not running")
    measured = [value for value in map(measure, processes) if value is not None]
    return sum(measured) if measured else NoData("nothing to be had in this run")


def _cpu(process: psutil.Process) -> float | None:
    """Percent since the last look; None in the first."""
    try:
        if process.pid in _watched:
            return float(_watched[process.pid].cpu_percent())
        watched = _watched[process.pid] = psutil.Process(process.pid)
        watched.cpu_percent()
    except psutil.Error:  # it has just ended, or we may not look at it
        pass
    return None


def _memory(process: psutil.Process) -> int | None:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # as above
        return None
