"""Streams whose events several hubs share: each sees a part, and publishes what comes of all of them together."""

from collections.abc import Mapping, Sequence
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.results.result import Cleaned, clean
from WardenServer.streams.host import Host
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.stream import COUNTS

#: Samples of other hubs count while they are younger than so many intervals.
INTERVALS = 2
#: Seconds that the merge of samples may wait for its processor.
MERGE = 30.0


def check(kind: Any, reader: Reader | None) -> None:
    """Raise PluginError where a processor of this class cannot be in a stream that is shared."""
    if reader is not None and reader.shares and not callable(getattr(kind, "merge", None)):
        raise PluginError(f"several hubs share its stream, and {kind.__name__} has no merge(samples); add it")


def merged(reader: Reader, host: Host, sample: Cleaned, interval: float) -> Cleaned:
    """What the processor makes of its own newest sample and those of the other hubs; raises what it raises.

    Raises:
        Unreachable: the others' samples cannot be had.
    """
    samples = reader.exchange(host.name, sample[0], INTERVALS * interval)

    def merge(processor: Any) -> Cleaned:
        return clean({**_counts(samples), **processor.merge(samples)})

    return host.ask(merge).result(MERGE)  # type: ignore[no-any-return]


def _counts(samples: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """The counts of all hubs together; null where one does not know."""
    names = (*COUNTS, *(f"{name}_new" for name in COUNTS))
    values = {name: [sample.get(name) for sample in samples] for name in names}
    return {name: None if None in given else sum(filter(None, given)) for name, given in values.items()}
