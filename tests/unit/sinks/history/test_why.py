"""Why a value is missing, by what is seen now and by what the history has."""

from collections.abc import Callable
from typing import Any

import pytest

from WardenServer.errors import WardenError
from WardenServer.results.hub_document import AgentEntry, HubDocument
from WardenServer.settings import config
from WardenServer.sinks.history import why
from WardenServer.sinks.history.ask import History, Known
from WardenServer.sinks.history.breaks import Gap
from WardenServer.sinks.history.question import Range
from WardenServer.sinks.history.why import Seen

FIELDS = {"Petra.Current": {"agent": "ring", "key": "Petra", "field": "Current"}}


class FakeHistory(History):
    """A history of one field that is gone; `found` is what it has of any other."""

    def __init__(self) -> None:
        self.found: Range | None = None

    def known(self) -> list[Known]:
        return [Known("Old", "x", "gone", 5.0, 77.0)]

    def range(self, key: str, field: str, begin: float, end: float, wanted: int = 0) -> Range:
        if self.found is None:
            raise WardenError("there is no history of it")
        return self.found


def now(agent: AgentEntry, document: Any = None, state: str = "RUNNING", name: str = "Petra.Current") -> str:
    hub = HubDocument(state, agents={"ring": agent})
    return str(why.now(Seen("", hub, FIELDS, lambda key: document), FakeHistory(), *name.split(".")))


@pytest.mark.parametrize(
    ("agent", "document", "said"),
    [
        (AgentEntry("failing", last_error="the magnet is off"), {}, "agent ring fails: the magnet is off; correct"),
        (AgentEntry("stalled", last_error="line 3"), {}, "agent ring hangs: line 3; see where"),
        (AgentEntry("refused", last_error="line 3"), {}, "agent ring is refused: line 3; correct its file"),
        (AgentEntry("no data", reason="no beam"), {}, "agent ring has no data: no beam"),
        (AgentEntry("stopped"), {}, "agent ring is stopped; start it"),
        (AgentEntry("waiting"), {}, "agent ring has not run yet; wait"),
        (AgentEntry("good"), None, "Memcached has dropped Petra, or its life is over; give Memcached more memory"),
        (AgentEntry("good"), {"Current": None, "reason": "hot"}, "Petra.Current is null: hot"),
        (AgentEntry("good"), {"Current": None, "reason": "x: cold; Current: hot"}, "Petra.Current is null: hot"),
        (AgentEntry("good"), {"Current": None, "error": "broken"}, "Petra.Current is null: broken"),
        (AgentEntry("good"), {"Current": None}, "Petra.Current is null: its agent returned None"),
        (AgentEntry("good"), {"Current": 3}, "Petra.Current has a value: 3"),
    ],
)
def test_what_is_said_of_now(agent: AgentEntry, document: Any, said: str) -> None:
    assert said in now(agent, document)


def test_the_hub_comes_before_its_agents() -> None:
    assert "the hub is stopped" in now(AgentEntry("failing"), state="ON")
    gone = Seen("Memcached x does not answer", None, {}, lambda key: None)
    assert "Memcached x does not answer; start it" in str(why.now(gone, FakeHistory(), "Petra", "Current"))
    assert "the hub does not run" in str(why.now(gone._replace(problem=""), FakeHistory(), "Petra", "Current"))


def test_of_a_field_that_nobody_fills() -> None:
    assert "no agent has ever filled No.such" in now(AgentEntry("good"), name="No.such")
    assert "no agent fills Old.x any more (since 1970-" in now(AgentEntry("good"), name="Old.x")
    assert "agent ring is refused: bad" in now(AgentEntry("refused", key="Mine", last_error="bad"), name="Mine.x")


def range_of(time: list[float], gaps: list[Gap], seconds: int = 0, before: tuple[float, Any] | None = None) -> Range:
    import numpy as np

    values = np.array([1.5] * len(time))
    columns = {"value": values} if not seconds else {"n": values, "min": values, "mean": values, "max": values}
    return Range("a", "x", "raw", seconds, 0, 100, np.array(time), columns, before, gaps)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (range_of([40.0], [Gap(45.0, None, "no beam")]), "a.x had no value: no beam (since 1970-01-01"),
        (range_of([40.0], [Gap(10.0, 20.0, "no beam")]), "a.x was 1.5 (since"),
        (range_of([], [], before=(3.0, "on")), "a.x was 'on'"),
        (range_of([], []), "had no value yet, or"),
        (range_of([40.0], [], 60), "have been thinned away; in the 60 s from"),
        (range_of([], [], 60), "there is no point of that time"),
    ],
)
def test_what_is_said_of_a_time(settings: Callable[..., config.Settings], found: Range, said: str) -> None:
    history = FakeHistory()
    history.found = found
    assert said in str(why.then(settings(), history, "a", "x", 50.0))
    with pytest.raises(WardenError, match="in the future"):
        why.then(settings(), history, "a", "x", 4e9)
