"""The process in which a function does jobs: lines of JSON in and out (see `function`).

`python -P -m WardenServer.jobs.work.child PARENT MODULE:FUNCTION BELL`. A call is the file for what the job prints, and
its paths. An answer is "done", "failed" or, where the process is of no use any more, "ended", with a text.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.loading.isolation.child_pipes import Answers, take_pipes
from WardenServer.machine.parent import die_with

#: Most characters of a text that is answered.
LONGEST = 4000


def main() -> None:
    """Import the function, and call it for each job until the worker closes the pipe or ends."""
    die_with(int(sys.argv[1]))
    os.close(int(sys.argv[3]))  # nothing is ever rung
    calls, answers = take_pipes()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what it printed is there, however it ends
    sys.path.insert(0, str(Path.cwd()))
    try:
        function = find(sys.argv[2])
    except BaseException as error:  # a module may raise anything
        answers.send("failed", str(error) if isinstance(error, SettingError) else say(error))
    else:
        answers.send("ready", "")
        serve(function, calls, answers)
    os._exit(0)  # whatever threads the function has


def find(target: str) -> Callable[..., Any]:
    """The function that `package.module:function` names.

    Raises:
        SettingError: there is none.
        BaseException: whatever the import raises.
    """
    module, _, name = target.partition(":")
    if not module or not name:
        raise SettingError("write package.module:function")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise SettingError(f"{module} has no {name}; correct it")
        found = getattr(found, part)
    if not callable(found):
        raise SettingError(f"{name} in {module} is no function; correct it")
    return found  # type: ignore[no-any-return]


def serve(function: Callable[..., Any], calls: Iterable[str], answers: Answers) -> None:
    """Call it for job after job."""
    home = getattr(sys.modules.get(function.__module__), "__file__", None) or ""
    for line in calls:
        output, *paths = json.loads(line)
        kind, said = call(function, home, output, paths)
        answers.send(kind, said)
        if kind == "ended":
            return


def call(function: Callable[..., Any], home: str, output: str, paths: Sequence[str]) -> tuple[str, str]:
    """Call it for one job: the kind of its answer, and the text. `home` is the file that it is in."""
    try:
        print_to(output)
        said = function(*map(Path, paths))
        return "done", said[-LONGEST:] if isinstance(said, str) else ""
    except (SystemExit, KeyboardInterrupt, MemoryError) as error:
        return "ended", say(error, home)
    except BaseException as error:  # a function may raise anything
        traceback.print_exc()
        return "failed", say(error, home)
    finally:
        flush()
        print_to(os.devnull)  # its threads may go on printing, into a file that nobody would trim


def print_to(path: str) -> None:
    """What is printed from now on goes to the end of a file, also what libraries and programs print."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)


def flush() -> None:
    """Have what was printed written. A function may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # also where the disk is full
            pass


def say(error: BaseException, home: str = "") -> str:
    """What was raised: kind, text, and the line, of the file `home` if it has part in it."""
    try:
        text = str(error)[:1000]
    except Exception:  # an exception may fail even here
        text = "(no text)"
    frames = [each for each in reversed(traceback.extract_tb(error.__traceback__)) if _is_theirs(each)]
    frame = next((each for each in frames if each.filename == home), frames[0] if frames else None)
    where = f" ({frame.filename}, line {frame.lineno})" if frame is not None else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"


def _is_theirs(frame: traceback.FrameSummary) -> bool:
    ours = (__file__, importlib.__file__)
    return frame.filename not in ours and not frame.filename.startswith("<")  # such as <frozen importlib._bootstrap>


if __name__ == "__main__":
    main()
