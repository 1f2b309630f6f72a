"""An event stream in this process, for programs of your own: `gather` has processors take the events of any source."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.loading.failure import explain_in
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams.code import CURE
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.readers.own import Own
from WardenServer.streams.stream import Stream

#: Seconds that a processor may take to give a sample, and that the end may take.
SAMPLE, END = 10.0, 5.0
#: Seconds between looks whether the source has ended.
LOOK = 0.02


class Gathering:
    """Processors at work. Any thread may call it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know: which file is missing, who is not connected."""
        return self._stream.notes

    def sample(self) -> dict[str, Any]:
        """A document of each processor by its name, made between two of its events.

        Raises:
            TakenOut: a processor could not take an event; the text says which, and why.
            Exception: what the processor itself raises.
            TimeoutError: a processor has not answered after 10 seconds.
        """
        hosts = [host for name in self._stream.names if (host := self._stream.host(name)) is not None]
        asked = {host.name: host.ask(partial(self._stream.document, host)) for host in hosts}
        return {name: future.result(SAMPLE) for name, future in asked.items()}

    def wait(self, seconds: float) -> bool:
        """Wait until all events of a source that has an end are taken, at most so long; whether they are."""
        until = time.monotonic() + seconds
        while not (self._stream.ended and self._stream.finish(LOOK)):
            if time.monotonic() > until:
                return False
            time.sleep(min(LOOK, max(0.0, until - time.monotonic())))
        return True


def _explain(name: str, error: BaseException) -> str:
    return explain_in(error, Path(name), CURE)


@contextmanager
def gather(
    source: Reader | Iterable[Any], processors: Iterable[Any], queue: int = 100_000, full: str = "block"
) -> Iterator[Gathering]:
    """Have processors take the events of a source, each on a thread of its own, until the block is left.

    Args:
        source: a reader, or anything that yields events; None in there says that there is none now.
        processors: objects with `name` and `sample`, such as instances of Processor.
        queue: how many events may wait for each of them.
        full: what happens to more: "block" lets the source wait, "oldest" and "newest" drop them.

    Raises:
        PluginError: two processors have one name, or one has none.
    """
    reader = source if isinstance(source, Reader) else Own(lambda: source)
    stream = Stream(Settings("local", queue=queue, full=full))
    for processor in processors:
        name = getattr(processor, "name", "")
        if not name or name in stream.names:
            said = f"the name {name} twice" if name else "no name"
            raise PluginError(f"{type(processor).__name__} has {said}; give each processor a name of its own")
        stream.add(name, processor, partial(_explain, name))
    stream.open(reader)
    try:
        yield Gathering(stream)
    finally:
        stream.close(END)
