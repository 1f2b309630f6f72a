"""What readers of lines share: the lines of files that grow become events."""

from collections.abc import Iterable
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings.units import size
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.file_reader import FileReader
from WardenServer.streams.readers.files import limited, problem
from WardenServer.streams.readers.followed_file import FollowedFile, Place
from WardenServer.streams.readers.followed_files import FollowedFiles


class LineReader(FileReader):
    """Each look finds which files have grown; what is new is read file by file, in order of their names.

    A half-written last line waits for its end. Where it is the end of a file that was rotated, or where nothing is
    followed, it counts as a line. A position holds for files that were renamed since; one that is gone is left out.
    """

    def __init__(self, files: Any, follow: Any, largest: Any, begin: Any, other: tuple[Any, ...] = ()) -> None:
        """Take on the settings.

        Raises:
            SettingError: one of them cannot be used.
        """
        if begin not in ("start", "end"):
            raise SettingError(f'begin is {begin!r:.40}; write "start" or "end"')
        try:
            self._largest = size(largest)
        except ValueError as error:
            raise SettingError(f"largest is {largest!r:.40}; write {error}") from None
        super().__init__(files, follow, (self._largest, begin, *other))
        self._begin = begin
        self._followed = FollowedFiles(self._largest, False, ())
        self._damage: list[str] = []

    def open(self, position: Any) -> None:
        """See Reader."""
        self.close()
        super().open(position)
        places: Iterable[Place] = ()
        self._damage, is_new = [], position is None
        try:
            places = () if is_new else [Place.of(plain) for plain in position["files"]]
        except (ValueError, TypeError, KeyError):
            self._damage, is_new = ["the position that was kept is damaged: reading begins anew"], True
        self._followed = FollowedFiles(self._largest, is_new and self._begin == "end", places)

    def position(self) -> Any:
        """See Reader."""
        return None if self._followed.at_end else {"files": self._followed.places()}

    def close(self) -> None:
        """See Reader."""
        self._followed.close()

    def _look(self, now: float) -> bool:
        is_news = self._followed.look(self._files, now)
        for file in () if self.follow else self._followed.round:
            file.is_last = True
        self._note()
        return is_news

    def _note(self) -> None:
        self.notes = limited(self._damage + self._followed.problems)

    def _next_batch(self) -> Batch | None:
        while (file := self._followed.next()) is not None:
            try:
                batch = self._batch(file)
            except OSError as error:
                file.try_again()
                self._followed.problems.append(problem(file.path, error))
                self._note()
                batch = None
            if batch is not None:
                return batch
            self._followed.done(file)
        return None

    def _batch(self, file: FollowedFile) -> Batch | None:
        """The next events of a file, or None where all is read that the last look has seen."""
        while True:
            count, batch = self._decode(file) if file.lines else (0, Batch([]))
            file.take(count)
            batch.undecodable += file.undecodable
            file.undecodable = 0
            if len(batch) or batch.undecodable:
                return batch
            if count or file.fill():
                continue
            if file.is_finished or not file.is_last:
                return None
            file.finish()

    def _decode(self, file: FollowedFile) -> tuple[int, Batch]:
        """The events of the first lines of a file, up to MOST, and how many lines these are; 0: more are needed.

        At least one must be taken where the file is full or finished.
        """
        raise NotImplementedError
