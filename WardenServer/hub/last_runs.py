"""When agents of the calendar ran last: what was missed while the hub was down is made up for at its next start."""

from typing import Any

from WardenServer.machine.state_file import StateFile
from WardenServer.settings.config import Settings


class LastRuns:
    """The times, in Unix seconds, by agent, in one file. One thread uses it."""

    def __init__(self, settings: Settings) -> None:
        place = settings.state_folder / f"{settings.instance}-runs.json"
        self._file = StateFile(place, 1, "the last runs of agents of the calendar")
        self._times: dict[str, float] = self._file.read(_understand, {})

    def of(self, agent: str) -> float | None:
        """When an agent ran last; None where that is not known."""
        return self._times.get(agent)

    def note(self, times: dict[str, float]) -> None:
        """Remember when agents ran last."""
        known = {**self._times, **times}
        if known != self._times and self._file.write(known):
            self._times = known


def _understand(version: int, content: Any) -> dict[str, float]:
    return {str(name): float(when) for name, when in content.items()}
