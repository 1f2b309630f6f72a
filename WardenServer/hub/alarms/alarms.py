"""Alarms as a whole: the rules, what people say of them, the store of events, and who delivers messages."""

from WardenServer.hub.alarms import mutes
from WardenServer.hub.alarms.judge import Judge
from WardenServer.hub.alarms.mutes import Mutes
from WardenServer.machine.clock import Clock
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import Sink
from WardenServer.sinks.events import store
from WardenServer.sinks.events.sink import Events
from WardenServer.sinks.notify.sink import Notify


class Alarms:
    """The parts that every hub has. `sinks` take what comes to its board; any thread may call the rest."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._mutes = Mutes(mutes.place(settings))
        self._judge = Judge(settings, self._mutes, store.place(settings), clock)
        self._notify = Notify(settings)
        events = Events(settings, self._judge.targets)
        events.written = self._notify.rouse
        self.sinks: tuple[Sink, ...] = (self._judge, events, self._notify)

    def take_on(self, settings: Settings) -> None:
        """Go by these rules and targets from now on."""
        self._judge.take_on(settings)
        self._notify.take_on(settings)

    def mute(self, rule: str, until: float, why: str) -> None:
        """Tell nobody of a rule until a time in Unix seconds; raises WardenError where there is no such rule."""
        self._judge.check(rule)
        self._mutes.mute(rule, until, why, self._clock.time())

    def unmute(self, rule: str) -> None:
        """Tell people of it again; raises WardenError where it is not muted."""
        self._mutes.unmute(rule, self._clock.time())

    def acknowledge(self, name: str) -> None:
        """Send no reminders about the alarms of a rule; raises WardenError where it has none."""
        self._mutes.acknowledge(self._judge.begins(name), self._clock.time())
