"""What agents tell."""

from typing import Any

import pytest

from WardenServer.agent import Agent
from WardenServer.errors import FieldError
from WardenServer.results import event
from WardenServer.results.event import Severity
from WardenServer.settings import masking


def test_an_event_has_an_id_of_its_own_unless_it_is_given_one() -> None:
    agent = Agent("ring")
    agent.tell("beam lost")
    agent.tell("beam lost", severity="alarm", id="dump 7")
    first, second = agent.told
    assert (first.agent, first.severity, first.text) == ("ring", Severity.INFO, "beam lost")
    assert first.id.startswith("ring.")
    assert (second.id, second.severity) == ("dump 7", Severity.ALARM)


@pytest.mark.parametrize(
    "said",
    [{"text": ""}, {"text": None}, {"text": 3}, {"text": "x" * 10_001}, {"severity": "loud"}, {"severity": None},
     {"severity": []}, {"id": ""}, {"id": 3}, {"id": "x" * 201}],
)  # fmt: skip
def test_what_is_no_event_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(FieldError, match=r"tell\(.*write"):
        Agent("ring").tell(**{"text": "beam lost", **said})


def test_there_are_only_so_many_in_one_run() -> None:
    agent = Agent("ring")
    for _ in range(event.MOST):
        agent.tell("again")
    with pytest.raises(FieldError, match="more than 100 events"):
        agent.tell("again")


def test_no_secret_is_told_and_no_text_that_cannot_be_stored() -> None:
    masking.add("hush-hush")
    agent = Agent("ring")
    agent.tell("the password is hush-hush, file \udcff")
    assert agent.told[0].text == "the password is ***, file ?"


def test_ids_of_the_hub_s_own_events() -> None:
    id = event.own_id("alarm", "beam", "agent: with colons", 1.7e9)
    assert event.read_id(id) == ("alarm", "beam", "agent: with colons", "1700000000.000")
    assert event.end_of(id) == event.own_id("clear", "beam", "agent: with colons", 1.7e9)
    assert event.read_id("alarm:beam::1") is None
    with pytest.raises(FieldError, match="ids that begin with warden: are the hub's own; choose another"):
        event.make(id, 1.0, "a", "info", "text")
