"""The agent ping: what it publishes, tells and answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.plugins.ping.probe.fake_method import Fake, hang, stand_in
from WardenServer.agent import Agent
from WardenServer.errors import SettingError
from WardenServer.plugins import ping
from WardenServer.results.field import Place, kind_of
from WardenServer.results.result import clean

HOSTS = ["127.0.0.1 send=4 size=100", "::1 send=4 size=100", "192.0.2.1 send=4 size=100 gateway=192.0.2.9"]


@pytest.fixture
def method(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake(lambda address, pings: "silent" if address == "192.0.2.1" else None)
    stand_in(monkeypatch, made)
    return made


def agent_of(folder: Path, **more: object) -> Agent:
    table = {"hosts": HOSTS, "folder": str(folder), "name": "here", "address": "192.0.2.250", **more}
    made = Agent("ping", {"ping": table})
    ping.setup(made)
    return made


@pytest.fixture
def agent(tmp_path: Path, method: Fake) -> Iterator[Agent]:
    made = agent_of(tmp_path)
    yield made
    ping.close(made)


def whole() -> None:
    wait_for(lambda: ping.loop.snapshot().state.took is not None)


def work(agent: Agent) -> tuple[dict[str, Any], dict[str, str], Any]:
    fields, reasons, owned = clean(ping.work(agent))
    return dict(fields), dict(reasons), owned


def test_all_hosts_together(agent: Agent) -> None:
    whole()
    fields, _, owned = work(agent)
    own = {name: fields[name] for name in ping.FIELDS}
    assert own.pop("round") > 1.7e9 and own.pop("next") > 1.7e9 and own.pop("took") >= 0
    assert list(own.pop("silent_servers")) == ["192.0.2.1"]
    assert own == {
        "hosts": 3, "answering": 2, "silent": 1, "without_name": 0, "loss": pytest.approx(100 / 3), "method": "fake",
        "lines": 3, "late": 0, "skipped": 0, "problem": "",
    }  # fmt: skip
    assert "problem" not in owned or owned["problem"].quality == "VALID"


def test_fields_are_declared_as_they_come(agent: Agent) -> None:
    whole()
    fields, _, _ = work(agent)
    for name, said in ping.FIELDS.items():
        kind = kind_of(fields[name])
        assert kind is not None, name
        assert (kind.dtype, kind.dims) == (said["dtype"], said.get("dims", 0)), name


def test_each_host_has_a_document_with_units_and_times(agent: Agent) -> None:
    whole()
    fields, _, owned = work(agent)
    assert fields["127_0_0_1_loss_100"] == 0.0 and fields["192_0_2_1_loss_100"] == 100.0
    rtt = owned["127_0_0_1_rtt_avg_100"]
    assert (rtt.place, rtt.timestamp) == (Place("ping.127.0.0.1", name="rtt_avg_100"), 1e9)
    assert rtt.properties == {"unit": "ms", "format": "%.3f"}
    assert owned["1_state"].place == Place("ping.::1", name="state")
    assert fields["192_0_2_1_rtt_avg_100"] is None
    assert owned["192_0_2_1_rtt_avg_100"].place == Place("ping.192.0.2.1", name="rtt_avg_100")
    assert (fields["192_0_2_1_gateway_loss"], fields["192_0_2_1_fault"]) == (0.0, "theirs")


def test_before_the_first_round_all_fields_are_there_and_nobody_is_missing(tmp_path: Path, method: Fake) -> None:
    method.behave = lambda address, pings: hang()
    agent = agent_of(tmp_path)
    fields, reasons, owned = work(agent)
    ping.close(agent)
    assert fields["silent_servers"] is None and reasons["silent_servers"] == "no round was whole yet"
    assert fields["127_0_0_1_loss_100"] is None
    assert owned["127_0_0_1_loss_100"].place == Place("ping.127.0.0.1", name="loss_100")
    assert fields["127_0_0_1_state"] == "not measured"


def test_hosts_beyond_the_first_ones_are_one_text_each(
    tmp_path: Path, method: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_of(tmp_path, attributes=1)
    whole()
    fields = ping.work(agent)
    ping.close(agent)
    assert "127_0_0_1_loss_100" in fields and "192_0_2_1_loss_100" not in fields
    value = fields["192_0_2_1_document"]
    assert value.place == Place("ping.192.0.2.1", "document")
    document = json.loads(value.value)
    assert (document["state"], document["loss_100"], document["timestamp"]) == ("silent", 100.0, 1e9)


def test_a_host_called_silent_does_not_hide_those_that_are() -> None:
    assert ping._key("silent") != "ping.silent" and ping._key("a.org") == "ping.a.org"


def test_a_problem_is_a_warning(tmp_path: Path, method: Fake) -> None:
    agent = agent_of(tmp_path, every=1.0)
    fields, _, owned = work(agent)
    ping.close(agent)
    assert fields["problem"].startswith("a round of 3 hosts may take") and owned["problem"].quality == "WARNING"


def test_what_happens_is_told(agent: Agent) -> None:
    whole()
    ping.loop._board.tell("www.example.org has a new address")
    work(agent)
    [event] = agent.told
    assert (event.text, event.severity) == ("www.example.org has a new address", "warning")


def test_a_round_is_asked_for(agent: Agent, method: Fake) -> None:
    whole()
    before = len(method.pings)
    wait_for(lambda: ping.answer(agent, {"round": True}) == {"round": True})
    wait_for(lambda: len(method.pings) > before)
    for request in (None, {}, {"round": False}, {"round": True, "x": 1}, "round", [1]):
        with pytest.raises(SettingError, match=r'ask {"round": true}'):
            ping.answer(agent, request)
