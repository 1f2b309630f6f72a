"""The signals that end a worker, and its own word that it has ended, one after the other."""

import os
import select
import signal

#: What ends it.
ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
#: What comes in place of a signal when the worker has ended by itself.
ENDED = 0


class Signals:
    """What has come. For the main thread, but for `ended`.

    They come by a pipe: of two signals at a time Linux gives the second to another thread, and then a queue that the
    main thread waits for may sleep on.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in ENDS:
            signal.signal(number, lambda came, frame: None)

    def ended(self) -> None:
        """The worker has ended by itself."""
        os.write(self._writing, bytes([ENDED]))

    def next(self, seconds: float | None = None) -> int | None:
        """The next one; None if there is none within so many seconds."""
        found, _, _ = select.select([self._reading], [], [], seconds)
        return os.read(self._reading, 1)[0] if found else None
