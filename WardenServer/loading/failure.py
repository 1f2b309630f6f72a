"""The sentence on why a run of a plugin failed."""

import errno
import traceback

from WardenServer.errors import FieldError, PluginError
from WardenServer.loading.contract import Contract
from WardenServer.settings.masking import mask


def explain(error: BaseException, contract: Contract) -> str:
    """A sentence on why a run failed: what was said, in which line of the plugin."""
    try:
        said = mask(str(error))[:500]  # masked first: a part of a secret is one too
    except Exception:  # the plugin's own exception may fail even here
        said = "(no text)"
    trace = reversed(traceback.extract_tb(error.__traceback__))
    line = next((frame.lineno for frame in trace if frame.filename == str(contract.path)), None)
    where = f"{contract.path}:{line}" if line else f"{contract.path}"
    if isinstance(error, FieldError | PluginError):
        return f"{contract.path}: {said}"
    if isinstance(error, SystemExit):
        return f"{where}: work calls sys.exit(); return a dict, or raise NoData"
    cure = "correct the file, or raise NoData where that is no failure"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        cure = "the process has no file descriptor left: see what keeps so many open, or raise the limit (ulimit -n)"
    return f"{where}: {type(error).__name__}{': ' if said else ''}{said}; {cure}"
