"""A snapshot of what is set: fields of documents, and Tango attributes read side by side."""

import time
from collections.abc import Iterable, Sequence

from WardenServer.errors import NoData
from WardenServer.hub.runs.values import plain
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.configuration import names
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken
from WardenServer.results.value import Value
from WardenServer.servers.tango_devices import Devices


def take(
    run: int,
    phase: Phase,
    documents: Iterable[Taken],
    attributes: Sequence[str],
    limit: float,
    devices: Devices | None = None,
) -> Snapshot:
    """A snapshot as things are now.

    Args:
        run: number of the run.
        phase: when in the run.
        documents: the fields of documents; see documents.of_board and documents.of_document.
        attributes: Tango attributes as DEVICE/ATTRIBUTE.
        limit: seconds that reading them may take in all.
        devices: which know who still hangs from last time; None where there was none.
    """
    at = time.time()
    return Snapshot(run, phase, at, [*documents, *of_attributes(attributes, limit, devices or Devices())])


def of_attributes(attributes: Sequence[str], limit: float, devices: Devices) -> list[Taken]:
    """Attributes with their values, times and qualities; those that cannot be read are `Unavailable`."""
    readings = devices.read(names(attributes), limit)
    return [_taken(device, name, found) for device, by_name in readings.items() for name, found in by_name.items()]


def _taken(device: str, name: str, found: Value | NoData) -> Taken:
    if isinstance(found, NoData):
        return Taken(device, name, Unavailable(str(found) or "it has no value"))
    return Taken(device, name, plain(found.value), found.timestamp, str(found.quality))
