"""The table [jobs]: where files arrive, where their jobs are kept, and what becomes of the files.

    [jobs]
    storage = "/data/scans"
    suffixes = [".json", ".cbf"]
"""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError

LAYOUTS = ("folder", "radix")
AFTER = ("keep", "move", "delete")


@dataclass(frozen=True)
class Jobs:
    """All that monitor, processors and views must agree upon.

    Args:
        storage: the folder in which files arrive.
        deferred: a second one, from which files are only taken on request; None where there is none.
        layout: "folder" for any tree, "radix" for the storage of Socorro, by date and by name.
        pattern: which ids are taken in a folder, such as "scan*/*"; an id is the path without folder and suffix.
        suffixes: of the files that make one job together.
        after: what becomes of files whose job has ended: "keep", "move" (to `successful` or `failed`) or "delete".
        successful: where files go whose job was done; None deletes them.
        failed: where files go whose job has failed; None deletes them.
        url: of the database, sqlite:///FILE or postgresql://USER@HOST/DATABASE; a secret.
        folder: where the database is, and what was moved, unless something else is said.
        check_in: seconds within which a processor says that it is alive; after twice that it is dead.
        attempts: how often a job may be begun whose processor vanishes.
        minutes_per_slot: of the storage of Socorro: how many minutes share a folder.
        file_mode: rights of a file that was moved.
        folder_mode: rights of a folder that is made for it.
        group: number of the group that it gets; None leaves that alone.
    """

    storage: Path
    deferred: Path | None
    layout: str
    pattern: str
    suffixes: tuple[str, ...]
    after: str
    successful: Path | None
    failed: Path | None
    url: str = field(repr=False)
    folder: Path
    check_in: float = 300.0
    attempts: int = 3
    minutes_per_slot: int = 1
    file_mode: int = 0o660
    folder_mode: int = 0o770
    group: int | None = None


def read(table: Mapping[str, Any]) -> Jobs:
    """Understand the table.

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    if unknown := table.keys() - _READ.keys():
        name = sorted(unknown)[0]
        close = difflib.get_close_matches(name, _READ, 1)
        meant = f'; did you mean "{close[0]}"?' if close else f"; there are: {', '.join(_READ)}"
        raise SettingError(f'[jobs]: unknown setting "{name}"{meant}')
    said = {name: _take(name, value) for name, value in table.items()}
    if missing := [name for name in ("storage", "folder") if said.get(name) is None]:
        raise SettingError(f'[jobs] needs {missing[0]} = "/a/folder"')
    said.setdefault("layout", "folder")
    folder: Path = said["folder"]
    defaults = {
        "deferred": None, "pattern": "*", "suffixes": (".json", ".dump"),
        "after": "move" if said["layout"] == "radix" else "keep", "url": f"sqlite:///{folder / 'jobs.db'}",
        "successful": folder / "successful", "failed": folder / "failed",
    }  # fmt: skip
    return Jobs(**{**defaults, **said})


def _take(name: str, value: Any) -> Any:
    try:
        return _READ[name](value)
    except ValueError as error:
        said = "wrong" if name == "url" else repr(value)[:60]
        raise SettingError(f"[jobs]: {name} is {said}; write {error}") from None


def _path(value: Any) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("the path of a folder")
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError("a path that begins with /")
    return path


def _path_or_nothing(value: Any) -> Path | None:
    return None if value in ("", None) else _path(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read_it(value: Any) -> str:
        if value not in words:
            raise ValueError(" or ".join(f'"{word}"' for word in words))
        return str(value)

    return read_it


def _suffixes(value: Any) -> tuple[str, ...]:
    said = value if isinstance(value, list | tuple) else ()
    right = all(isinstance(each, str) and each and "/" not in each for each in said)
    if not right or not said or len(set(said)) < len(said):
        raise ValueError('a list of suffixes, such as [".json", ".cbf"]')
    return tuple(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError("seconds, more than 0")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number, 1 or more")
    return value


def _slot(value: Any) -> int:
    if _whole(value) > 60:
        raise ValueError("minutes, 1 to 60")
    return int(value)


def _mode(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0o7777:
        raise ValueError("rights in octal, such as 0o660")
    return value


def _group(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("the number of a group")
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    "storage": _path, "deferred": _path_or_nothing, "layout": _one_of(LAYOUTS), "pattern": _text,
    "suffixes": _suffixes, "after": _one_of(AFTER), "successful": _path_or_nothing, "failed": _path_or_nothing,
    "url": _text, "folder": _path, "check_in": _seconds, "attempts": _whole, "minutes_per_slot": _slot,
    "file_mode": _mode, "folder_mode": _mode, "group": _group,
}  # fmt: skip
