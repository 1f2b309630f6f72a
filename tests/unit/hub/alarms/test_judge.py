"""The rules of a hub at work: what comes to the board, what is told after restarts, what people have said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.fake import FakeClock
from WardenServer.errors import WardenError
from WardenServer.hub.alarms import mutes
from WardenServer.hub.alarms.judge import Judge
from WardenServer.hub.alarms.mutes import Mutes
from WardenServer.results import event
from WardenServer.results.board import HUB_ALARMS, Board
from WardenServer.results.event import Event
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Notify, Rule, Target
from WardenServer.sinks.events import store

BEAM = Rule("beam", field="Petra.BeamCurrent", below=20, clear=70, to=("mail",))


class Hub:
    """A judge with a board, a store and a clock, which the tests turn."""

    def __init__(self, folder: Path, *rules: Rule, silence: float = 0.0, **targets: str) -> None:
        self.clock = FakeClock()
        self.settings = Settings(instance="t", state_folder=folder)
        self.store = store.Store(store.place(self.settings))
        self.events: list[Event] = []
        self.silence, self.targets = silence, targets or {"mail": "info"}
        self.start(*rules)

    def start(self, *rules: Rule) -> None:
        self.rules(*rules)
        self.mutes = Mutes(mutes.place(self.settings))
        self.judge = Judge(self.settings, self.mutes, store.place(self.settings), self.clock)
        self.board = Board()
        self.judge.open(self.board)
        self.board.listen(self.take)

    def rules(self, *rules: Rule) -> None:
        targets = {name: Target(name, "json://x", severity=severity) for name, severity in self.targets.items()}
        table = Notify({rule.name: rule for rule in rules}, targets, self.silence)
        self.settings = replace(self.settings, notify=table)

    def take(self, agent: str, result: Result | None) -> None:
        if agent == HUB_ALARMS and result is not None:
            told = [replace(each, to=self.judge.targets(each)) for each in result.events]
            self.events += told
            self.store.add(told)

    def see(self, *values: Any, key: str = "Petra", name: str = "BeamCurrent", error: str | None = None) -> list[str]:
        """A result for each value, a second apart; which events come of it."""
        begin = len(self.events)
        for value in values:
            self.clock.turn(1)
            fields = MappingProxyType({name: value})
            result = Result("petra", key, self.clock.time(), fields, error)
            self.board.put(result)
            self.judge.write([result] if self.judge.wants(result) else [])
        return self.kinds(begin)

    def wait(self, seconds: float) -> list[str]:
        begin = len(self.events)
        self.clock.turn(seconds)
        self.judge.write([])
        return self.kinds(begin)

    def kinds(self, begin: int) -> list[str]:
        found = self.events[begin:]
        return [each.id.split(":")[1] + ("" if each.to else " (silent)") for each in found]

    @property
    def table(self) -> dict[str, Any]:
        result = self.board.result(HUB_ALARMS)
        return {} if result is None else dict(result.fields)


MakeHub = Callable[..., Hub]


@pytest.fixture
def hub(tmp_path: Path) -> Any:
    made = []

    def make(*rules: Rule, **more: Any) -> Hub:
        made.append(Hub(tmp_path, *rules, **more))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


def test_the_beam_of_p02(hub: MakeHub) -> None:
    one = hub(BEAM)
    assert one.see(100, None, 21, 20, None, 0, 50) == ["alarm"]
    assert one.table["beam"]["state"] == "alarm" and one.table["beam"]["since"] == 1.7e9 + 4
    assert one.see(70, 100, None) == ["clear"]
    assert one.table["beam"]["state"] == "no data"
    assert one.see(None, error="the gateway is away") == []
    assert one.table["beam"]["state"] == "failing"
    assert one.table["beam"]["text"] == "agent petra fails: the gateway is away"


def test_a_restart_tells_nothing_twice_and_loses_no_recovery(hub: MakeHub) -> None:
    one = hub(BEAM)
    assert one.see(10) == ["alarm"]
    one.start(BEAM)
    assert one.see(10, 5) == []
    one.start(BEAM)
    assert one.see(80) == ["clear"]
    assert "from 2023" in one.events[-1].text
    one.start(BEAM)
    assert one.see(80) == []
    assert one.see(3) == ["alarm"]


def test_an_alarm_that_was_not_told_before_the_restart_is_told_after_it(hub: MakeHub) -> None:
    one = hub(BEAM, silence=30)
    assert one.see(10) == ["quiet (silent)"]
    one.silence = 0
    one.start(BEAM)
    assert one.see(10) == ["alarm"]


def test_silence_after_a_start(hub: MakeHub) -> None:
    one = hub(BEAM, silence=30)
    assert one.see(10, 10) == ["quiet (silent)"]
    assert one.wait(20) == []
    assert one.wait(20) == ["alarm"]


def test_mutes_end_by_themselves_and_are_kept_over_restarts_and_edits(hub: MakeHub) -> None:
    one = hub(BEAM)
    one.mutes.mute("beam", one.clock.time() + 100, "shift", one.clock.time())
    assert one.see(10) == ["mute (silent)", "quiet (silent)"]
    assert one.events[0].text.endswith(": shift")
    one.start(replace(BEAM, below=30))
    assert one.see(10) == ["mute (silent)"]
    assert one.table["beam"]["muted_until"] is not None
    assert one.wait(100) == ["alarm"]


def test_a_mute_during_the_delay_counts_and_swallows_no_recovery(hub: MakeHub) -> None:
    one = hub(replace(BEAM, cycles=3))
    assert one.see(10) == []
    one.mutes.mute("*", one.clock.time() + 50, "", one.clock.time())
    assert one.see(10, 10) == ["mute (silent)", "quiet (silent)"]
    assert one.see(80) == ["clear (silent)"]
    one.mutes.unmute("*", one.clock.time())
    one.wait(700)
    assert one.see(10, 10, 10) == ["alarm"]
    one.mutes.mute("beam", one.clock.time() + 50, "", one.clock.time())
    assert one.see(80) == ["mute (silent)", "clear"]


def test_acknowledged_alarms_send_no_reminders_until_the_next(hub: MakeHub) -> None:
    rule = replace(BEAM, reminder=60.0)
    one = hub(rule)
    one.see(10)
    assert one.wait(60) == ["remind"]
    one.mutes.acknowledge(one.judge.begins("beam"), one.clock.time())
    assert one.wait(60) == ["known (silent)"]
    one.start(rule)
    assert one.wait(60) == ["known (silent)"], "the log of a restart says it again, with the same id"
    assert one.table["beam"]["acknowledged"] is True
    assert one.see(80, 10) == ["clear", "alarm"]
    assert one.wait(60) == ["remind"]
    with pytest.raises(WardenError, match='"valve" has no alarm; alarms are: beam'):
        one.judge.begins("valve")


def test_no_valve_alarms_while_petra_is_silent(hub: MakeHub) -> None:
    silent = Rule("silent", stale="Petra", after=30)
    valve = Rule("valve", field="Vacuum.V_0", equals=1, unless="silent", to=("mail",))
    one = hub(silent, valve)
    assert one.see(100) == []
    assert one.wait(31) == ["alarm (silent)"]
    assert one.see(1, key="Vacuum", name="V_0") == ["quiet (silent)"]
    assert one.table["valve"]["quiet"] == "silent has an alarm"
    assert one.see(100) == ["clear (silent)"]
    assert one.wait(1) == ["alarm"], "it outlasts that"


def test_agents_that_fail_and_one_that_is_removed(hub: MakeHub) -> None:
    one = hub(Rule("failing", failing="*", to=("mail",)))
    assert one.see(None, error="no device") == ["alarm"]
    assert list(one.table) == ["failing: petra"]
    one.board.remove("petra")
    assert one.wait(1) == ["clear"]
    assert "agent petra is gone" in one.events[-1].text
    assert one.see(1) == []
    assert one.table == {}


def test_servers_that_are_missing_are_told_one_by_one(hub: MakeHub) -> None:
    one = hub(Rule("servers", missing="check", to=("mail",)))
    assert one.see(["A/1", "B/1"], ["A/1", "B/1"], key="check", name="servers") == ["alarm", "alarm"]
    one.start(*one.settings.notify.rules.values())
    assert one.see(["B/1"], key="check", name="servers") == ["clear"], "it was missing before the start"
    assert one.see([], key="check", name="servers") == ["clear"]


def test_events_of_agents_go_to_whom_the_rules_name(hub: MakeHub) -> None:
    rules = Rule("told", events="jobs", severity="warning", to=("mail", "chat")), Rule("all", events="*", to=("chat",))
    one = hub(*rules, mail="info", chat="alarm")
    one.see(1)
    made = {each: event.make(f"x{each}", 1.0, "jobs", each, "text") for each in ("info", "warning", "alarm")}
    assert [one.judge.targets(made[each]) for each in made] == [(), ("mail",), ("mail", "chat")]
    other = event.make("y", 1.0, "other", "alarm", "text")
    assert one.judge.targets(other) == ("chat",)
    one.mutes.mute("all", one.clock.time() + 50, "", one.clock.time())
    one.see(1)
    assert one.judge.targets(other) == ()


def test_targets_get_what_is_severe_enough_for_them_and_its_end(hub: MakeHub) -> None:
    warning = replace(BEAM, severity="warning", to=("mail", "chat"))
    one = hub(warning, mail="warning", chat="alarm")
    one.see(10, 80)
    assert [each.to for each in one.events] == [("mail",), ("mail",)]


def test_edited_rules_keep_their_alarms_and_removed_ones_end_them(hub: MakeHub) -> None:
    one = hub(BEAM)
    one.see(10)
    one.rules(replace(BEAM, clear=90, text="Beam"))
    one.judge.take_on(one.settings)
    assert one.see(80) == []
    assert one.see(95) == ["clear"]
    one.wait(700)
    one.see(10)
    one.rules()
    one.judge.take_on(one.settings)
    assert one.see(10) == ["clear"]
    assert "there is no such rule any more" in one.events[-1].text
    assert one.see(10) == []


def test_a_thousand_alarms_at_once_are_a_thousand_events(hub: MakeHub) -> None:
    one = hub(Rule("failing", failing="*", to=("mail",)))
    results = [Result(f"a{n}", f"a{n}", 1.7e9, MappingProxyType({}), "no") for n in range(1000)]
    for each in results:
        one.board.put(each)
    one.judge.write(results)
    assert len(one.events) == 1000


def test_results_that_no_rule_asks_for_cost_no_wait(hub: MakeHub) -> None:
    one = hub(BEAM)
    one.see(100)
    assert not one.judge.wants(Result("x", "Other", 1.0, MappingProxyType({})))
    assert one.judge.wants(Result("x", "Petra", 1.0, MappingProxyType({})))
    assert not hub().judge.wants(Result("x", "Petra", 1.0, MappingProxyType({})))
