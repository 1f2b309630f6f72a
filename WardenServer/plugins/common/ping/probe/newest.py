"""What was seen last of each host, and of all of them together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe import fields
from WardenServer.plugins.common.ping.probe.fields import Document
from WardenServer.plugins.common.ping.probe.round import Outcome


@dataclass(frozen=True)
class Total:
    """All hosts together: how many there are, and are in each state; the loss of all their pings in %, None before
    there are any; the names of those silent ones that people want to hear of."""

    hosts: int
    answering: int
    silent: int
    without_name: int
    loss: float | None
    silent_names: tuple[str, ...]


class Newest:
    """The documents of the hosts of a list, in its order. For one thread."""

    def __init__(self) -> None:
        self._hosts: Sequence[Host] = ()
        self._counts: dict[str, tuple[int, int]] = {}
        #: By name. A document is never changed once it is made.
        self.documents: dict[str, Document] = {}

    def listed(self, hosts: Sequence[Host]) -> None:
        """These are the hosts from now on; what is known of others is forgotten."""
        self._hosts = hosts
        self.documents = {host.name: self.documents.get(host.name) or fields.before(host) for host in hosts}
        self._counts = {name: self._counts[name] for name in self.documents if name in self._counts}

    def take(self, outcome: Outcome) -> None:
        """What became of a host of the list."""
        sets = [sample.measured for sample in outcome.samples]
        name = outcome.target.host.name
        self._counts[name] = sum(each.sent for each in sets), sum(each.received for each in sets)
        self.documents[name] = fields.document(outcome)

    def total(self) -> Total:
        """How all are."""
        states = Counter(document["state"] for document in self.documents.values())
        sent, received = (sum(counts[place] for counts in self._counts.values()) for place in (0, 1))
        lost = max(0.0, 100 * (sent - received) / sent) if sent else None
        silent = [host.name for host in self._hosts if host.has_alarm and self._is_silent(host.name)]
        counted = (states[fields.ANSWERS], states[fields.SILENT], states[fields.NO_NAME])
        return Total(len(self._hosts), *counted, lost, tuple(silent))

    def _is_silent(self, name: str) -> bool:
        return bool(self.documents[name]["state"] == fields.SILENT)
