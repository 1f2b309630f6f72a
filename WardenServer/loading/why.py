"""The sentence on why a configuration module cannot be imported."""

from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.loading.failure import explain_in


def why(error: BaseException, path: Path) -> str:
    """The sentence on why the file at `path`, or one that it imports, cannot be imported."""
    if isinstance(error, SyntaxError):
        file = error.filename or path
        return f"{file}:{error.lineno or 1}: not valid Python: {error.msg}; if it is Python 2: warden port {file}"
    if isinstance(error, WardenError) and str(error).startswith("/"):  # another file, which may not run
        return str(error)
    missing = isinstance(error, ImportError)
    cure = "install it, put it beside the configuration, or correct the line" if missing else "correct the file"
    return explain_in(error, path, cure)
