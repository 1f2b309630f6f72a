"""Two runs of a source compared: what `warden diff`, the page and the agent all ask."""

from collections.abc import Sequence

from WardenServer.errors import WardenError
from WardenServer.plugins.common.differ.change import Comparison
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.runs.source import Side, Source


class NotComparable(WardenError):
    """A run is not there, or has no values."""


class UnknownPartition(WardenError):
    """Neither run has this partition."""


def compare(
    source: Source, rules: Rules, old: Side, new: Side, partitions: Sequence[str] | None = None
) -> Comparison:
    """What changed from one run to another, in these partitions or in all.

    Raises:
        NotComparable: a run is not there or has no values; the text names the nearest that are.
        UnknownPartition: the text names those that there are.
        Unreachable: the database cannot be used.
    """
    raise NotImplementedError
