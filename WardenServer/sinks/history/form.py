"""Columns of values as bytes, and back: exact, NaN, infinities and -0.0 too.

Numbers are compressed by pcodec (https://github.com/pcodec/pcodec, "Pco: Efficient Compression of Numerical Sequences",
M. Loncaric et al. 2025), which finds decimals and differences by itself. Text is a list of the different texts and the
number of each. Arrays are their bytes, by zlib.
"""

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from pcodec import ChunkConfig, standalone

from WardenServer.errors import WardenError

#: Kinds of columns: float, int, bool, text, array.
FLOAT, INT, BOOL, TEXT, ARRAY = "fibta"
_KINDS = {float: FLOAT, int: INT, bool: BOOL, str: TEXT, list: ARRAY}
_OF_DTYPE = {"f": FLOAT, "i": INT, "b": BOOL}
#: What a column of a kind is in memory.
TYPES = {FLOAT: np.float64, INT: np.int64, BOOL: np.uint16}
_CONFIG = ChunkConfig()
#: Whole numbers that a float holds exactly.
_EXACT = 2**53

#: A numpy array of numbers.
Numbers = Any


class Damaged(WardenError):
    """Bytes that hold no column."""


def runs(values: Any) -> list[tuple[str, int, int]]:
    """Where a column of plain values has one kind: (kind, begin, end), one after the other. Whole numbers among floats
    are floats, as far as a float holds them exactly. `values` is a numpy array of one kind, or a list."""
    if isinstance(values, np.ndarray):
        return [(_OF_DTYPE[values.dtype.kind], 0, len(values))]
    if len(set(map(type, values))) == 1:
        return [(kind_of(values[0]), 0, len(values))]
    found: list[tuple[str, int, int]] = []
    for place, kind in enumerate(map(kind_of, values)):
        if found and (joined := _join(found[-1], kind, values, place)) is not None:
            found[-1] = joined
        else:
            found.append((kind, place, place + 1))
    return found


def kind_of(value: Any) -> str:
    """The kind of a plain value (see samples.plain)."""
    return _KINDS[type(value)]


def _join(run: tuple[str, int, int], kind: str, values: Sequence[Any], place: int) -> tuple[str, int, int] | None:
    """The run with one more value; None where that is of another kind."""
    if run[0] == kind:
        return kind, run[1], place + 1
    if {run[0], kind} != {INT, FLOAT}:
        return None
    whole = values[run[1] : place + 1]
    if all(isinstance(value, float) or abs(value) <= _EXACT for value in whole):
        return FLOAT, run[1], place + 1
    return None


def pack(kind: str, values: Any) -> bytes:
    """A column of one kind, at least one value long, as bytes."""
    if kind == TEXT:
        return _pack_text(values)
    if kind == ARRAY:
        return zlib.compress(json.dumps(list(values)).encode("ascii"))
    return numbers(np.asarray(values, TYPES[kind]))


def unpack(kind: str, data: bytes) -> Any:
    """The column again: a numpy array of float64, int64 or bool, else a list, of texts or of arrays as samples.plain
    takes them apart.

    Raises:
        Damaged: it holds none.
    """
    try:
        if kind == TEXT:
            return _unpack_text(data)
        if kind == ARRAY:
            return list(json.loads(zlib.decompress(data)))
    except (ValueError, TypeError, LookupError, zlib.error) as error:
        raise Damaged(f"a block of the history is damaged ({error})") from None
    found = unpack_numbers(data)
    return found.astype(bool) if kind == BOOL else found


def numbers(values: Numbers) -> bytes:
    """Numbers of 16 to 64 bits as bytes."""
    return bytes(standalone.simple_compress(values, _CONFIG))


def unpack_numbers(data: bytes) -> Numbers:
    """They again; raises Damaged."""
    try:
        found = standalone.simple_decompress(data)
    except RuntimeError as error:
        raise Damaged(f"a block of the history is damaged ({error})") from None
    if found is None:
        raise Damaged("a block of the history is damaged: it is empty")
    return found


def table(columns: Sequence[Numbers]) -> bytes:
    """Several columns of numbers in one."""
    packed = [numbers(column) for column in columns]
    return struct.pack(f"<{len(packed)}I", *map(len, packed)) + b"".join(packed)


def unpack_table(data: bytes, count: int) -> list[Numbers]:
    """They again; raises Damaged."""
    head = 4 * count
    if len(data) < head:
        raise Damaged("a block of the history is damaged: it is too short")
    found, place = [], head
    for size in struct.unpack(f"<{count}I", data[:head]):
        found.append(unpack_numbers(data[place : place + size]))
        place += size
    return found


def _pack_text(values: Sequence[str]) -> bytes:
    """How long the texts are together, the different texts as JSON, and the number of each value's."""
    different = list(dict.fromkeys(values))
    place = {text: number for number, text in enumerate(different)}
    texts = zlib.compress(json.dumps(different).encode("ascii"))
    return struct.pack("<I", len(texts)) + texts + numbers(np.array([place[value] for value in values], np.uint32))


def _unpack_text(data: bytes) -> list[str]:
    if len(data) < 4:
        raise ValueError("it is too short")
    (size,) = struct.unpack("<I", data[:4])
    different = json.loads(zlib.decompress(data[4 : 4 + size]))
    return [different[number] for number in unpack_numbers(data[4 + size :])]


def array(dtype: str, shape: list[int], data: str) -> Any:
    """The array that samples.plain has taken apart."""
    return np.frombuffer(base64.b64decode(data), dtype).reshape(shape)
