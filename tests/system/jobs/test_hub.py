"""A hub with the table [jobs]: its agents, what they publish, and what is asked of them."""

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from tests.system.jobs.work_place import Place
from WardenServer.plugins.common.jobs import requests
from WardenServer.plugins.common.jobs.looking import states
from WardenServer.sinks.events import store

#: Fast, for the sake of the test's time; all that ships besides is left out.
AGENTS = """
[agents.jobs_standard]
interval = 60
offset = 0
[agents.jobs_priority]
interval = 60
[agents.jobs_cleanup]
interval = 0.5
[agents.jobs_status]
interval = 0.5
"""
OTHERS = "host,processes,tango_database,tango_servers"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(tmp_path, stack, check_in=4.0, suffixes=[".json", ".cbf"], deferred=str(tmp_path / "deferred"))


@pytest.fixture
def server(place: Place, hub: MakeHub, tmp_path: Path) -> Hub:
    (tmp_path / "deferred").mkdir()
    file = tmp_path / "warden.toml"
    file.write_text(file.read_text() + AGENTS)
    return hub(shipped="yes", disabled=OTHERS)


def put(folder: Path, *ids: str) -> None:
    for id in ids:
        for suffix in (".json", ".cbf"):
            (folder / f"{id}{suffix}").write_text("{}")


def test_files_are_done_told_and_shown_and_requests_come_first(server: Hub, place: Place, tmp_path: Path) -> None:
    problem = server.wait_document("jobs", "standard_problem")["standard_problem"]
    assert problem == "no processor is alive, so that no files are queued; start one with: warden jobs work"
    put(place.root, "early")
    command = shlex.join(["sh", "-c", 'case "$1" in bad) echo no peaks; exit 3;; esac', "x", "{id}", "{json}", "{cbf}"])
    place.work("--command", command, "--at-once", "1")
    put(place.root, "good one", "bad")
    server.wait_document("jobs", "done", 3, 30)
    document = server.wait_document("jobs", "failed", 1)
    assert {name: document[name] for name in ("queued", "waiting", "running", "processors", "dead", "late")} == {
        "queued": 3, "waiting": 0, "running": 0, "processors": 1, "dead": 0, "late": 0,
    }  # fmt: skip
    assert document["latency"] >= 1.0, "files settle for a second"
    assert server.wait_valid("jobs_status_latency_p95") >= 1.0
    assert server.proxy.get_attribute_config("jobs_status_rate").unit == "1/h"
    ended = {"early": "done", "good one": "done", "bad": "failed"}
    assert states(place.database, ended) == ended
    assert server.document("jobs")["standard_problem"] == ""

    put(tmp_path / "deferred", "later")
    asked = server.proxy.AskAgent(["jobs_priority", json.dumps({"prioritize": ["later", "later"]})])
    assert json.loads(asked) == {"asked": 1}
    server.wait_document("jobs", "done", 4, 20)
    assert server.wait_document("jobs", "urgent", 1)
    with pytest.raises(tango.DevFailed, match=r'does not know; ask {"prioritize": \["ID", "ID"\]}\n'):
        server.proxy.AskAgent(["jobs_priority", '{"prio": ["later"]}'])

    told = store.place(server.settings)
    sentence = "job bad has failed: exit code 3: no peaks"
    wait_for(lambda: [each for each in store.read(told, 50) if each.text == sentence], 10)


def test_without_a_database_the_agents_say_so_and_go_on_when_it_is_back(server: Hub, place: Place) -> None:
    server.wait_document("jobs", "waiting", 0)
    assert place.jobs.url.startswith("sqlite")
    place.database.close()
    file = place.state / "jobs.db"
    file.chmod(0o400)  # root may write nevertheless: a folder in its place keeps it out, too
    aside = file.rename(file.with_suffix(".aside"))
    file.mkdir()
    server.wait_state("ALARM")
    assert "cannot be used" in server.document("jobs")["error"]
    file.rmdir()
    aside.rename(file)
    file.chmod(0o600)
    server.wait_state("RUNNING", 20)
    place.work("--command", "true {json}")
    put(place.root, "after")
    assert server.wait_document("jobs", "done", 1, 30)
    assert requests.asked(place.database) == []
