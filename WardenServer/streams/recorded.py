"""Events in files of JSON lines, as `warden stream record` writes them; the reader json_lines reads them, too.

An event is a line. What is no JSON: bytes are {"raw": BASE64}, arrays are lists, NaN and infinities are as Python's
json has them, and a list is a list in a list, since a list in a line is several events.
"""

import base64
import binascii
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from WardenServer.errors import WardenError

#: The key of an event that was bytes.
RAW = "raw"


def as_line(event: Any) -> bytes:
    """An event as a line.

    Raises:
        ValueError: it cannot be written as JSON, such as one that holds itself.
    """
    said = [event] if isinstance(event, list | tuple | np.ndarray) else event
    return json.dumps(said, default=_plain, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _plain(value: Any) -> Any:
    """What JSON does not know."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {RAW: base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    return str(value)


def events_of(line: bytes) -> list[Any]:
    """The events of a line, bytes again where they were.

    Raises:
        ValueError: it is no JSON.
    """
    said = json.loads(line)
    return [_event(each) for each in said] if isinstance(said, list) else [_event(said)]


def _event(said: Any) -> Any:
    if isinstance(said, dict) and list(said) == [RAW] and isinstance(said[RAW], str):
        try:
            return base64.b64decode(said[RAW], validate=True)
        except binascii.Error:  # it only looks like one
            return said
    return said


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file, which may be compressed by gzip.

    Raises:
        WardenError: it cannot be read.
    """
    try:
        with opened(path, "rb") as file:
            yield from file
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise WardenError(f"{path} cannot be read ({why}); name a file of: warden stream record") from None


def opened(path: Path, mode: str) -> IO[bytes]:
    """A file, through gzip where its name ends so."""
    if path.suffix == ".gz":
        return gzip.open(path, mode)  # type: ignore[return-value]
    return path.open(mode)
