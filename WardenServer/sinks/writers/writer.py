"""What all writers share, and the document that they write."""

import enum
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from WardenServer.results.result import to_json

_INT64 = range(-(2**63), 2**63)


class Document(NamedTuple):
    """One sample.

    Args:
        name: of the processor or agent.
        timestamp: of the sample, Unix seconds.
        fields: its values; dicts and lists in them may hold others.
    """

    name: str
    timestamp: float
    fields: Mapping[str, Any]

    @property
    def minute(self) -> int:
        """The whole minutes since 1970."""
        return int(self.timestamp // 60)


class Writer:
    """Writes documents to one place. One thread uses it; only what stands here may be read by others.

    Its constructor takes the settings of `[writers.NAME]` that are the writer's own, as keyword arguments, checks them
    (SettingError), opens nothing, and imports no library that is an extra.
    """

    def __init__(self) -> None:
        #: Sentences on what people should know: what waits, which document was refused.
        self.notes: Sequence[str] = ()
        #: Why documents that were taken over cannot be delivered now; "" where they can.
        self.problem = ""
        #: How many of those were lost.
        self.lost = 0

    def write(self, documents: Sequence[Document]) -> None:
        """Write these documents, or take them over: all or none. An empty list comes about once a second.

        Raises:
            Unreachable: it cannot be done now, with the cure; the caller keeps the documents, and tries again.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of everything, within a second or two; any number of times. `write` after it is as the first one."""


def as_text(fields: Mapping[str, Any]) -> str:
    """Fields as JSON on one line. NaN and infinities are null, members of an enum their name, arrays lists, bytes text;
    what JSON does not know is what Python prints of it."""
    return to_json({_name(name): _plain(value) for name, value in fields.items()}).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_name(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and value not in _INT64:  # few programs read more than 64 bits
        return float(value) if abs(value) < 1 << 1023 else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _name(name: Any) -> str:
    return name if isinstance(name, str) else str(_plain_scalar(name))
