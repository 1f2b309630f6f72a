"""Notices that plugin files or the settings file have changed. A thread of its own: a folder may be on a slow disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

log = logging.getLogger("warden.files")

#: Seconds between looks. A change is told when two looks have seen the same: it may still be written.
LOOK = 0.5

#: The files that are there, with the time they were changed and their size.
Seen = dict[Path, tuple[int, int]]


def look(folders: Sequence[Path], files: Sequence[Path]) -> Seen:
    """All plugin files in the folders, and these files; what cannot be read is left out."""
    seen: Seen = {}
    for path in [*(path for folder in folders for path in _plugin_files(folder)), *files]:
        try:
            about = path.stat()
        except OSError:
            continue
        seen[path] = about.st_mtime_ns, about.st_size
    return seen


def _plugin_files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == ".py"]
    except OSError:
        return []


class FileWatch:
    """Calls `changed` on its own thread after files were added, changed or removed."""

    def __init__(self, folders: Sequence[Path], files: Sequence[Path], changed: Callable[[], None]) -> None:
        self._folders, self._files, self._changed = folders, files, changed
        self._closing = threading.Event()
        self._known = self._last = look(folders, files)
        self._thread = threading.Thread(target=self._run, name="file watch", daemon=True)

    def open(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def look(self) -> None:
        """One look. Called by the thread (and by tests)."""
        seen = look(self._folders, self._files)
        if seen == self._last != self._known:
            self._known = seen
            self._changed()
        self._last = seen

    def _run(self) -> None:
        while not self._closing.wait(LOOK):
            try:
                self.look()
            except Exception:  # the reload itself may fail in any way; the next change shall be seen
                log.exception("changed files could not be taken on")
