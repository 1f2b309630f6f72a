"""What a file with processors of an event stream may import: a base class, and how to pass over an event."""

from typing import Any


class ProcessorAbort(Exception):
    """This event cannot be used, and the processor goes on. Raise it from `event` or `events`."""


class Processor:
    """Gathers what it needs of the events of a stream, and is sampled at its interval.

    It need not be the base of a processor: any class with a `name` and a `sample` is one. `event` and `sample` of one
    processor never run at once. With `events(batch)` in place of `event` it takes many events together: a numpy record
    array, or an awkward array where the events have parts of different lengths. A processor with both gets arrays where
    the stream has arrays. `merge(samples)` makes one document of a list of them, for streams that several hubs share.

    Where the hub has runs, `start_run(number)` is called before the first event of a run: begin anew there. A processor
    that has `stop_run(number)` gets the events of runs alone: it is called after the last one, and the sample is asked
    for then. A processor that is new is told of the run that is open; one that takes over by `load` is not. After any
    exception in either it gets no more events.
    """

    name = ""

    def event(self, event: Any) -> None:
        """Take one event; others see the same object, so it must not be changed.

        Raises:
            ProcessorAbort: this event cannot be used. After any other exception the processor gets no more events.
        """

    def sample(self) -> dict[str, Any]:
        """The document of now: what `work` of other agents returns."""
        return {}

    def load(self, old: Any) -> None:
        """Take over the state of `old`, the processor of this name in the code before; not its settings."""
