"""Files of JSON lines: an event in each line."""

import json
from typing import Any

from WardenServer.streams.batch import MOST, Batch
from WardenServer.streams.readers.decode import batch_of
from WardenServer.streams.readers.followed_file import FollowedFile
from WardenServer.streams.readers.line_reader import LineReader


class JSONLines(LineReader):
    """Reads one event of each line, in UTF-8; of a list in a line, each item is an event.

    Files are followed as they grow, over rotation and truncation. A line that is no JSON counts as undecodable, an
    empty one is nothing.
    """

    def __init__(self, files: Any, follow: Any = True, largest: Any = "16 MB", begin: Any = "start") -> None:
        """Take on the settings.

        Args:
            files: a path, a pattern such as /data/run*.jsonl, or a list of them.
            follow: wait for more at the ends; else the end of all that is there is the end.
            largest: bytes of the largest line; a larger one is passed over and counts as undecodable.
            begin: "start", or "end" for only what is written from now on.

        Raises:
            SettingError: one of them cannot be used.
        """
        super().__init__(files, follow, largest, begin)

    def _decode(self, file: FollowedFile) -> tuple[int, Batch]:
        lines = file.lines[:MOST]
        return len(lines), batch_of([line for line in lines if line.strip()], json.loads, self._largest)
