"""What a thread runs at this moment, seen from another thread."""

import sys
import threading
import traceback
from itertools import dropwhile
from pathlib import Path


def where(thread: threading.Thread, path: Path) -> str:
    """The innermost line of the file `path` that the thread runs, else its innermost line; "" when it has ended."""
    trace = _trace(thread)
    own = [line for line in trace if line.filename == str(path)]
    return next((_shown(line) for line in reversed(own or trace)), "")


def stack(thread: threading.Thread, path: Path) -> list[str]:
    """The lines the thread runs, from the first one of the file `path` inwards."""
    return [_shown(line) for line in dropwhile(lambda line: line.filename != str(path), _trace(thread))]


def _trace(thread: threading.Thread) -> list[traceback.FrameSummary]:
    frame = sys._current_frames().get(thread.ident or 0)
    return list(traceback.extract_stack(frame)) if frame is not None else []


def _shown(line: traceback.FrameSummary) -> str:
    return f"{line.filename}:{line.lineno} in {line.name}"
