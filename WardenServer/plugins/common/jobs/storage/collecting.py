"""How files come into the storage of Socorro: what its collectors did (Mozilla, 2009)."""

import errno
import itertools
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from WardenServer.plugins.common.jobs.storage import radix_ids
from WardenServer.plugins.common.jobs.storage.base import Found, found_at
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage

#: Most links in a folder of the date branch; then there is a next one.
MOST_LINKS = 1024
#: How often folders are made again that others remove, since they are empty.
_TRIES = 100
_WEBHEAD = re.compile(r"[0-9A-Za-z-][0-9A-Za-z.-]*")


def put(
    storage: RadixStorage, id: str, contents: Sequence[bytes | Path], at: float | None = None, webhead: str = ""
) -> Found:
    """Put the files of a job: first they, then the link beside them, then the one by time.

    Args:
        storage: where.
        id: of the job.
        contents: of the files, or the files to copy, in the order of the suffixes.
        at: the time in Unix seconds that says the folders; None: now.
        webhead: the name of the collector; "" where there is but one.

    Raises:
        ValueError: the id or the name of the collector can be none, or there are not as many contents as suffixes.
        FileExistsError: the id is there already.
        OSError: they cannot be put.
    """
    if not radix_ids.is_one(id) or (webhead and not _WEBHEAD.fullmatch(webhead)):
        raise ValueError(f"{id[:80]!r} can be no id, or {webhead[:80]!r} no collector; use letters, digits and -")
    day, hour, minute = storage.slot(storage.clock() if at is None else at)
    folder = storage.root.joinpath(day, "name", *radix_ids.parts(id))
    found = found_at(id, [folder / f"{id}{suffix}" for suffix in storage.suffixes])
    for path, content in zip(found.paths, contents, strict=True):
        _write(path, content)
    above = storage.root / day / "date" / hour
    _link(folder, id, above / minute / webhead if webhead else above / minute)
    return found


def _write(path: Path, content: bytes | Path) -> None:
    if path.exists():
        raise FileExistsError(errno.EEXIST, "the id is there already", str(path))
    part = path.with_name(f".{path.name}.part")
    if isinstance(content, Path):
        _in_folder(path.parent, lambda: shutil.copyfile(content, part))
    else:
        _in_folder(path.parent, lambda: part.write_bytes(content))
    part.replace(path)


def _link(folder: Path, id: str, stem: Path) -> None:
    """Make both links: relative ones, so that the storage can be moved as a whole."""
    date = _roomy(stem)
    (folder / id).symlink_to(os.path.relpath(date, folder))
    _in_folder(date, lambda: (date / id).symlink_to(os.path.relpath(folder, date)))


def _in_folder(folder: Path, do: Callable[[], object]) -> None:
    """Do something in a folder, which others remove while it is empty."""
    for _ in range(_TRIES):
        try:
            with suppress(FileExistsError):  # it was there, and has gone before mkdir looked whether it is a folder
                folder.mkdir(parents=True, exist_ok=True)  # the one above it may go meanwhile
            do()
            return
        except FileNotFoundError as error:
            last = error
    raise last


def _roomy(stem: Path) -> Path:
    """The first folder STEM_0, STEM_1 ... that has room for a link."""
    stems = (stem.with_name(f"{stem.name}_{number}") for number in itertools.count())
    return next(date for date in stems if _links(date) < MOST_LINKS)


def _links(date: Path) -> int:
    """How many a folder has; it may go meanwhile."""
    try:
        return len(list(date.iterdir()))
    except FileNotFoundError:
        return 0
