"""The raw data of a day, as they were collected: what can be read of them."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from WardenServer.plugins.common.ping.archive.folders import Folders

_BLOCK = 1 << 20


def files(folders: Folders, day: date) -> list[Path]:
    """The files of all monitoring hosts that are there, by host."""
    data = folders.root / "data"
    hosts = sorted(path.name for path in data.iterdir()) if data.is_dir() else []
    return [path for host in hosts if (path := folders.raw(host, day)).exists()]


def unpacked(path: Path, largest: int, trouble: Callable[[str], None]) -> bytes:
    """The whole lines of a file, up to `largest` bytes. Of a damaged one it is what stands before the damage, and
    `trouble` is told."""
    blocks: list[bytes] = []
    why = ""
    try:
        blocks.extend(_blocks(path, largest))
    except (OSError, EOFError, zlib.error) as error:
        why = f"it is damaged: {error}"
    text = b"".join(blocks)
    if len(text) > largest:
        text, why = text[:largest], f"it has more than {largest} bytes, see the setting `largest` of [ping_archive]"
    if not why:
        return text
    text = text[: text.rfind(b"\n") + 1]
    lines = text.count(b"\n")
    trouble(f"of {path} only {lines} lines count ({why}); fetch it again with: warden ping restore DAYS --again")
    return text


def _blocks(path: Path, largest: int) -> Iterator[bytes]:
    """What comes before damage is handed out before the error is raised."""
    size = 0
    with gzip.open(path) as file:
        while size <= largest and (block := file.read1(_BLOCK)):
            size += len(block)
            yield block
