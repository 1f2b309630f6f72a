"""How full disks are, beside the events that fill them. It looks at no event.

    [agents.data_disks]
    plugin = "disk_usage"
    stream = "daq"
    paths = ["/", "/data"]

Setting: `paths` (["/"]), of folders or mount points.

Publishes for each path `NAME_percent` (used, as `df` says it) and `NAME_free` (bytes that anybody may still use), with
NAME made of the path: root_percent, data_free. They are null where the path is not there, or does not answer: a file
server that is gone holds up its own path only.
"""

import shutil
import threading
import time
from collections.abc import Sequence
from typing import Any

from WardenServer import NoData
from WardenServer.errors import SettingError
from WardenServer.plugins.common.naming import field_names

#: Seconds that all paths together have to answer.
PATIENCE = 1.0

#: Percent used and bytes free, or why not.
Usage = tuple[float | NoData, int | NoData]


class DiskUsage:
    """Asks for each path in a thread of its own, since nothing can end a question that hangs."""

    name = "disk_usage"

    def __init__(self, paths: Sequence[str] = ("/",)) -> None:
        """Ask for nothing yet; raises SettingError where `paths` is no list of paths."""
        if not isinstance(paths, list | tuple) or not all(isinstance(path, str) and path[:1] == "/" for path in paths):
            raise SettingError(f'paths is {paths!r:.60}; write a list of paths that begin with /, such as ["/data"]')
        names = field_names(path.strip("/") or "root" for path in paths)
        self.names = dict(zip(paths, names, strict=True))
        self.asked: dict[str, _Question] = {}

    def sample(self) -> dict[str, Any]:
        """The disks of now."""
        for path in self.names:
            if path not in self.asked or not self.asked[path].is_alive():  # else it hangs: one thread of it is enough
                self.asked[path] = _Question(path)
                self.asked[path].start()
        document, until = {}, time.monotonic() + PATIENCE
        for path, name in self.names.items():
            self.asked[path].join(max(0.0, until - time.monotonic()))
            document[f"{name}_percent"], document[f"{name}_free"] = self.asked[path].answer
        return document

    def load(self, old: Any) -> None:
        """Take over the questions that hang, so that no path ever has two."""
        self.asked = dict(getattr(old, "asked", {}))


class _Question(threading.Thread):
    """Asks for one path, once. It does not hold up the end of the process."""

    def __init__(self, path: str) -> None:
        super().__init__(name=f"disk usage of {path}", daemon=True)
        self._path = path
        why = f"{path} does not answer; see whether its file server is there"
        self.answer: Usage = NoData(why), NoData(why)

    def run(self) -> None:
        try:
            disk = shutil.disk_usage(self._path)
            self.answer = 100 * disk.used / (disk.used + disk.free), disk.free
        except (OSError, ValueError, ZeroDivisionError) as error:
            said = getattr(error, "strerror", None) or "it has no size"
            self.answer = NoData(f"{self._path}: {said}"), NoData(f"{self._path}: {said}")
