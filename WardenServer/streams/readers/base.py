"""What all readers share. A reader is used by one thread, its stream's; only `notes` may be read by others."""

from collections.abc import Mapping, Sequence
from typing import Any

from WardenServer.streams.batch import Batch


class Reader:
    """Reads the events of one source.

    Its constructor takes the settings of `[streams.NAME]` that are the reader's own, as keyword arguments, checks them
    (SettingError), opens nothing, and imports no library that is an extra: `open` does.
    """

    #: Whether it has no end: new events may come for ever, whatever its settings.
    endless = True
    #: Whether it knows itself how many events are lost (see Batch).
    counts_lost = False
    #: Whether several hubs share its events, so that each sees a part.
    shares = False

    def __init__(self) -> None:
        #: Sentences on what people should know: what is not connected, which file is missing.
        self.notes: Sequence[str] = ()
        #: There will be no more events: all was read, and nothing is to be followed.
        self.ended = False

    def open(self, position: Any) -> None:
        """Begin; at a `position` that `position()` gave in an earlier life, or where the source begins (None).

        Raises:
            WardenError: it cannot be opened now, with the cure; it is tried again.
        """

    def read(self, wait: float) -> Batch | None:
        """What came: up to MOST events, or those of GATHER seconds. None after about `wait` seconds without any.

        The call says, too, that what the last one returned was handed over to the processors.

        Raises:
            WardenError: the source cannot be read any more; the reader is closed, and opened again after a pause.
        """
        raise NotImplementedError

    def position(self) -> Any:
        """Where a later life shall go on, as JSON can hold it: after all that `read` has returned. None: it cannot."""
        return None

    def change(self, settings: Mapping[str, Any]) -> bool:
        """Take on other settings without an end; False where that needs a new reader."""
        return False

    def exchange(self, processor: str, sample: Mapping[str, Any], young: float) -> Sequence[Mapping[str, Any]]:
        """Where hubs share the events: show the others the newest sample of a processor; returns theirs and ours, those
        that are younger than `young` seconds. On any thread.

        Raises:
            WardenError: the others cannot be reached.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of everything; any number of times."""
