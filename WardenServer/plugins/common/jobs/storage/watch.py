"""Notifications of the file system wake the walk early. The walk stays the truth: not all file systems send them."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

#: Least seconds between two calls of `wake`.
PAUSE = 0.2
#: Seconds until it is tried again where watching fails.
RETRY = 30.0
#: Most folders below one that is watched: watchfiles holds up all of Python while it takes them on, about 20 us each.
MOST_FOLDERS = 2000
#: Milliseconds after which it is seen whether the folder is still the same one, and between two looks at the end.
_LOOK, _STEP = 1000, 100


class Watch:
    """Watches folders, each in a thread of its own, so that one that hangs or fails stops none of the others."""

    def __init__(self, roots: Sequence[Path], wake: Callable[[], None], log: logging.Logger) -> None:
        """Watch nothing yet; `wake` is called in threads of this object, never twice at once."""
        self._wake, self._log = wake, log
        self._stopping = threading.Event()
        self._lock, self._last = threading.Lock(), -PAUSE
        self._notes: dict[Path, str] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(root,), name=f"watch of {root}", daemon=True) for root in roots
        ]

    @property
    def note(self) -> str:
        """What cannot be watched and why; "" where all is well."""
        return "; ".join(self._notes.copy().values())

    def open(self) -> None:
        """Begin, once."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End; does not wait for it."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait until all has ended, for at most so many seconds; whether it has."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, root: Path) -> None:
        while not self._stopping.is_set():
            try:
                self._watch(root)
            except (OSError, RuntimeError, ImportError) as error:  # watchfiles has a RuntimeError of its own
                self._say(root, error)
                self._stopping.wait(RETRY)

    def _watch(self, root: Path) -> None:
        """Watch a folder until it is another one."""
        from watchfiles import watch

        was = _identity(root)
        _refuse_many_folders(root)
        changes = watch(
            root, watch_filter=_may_be_new, debounce=int(1000 * PAUSE), step=_STEP, stop_event=self._stopping,
            rust_timeout=_LOOK, yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=True,
        )  # fmt: skip
        logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it would tell of every change
        new = True  # what has come before is not reported
        with closing(changes):
            for each in changes:
                if self._notes.pop(root, None):
                    self._log.info("%s is watched again", root)
                if each or new:
                    self._call()
                new = False
                if _identity(root) != was:
                    return

    def _call(self) -> None:
        with self._lock:
            left = self._last + PAUSE - time.monotonic()
            if not self._stopping.wait(max(0.0, left)):
                self._wake()
            self._last = time.monotonic()

    def _say(self, root: Path, error: Exception) -> None:
        if isinstance(error, ImportError):
            why = "watchfiles is missing; pip install 'wardenserver[jobs]'"
        else:
            why = getattr(error, "strerror", None) or str(error)
        note = f"{root} cannot be watched ({why}); new files are found by the periodic walk only"
        if self._notes.get(root) != note:
            self._log.warning("%s", note)
        self._notes[root] = note


def _identity(root: Path) -> tuple[int, int]:
    """By which a folder is known, though another may have taken its name."""
    found = root.stat()
    return found.st_dev, found.st_ino


def _may_be_new(change: int, path: str) -> bool:
    """Whether a change may be a new file: hidden ones are unfinished, and what is deleted (3 in watchfiles) is none."""
    return change != 3 and not Path(path).name.startswith(".")


def _refuse_many_folders(root: Path) -> None:
    left, count = [str(root)], 0
    while left:
        with suppress(PermissionError, FileNotFoundError), os.scandir(left.pop()) as entries:
            left += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        count += 1
        if count + len(left) > MOST_FOLDERS:
            raise OSError(f"it has more than {MOST_FOLDERS} folders")
