"""Trees of ROOT files, by uproot; ROOT itself is not needed."""

from collections import deque
from collections.abc import Generator
from typing import Any

from WardenServer.errors import SettingError, WardenError
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers import root_file
from WardenServer.streams.readers.file_reader import PAUSE, FileReader
from WardenServer.streams.readers.files import limited, shown
from WardenServer.streams.readers.root_file import Place, Wanted

#: Most files of which is kept how far they were read.
REMEMBERED = 20_000


class ROOT(FileReader):
    """Reads the entries of a tree (TTree or RNTuple), step by step, as arrays.

    A batch is a numpy record array where all branches have one number an entry, else an awkward array of records. A
    file that is still written is opened again when it has changed, and its new entries are read; one that a pattern has
    found is looked at once in 2 s, others four times a second. One that cannot be read, or has no such tree, is passed
    over until it changes; the notes say so. A file that was replaced is read from its first entry: it has another UUID,
    or fewer entries.
    """

    shortest = PAUSE  # to open a file takes some 10 ms

    def __init__(self, files: Any, tree: Any, branches: Any = None, step: Any = 10_000, follow: Any = True) -> None:
        """Take on the settings.

        Args:
            files: a path, a pattern such as /data/run*.root, or a list of them.
            tree: its name, with the folders in the file if there are any.
            branches: a list of names; None for all that can be read.
            step: most entries of a batch.
            follow: wait for more entries and files; else the end of all that is there is the end.

        Raises:
            SettingError: one of them cannot be used.
        """
        if not isinstance(tree, str) or not tree:
            raise SettingError(f'tree is {tree!r:.40}; write its name, such as "events"')
        if branches is not None and not _are_names(branches):
            raise SettingError(f'branches is {branches!r:.60}; write a list of names, such as ["energy", "time"]')
        if type(step) is not int or step < 1:
            raise SettingError(f"step is {step!r:.40}; write a number of entries, 1 or more")
        self._wanted = Wanted(tree, None if branches is None else tuple(branches), step)
        super().__init__(files, follow, self._wanted)
        self._places: dict[str, Place] = {}
        self._seen: dict[str, tuple[int, int, int]] = {}
        self._round: deque[str] = deque()
        self._steps: Generator[tuple[Place, Any]] | None = None
        self._problems: list[str] = []
        self._damage: list[str] = []
        self._unread: dict[str, str] = {}

    def open(self, position: Any) -> None:
        """See Reader."""
        try:
            import awkward  # noqa: F401
            import uproot  # noqa: F401
        except ImportError:
            raise WardenError("reader root needs the library uproot: pip install 'wardenserver[uproot]'") from None
        self.close()
        super().open(position)
        self._seen, self._unread, self._damage = {}, {}, []
        try:
            self._places = _checked(position)
        except (ValueError, TypeError, KeyError, AttributeError):
            self._places, self._damage = {}, ["the position that was kept is damaged: all files are read anew"]

    def position(self) -> Any:
        """See Reader: by file, its UUID and the number of entries that were read."""
        return {"files": {path: list(place) for path, place in self._places.items()}}

    def close(self) -> None:
        """See Reader."""
        self._round.clear()
        self._end_file()

    def _end_file(self) -> None:
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _look(self, now: float) -> bool:
        paths, is_listing = self._files.paths(now)
        found, self._problems = self._files.find(paths if is_listing else self._files.named)
        seen = {path: (status.st_ino, status.st_size, status.st_mtime_ns) for path, status in found.items()}
        if is_listing:
            self._seen = {path: before for path, before in self._seen.items() if path in seen}
            self._unread = {path: why for path, why in self._unread.items() if path in seen}
            self._files.took(now)
        waiting = set(self._round)
        changed = [path for path in seen if seen[path] != self._seen.get(path) and path not in waiting]
        self._seen.update((path, seen[path]) for path in changed)
        self._round.extend(changed)
        self._note()
        return bool(changed)

    def _note(self) -> None:
        self.notes = limited([*self._damage, *self._problems, *self._unread.values()])

    def _next_batch(self) -> Batch | None:
        while self._round:
            path = self._round[0]
            step = self._step(path)
            if step is not None:
                place, array = step
                self._places.pop(path, None)  # to be the last, as the newest
                self._places[path] = place
                return Batch(array=array, size=array.nbytes)
            self._round.popleft()
            self._end_file()
        while len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]
        return None

    def _step(self, path: str) -> tuple[Place, Any] | None:
        """The next step of a file; None at its end, or where it cannot be read on."""
        was_unread = self._unread.pop(path, None)
        try:
            if self._steps is None:
                self._steps = root_file.steps(path, self._wanted, self._places.get(path, Place()))
            return next(self._steps, None)
        except WardenError as error:
            self._unread[path] = str(error)
        except Exception as error:  # whatever uproot finds in a file that is half written, or made to do harm
            why = f"{type(error).__name__}: {error}"[:200]
            self._unread[path] = f"file {shown(path)} cannot be read on, and is tried again when it changes ({why})"
        finally:
            if was_unread != self._unread.get(path):
                self._note()
        return None


def _are_names(branches: Any) -> bool:
    return isinstance(branches, list | tuple) and len(branches) > 0 and all(isinstance(each, str) for each in branches)


def _checked(position: Any) -> dict[str, Place]:
    """The places of a position; raises ValueError, TypeError, KeyError or AttributeError where it is none."""
    places = {} if position is None else {path: Place(*place) for path, place in position["files"].items()}
    if any((type(uuid), type(entries)) != (str, int) or entries < 0 for uuid, entries in places.values()):
        raise ValueError("no places in files")
    return places
