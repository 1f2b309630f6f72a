"""The agent ping_nightly in a hub: from monitoring hosts that answer and lie to tables, its document and its events."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from tests.system.ping.lying_host import Host
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.sinks.events import store

#: What ships besides and would run.
OTHERS = "host,processes,tango_database,tango_servers"
YESTERDAY = datetime.now(UTC).date() - timedelta(1)
#: Seconds that a night may take, on a busy machine.
LIMIT = 60.0


@pytest.fixture
def server(hub: MakeHub, write: Callable[..., Path], tmp_path: Path, host: Host) -> Hub:
    """A hub that collects from two hosts, one of which sends half a gzip."""
    write("none", "INTERVAL = 60.0\ndef work(agent):\n    return {}\n")
    url = host.way("half_gzip").replace("//", "//user:hunter2hunter2@")
    file = tmp_path / "warden.toml"
    file.write_text(f'[ping_archive.monitors]\n"m.example" = "{host.way("good")}"\n"bad.example" = "{url}"\n')
    file.chmod(0o600)
    return hub(shipped="yes", disabled=OTHERS)


@pytest.mark.timeout(300)
def test_nights_and_repairs_become_tables_and_what_is_missing_is_told(server: Hub, host: Host) -> None:
    wait_for(lambda: "ping_nightly" in server.proxy.AgentNames, LIMIT)
    server.proxy.RunAgent("ping_nightly")
    document = server.wait_document("ping_nightly", "day", str(YESTERDAY), limit=LIMIT)
    assert {way for way, _ in host.asked} == {"good", "half_gzip"}
    assert (document["hosts"], document["fetched"], document["lines"]) == (2, 1, 40)
    assert document["problem"].endswith("sends half a gzip; fetch it again") and "hunter2" not in document["problem"]
    assert (len(document["missing"]), document["short"]) == (59, [])
    assert document["tables"] == document["changed"] > 0
    [event] = store.read(store.place(server.settings), 10, agent="ping_nightly")
    assert event.text.startswith("59 days of 2 monitoring hosts are missing and 0 are short")
    repaired = YESTERDAY - timedelta(2)
    said = answer(server, {"restore": str(repaired)})
    assert json.loads(said)["queued"] in (True, f"{repaired}..{repaired}")  # True: it takes longer than a second
    wait_for(lambda: len(server.document("ping_nightly")["missing"] or []) == 58, LIMIT)
    folders = Folders(server.settings.state_folder / f"ping_archive-{server.settings.instance}")
    for day in (repaired, YESTERDAY):
        table = folders.report("average_rtt", 100, "node", str(day))
        assert b"m.example t.example 2.200" in gzip.decompress(table.read_bytes())
    before = {path: path.read_bytes() for path in folders.root.rglob("*.gz")}
    host.asked.clear()
    answer(server, {"restore": str(repaired)})
    server.wait_document("ping_nightly", "fetched", 0, limit=LIMIT)
    assert server.document("ping_nightly")["changed"] == 0
    assert {way for way, _ in host.asked} == {"half_gzip"}, "what is whole is not fetched again"
    assert before == {path: path.read_bytes() for path in folders.root.rglob("*.gz")}
    assert len(store.read(store.place(server.settings), 10, agent="ping_nightly")) == 1
    wait_for(lambda: "is no time; write days such as" in answer(server, {"restore": "yesterday"}), LIMIT)


def answer(server: Hub, request: object) -> str:
    """What the agent replies, or why it does not."""
    try:
        return str(server.proxy.AskAgent(["ping_nightly", json.dumps(request)]))
    except tango.DevFailed as error:
        return str(error.args[0].desc)
