"""From frames to events: JSON, msgpack, or bytes as they are."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from WardenServer.errors import SettingError, WardenError
from WardenServer.streams.batch import Batch

FORMS = ("json", "msgpack", "raw")


def decoder(form: str) -> Callable[[bytes], Any]:
    """What makes an event of a frame, or a list of events of one; it raises ValueError where it cannot.

    Raises:
        SettingError: there is no such form.
        WardenError: a library is missing.
    """
    if form == "json":
        return json.loads
    if form == "raw":
        return bytes
    if form != "msgpack":
        raise SettingError(f"form is {form!r:.40}; write one of {', '.join(FORMS)}")
    try:
        import msgpack
    except ImportError:
        raise WardenError("form = \"msgpack\" needs the library msgpack: pip install 'wardenserver[zeromq]'") from None
    unpack: Callable[[bytes], Any] = msgpack.unpackb
    return unpack


def add(events: list[Any], event: Any) -> None:
    """Add what was decoded to the events: a list is several of them."""
    if type(event) is list:
        events += event
    else:
        events.append(event)


def batch_of(frames: Iterable[bytes], decode: Callable[[bytes], Any], largest: int) -> Batch:
    """The events of frames. A list in a frame is several events; what is larger than `largest` bytes is not decoded."""
    events: list[Any] = []
    undecodable = size = 0
    for frame in frames:
        size += len(frame)
        if len(frame) > largest:
            undecodable += 1
            continue
        try:
            event = decode(frame)
        except (ValueError, RecursionError):
            undecodable += 1
            continue
        add(events, event)
    return Batch(events, size=size, undecodable=undecodable)
