"""Delivers the messages that wait in the store of events, each target on a thread of its own."""

from WardenServer.results.board import HUB
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Notify as Table
from WardenServer.sinks.base import Sink
from WardenServer.sinks.events.store import place
from WardenServer.sinks.notify.heartbeat import Heartbeat
from WardenServer.sinks.notify.target import Delivery


class Notify(Sink):
    """Starts and ends the deliveries as the settings ask for them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("notify")
        self._path = place(settings)
        self._settings = settings
        self._took_on = Table()
        self._deliveries: dict[str, Delivery] = {}
        self._heartbeat: Heartbeat | None = None
        self._ended: list[Delivery | Heartbeat] = []
        self._state = ""  # of the hub, where it has said so since the last heartbeat

    def take_on(self, settings: Settings) -> None:
        """Deliver to these targets from now on."""
        self._settings = settings
        self._rouse()

    def rouse(self) -> None:
        """There may be messages; any thread may say so."""
        for delivery in list(self._deliveries.values()):
            delivery.rouse()

    def take(self, agent: str, result: Result | None) -> None:
        """See Sink. The messages are in the store; here only the hub's own state counts."""
        if agent == HUB and result is not None:
            self._state = str(result.fields.get("state", ""))
            self._rouse()

    def deliver(self) -> None:
        """See Sink."""
        if self._closing.is_set():
            return
        if self._settings.notify != self._took_on:
            self._change(self._settings.notify)
        if self._heartbeat is not None and self._state:
            self._heartbeat.beat(self._state)
            self._state = ""  # a hub that hangs says nothing more
        said = {name: f"target {name}: {each.problem}" for name, each in self._deliveries.items() if each.problem}
        if self._heartbeat is not None and self._heartbeat.problem:
            said["heartbeat"] = self._heartbeat.problem
        self.problems = said

    def _change(self, table: Table) -> None:
        self._end()
        self._took_on = table
        self._deliveries = {
            name: Delivery(target, self._settings, self._path, self._rouse) for name, target in table.targets.items()
        }
        if table.heartbeat:
            self._heartbeat = Heartbeat(table.heartbeat, table.heartbeat_interval, self._settings.instance)

    def _end(self) -> None:
        ended: list[Delivery | Heartbeat] = [*self._deliveries.values()]
        ended += [self._heartbeat] if self._heartbeat is not None else []
        for each in ended:
            each.close()
        self._ended = [each for each in self._ended if not each.join(0)] + ended
        self._deliveries, self._heartbeat = {}, None

    def release(self) -> None:
        """See Sink."""
        self._end()

    def join(self, seconds: float) -> bool:
        """See Sink. A service that hangs is not waited for beyond that."""
        if not super().join(seconds):
            return False
        return all(each.join(seconds / max(1, len(self._ended))) for each in self._ended)
