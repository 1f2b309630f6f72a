"""The sentence on why a run of a plugin failed."""

import errno
import traceback
from pathlib import Path

from WardenServer.errors import FieldError, PluginError, WardenError
from WardenServer.loading.contract import Contract
from WardenServer.settings.masking import mask

#: What to do about what code of a plugin raises.
CURE = "correct the file, or raise NoData where that is no failure"


def without_path(said: str, path: Path) -> str:
    """A sentence of `explain_in` for what puts the path before it once more."""
    if not said.startswith(f"{path}:"):
        return said
    line, _, rest = said.removeprefix(f"{path}:").partition(" ")
    return f"line {line} {rest}" if line else rest


def explain(error: BaseException, contract: Contract) -> str:
    """A sentence on why a run failed: what was said, in which line of the plugin."""
    return explain_in(error, contract.path)


def explain_in(error: BaseException, path: Path, cure: str = CURE) -> str:
    """A sentence on what code of the file at `path` has raised: what was said, in which line, and the cure."""
    try:
        said = mask(str(error))[:500]  # masked first: a part of a secret is one too
    except Exception:  # the plugin's own exception may fail even here
        said = "(no text)"
    trace = reversed(traceback.extract_tb(error.__traceback__))
    line = next((frame.lineno for frame in trace if frame.filename == str(path)), None)
    where = f"{path}:{line}" if line else f"{path}"
    if isinstance(error, WardenError):  # it says the cure itself
        return f"{path if isinstance(error, FieldError | PluginError) else where}: {said}"
    if isinstance(error, SystemExit):
        return f"{where}: work calls sys.exit(); return a dict, or raise NoData"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        cure = "the process has no file descriptor left: see what keeps so many open, or raise the limit (ulimit -n)"
    return f"{where}: {type(error).__name__}{': ' if said else ''}{said}; {cure}"
