"""Finds and kills the processes that bear a tag; as a program it does so when the process that started it has ended.

Whose child a process was is not known any more when its parents have ended, so those who run plugins give what they
start a tag: a variable of the environment, which programs inherit. Forks that run no other program show the environment
of the first program for good; they hold a file of that name open.

The program must start fast and stay small, so this module needs the standard library only, and little of that.
"""

import os
import signal
import sys
import time
from collections.abc import Callable

#: The variable with the tag.
VARIABLE = "WARDEN_TAG"
#: Seconds between two looks whether the parent still runs.
LOOK = 0.25
#: Seconds in which those that were killed must be gone, and between two looks at that.
LIMIT, PAUSE = 5.0, 0.01


def new_tag() -> str:
    """A tag of its own, that begins with the tag of this process: who has ended the one has ended the other."""
    return os.environ.get(VARIABLE, "") + os.urandom(8).hex()


def file_name(tag: str) -> str:
    """The name of the file in memory that forks hold open."""
    return f"{VARIABLE}={tag}"


def find(tag: str) -> list[int]:
    """The process ids of all other processes that bear this tag, or one that begins with it. Linux only."""
    own = os.getpid()
    return [pid for pid in _processes() if pid != own and (_has_variable(pid, tag) or _holds_file(pid, tag))]


def kill(tag: str, limit: float) -> bool:
    """Kill all other processes that bear this tag; as `kill_found`."""
    return kill_found(lambda: find(tag), limit)


def kill_found(look: Callable[[], list[int]], limit: float) -> bool:
    """Kill the processes that `look` finds, again and again as they may start others; False when some are left after
    `limit` seconds."""
    until = time.monotonic() + limit
    while found := look():
        if time.monotonic() > until:
            return False
        kill_all(found)
        time.sleep(PAUSE)
    return True


def kill_all(pids: list[int]) -> None:
    """Kill these, as far as they are there and may be killed."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # it has ended, or has become another user's


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:  # another system
        return []


def _has_variable(pid: int, tag: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"\0{VARIABLE}={tag}".encode() in b"\0" + file.read()
    except OSError:  # it has ended, or is another user's
        return False


def _holds_file(pid: int, tag: str) -> bool:
    """Only of processes that run the same program as this one: a fork does, and others may have many files."""
    if _target(f"/proc/{pid}/exe") != _target("/proc/self/exe"):
        return False
    try:
        links = [entry.path for entry in os.scandir(f"/proc/{pid}/fd")]
    except OSError:  # it has ended, or is another user's
        return False
    return any(_target(link).startswith(f"/memfd:{file_name(tag)}") for link in links)


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:  # it has ended, is another user's, or has closed the file
        return ""


def main() -> None:
    """Wait for the end of the parent, then kill what bears the tag: `guardian.py PARENT TAG`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.getppid() == int(sys.argv[1]):
        time.sleep(LOOK)
    kill(sys.argv[2], LIMIT)


if __name__ == "__main__":
    main()
