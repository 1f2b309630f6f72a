"""The writer `print`: documents on the standard output."""

import os
import select
import sys
from collections.abc import Sequence

from WardenServer.errors import Unreachable
from WardenServer.sinks.writers.writer import Document, Writer, as_text

#: The descriptor. Python's own stream would keep what a full disk or a closed pipe does not take.
STDOUT = 1
#: Milliseconds that whoever reads the output may let us wait.
PATIENCE = 1000


class PrintLines(Writer):
    """Prints a line `NAME_MINUTE DOCUMENT` for each: minutes since 1970, and the document as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""

    def write(self, documents: Sequence[Document]) -> None:
        """See Writer. What was begun is taken over, and goes out before anything else does."""
        self._send()
        lines = [f"{each.name}_{each.minute} {as_text(each.fields)}\n" for each in documents]
        self._rest = "".join(lines).encode("utf-8", "replace")
        begun = len(self._rest)
        try:
            self._send()
        except Unreachable:
            if len(self._rest) == begun:
                self._rest = b""
                raise

    def _send(self) -> None:
        while self._rest:
            try:
                self._rest = self._rest[_write_some(self._rest) :]
            except OSError as error:
                said = error.strerror
                cure = "start the program with a standard output that stays open"
                raise Unreachable(f"standard output cannot be written ({said}); {cure}") from None


def _write_some(text: bytes) -> int:
    """Write as much as can be without waiting for ever; how many bytes that were."""
    if sys.stdout is None:  # it was closed from the start: the descriptor may be some other file now
        raise OSError(0, "it is closed")
    poll = select.poll()
    poll.register(STDOUT, select.POLLOUT)
    if not poll.poll(PATIENCE):
        raise OSError(0, "nobody reads it")
    return os.write(STDOUT, text[: select.PIPE_BUF])
