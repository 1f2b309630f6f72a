"""The hub's document about itself, as one value."""

import json

import pytest

from WardenServer.results import hub_document
from WardenServer.results.hub_document import AgentEntry, HubDocument, SinkEntry


def test_it_comes_back_from_json_as_it_was() -> None:
    agents = {"ring": AgentEntry("failing", key="Ring", warnings={"x": "is NaN"}), "new": AgentEntry()}
    made = HubDocument("ALARM", "ring fails", "local", agents=agents, sinks={"memcached": SinkEntry(False, 3)})
    assert hub_document.read(json.loads(json.dumps(made.as_dict()))) == made


def test_a_document_of_another_release_is_read_as_far_as_it_is_known() -> None:
    read = hub_document.read({"state": "ON", "later": 3, "agents": {"ring": {"state": "good", "later": 4}}})
    assert read == HubDocument("ON", agents={"ring": AgentEntry("good")})


@pytest.mark.parametrize("other", [{}, {"x": 3}, {"agents": 3}, {"agents": {"ring": 3}}, {"agents": {}, "sinks": 3}])
def test_what_is_no_such_document_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no agents"):
        hub_document.read(other)
