"""What is to be written of a run, as text that waits until the store takes it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.store import Store


@dataclass(frozen=True)
class Opened:
    """A run that was opened: its number, when in Unix seconds, by whom, and what people should know of it."""

    number: int
    at: float
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Record:
    """That a run was opened; with what came later, where there is any: a snapshot, or when it was closed."""

    run: Opened
    snapshot: Snapshot | None = None
    closed: float | None = None

    def write(self, store: "Store", hub: str) -> None:
        """Write it; it may have been written before. Raises Unreachable. Each record says that the run was opened, so
        that none depends on another, which may be lost."""
        from WardenServer.plugins.common.runs import recording

        run = self.run
        recording.begin(store, hub, run.number, run.at, run.by, run.note)
        if self.snapshot is not None:
            recording.add(store, hub, self.snapshot)
        if self.closed is not None:
            recording.end(store, hub, run.number, self.closed)

    def as_text(self) -> str:
        """As JSON, which may have NaN."""
        run, shot = self.run, self.snapshot
        said: dict[str, Any] = {"run": [run.number, run.at, run.by, run.note], "closed": self.closed}
        if shot is not None:
            said["snapshot"] = {"phase": shot.phase, "at": shot.at, "values": [_row(each) for each in shot.values]}
        return json.dumps(said)


def from_text(text: str) -> Record:
    """What `as_text` has written. Raises ValueError, KeyError or TypeError where it is of another release."""
    said = json.loads(text)
    run, shot = Opened(*said["run"]), said.get("snapshot")
    snapshot = shot and Snapshot(run.number, Phase(shot["phase"]), shot["at"], [_taken(*row) for row in shot["values"]])
    return Record(run, snapshot, said["closed"])


def _row(taken: Taken) -> list[Any]:
    row = [taken.partition, taken.parameter, taken.at, taken.quality]
    return [*row, None, taken.value.reason] if isinstance(taken.value, Unavailable) else [*row, taken.value]


def _taken(partition: str, parameter: str, at: float | None, quality: str, value: Any, reason: str = "") -> Taken:
    return Taken(partition, parameter, Unavailable(reason) if reason else value, at, quality)
