"""`warden diff`, `warden runs` and `warden run` beside a real hub and its store, also where they are asked nonsense."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import wait_for
from tests.system.beamline import Beamline
from tests.system.conftest import Hub, MakeHub, new_name
from tests.system.postgresql import PostgreSQL
from tests.system.runs.run_database import OTHERS, warden, wardens
from tests.system.runs.test_own_runs import DEVICE, wait_run
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Side
from WardenServer.plugins.common.runs.store import Store

RING = "INTERVAL = 0.2\nKEY = 'Ring'\ndef work(agent):\n    import json\n    return json.loads(open({!r}).read())\n"
TABLE = """
[runs]
documents = ["Ring"]
attributes = ["{device}/Gain"]
[agents.run_differ]
interval = 0.5
"""
#: Texts that a terminal, a page, a chat or a database may not take as its own, or that are large: Memcached refuses a
#: document with all of them.
HOSTILE: dict[str, Any] = {
    "page": "<script>alert(1)</script> & \"quotes\"", "chat": "```code```", "nul": "a\0b", "ansi": "\x1b[31mred\x07",
    "letters": "ä 数 🙂 \u202e\u2028x", "whole": 2**63 - 1, "large": "y" * 1_000_000,
    "lines": "\n".join(map(str, range(20_000))),
}  # fmt: skip


class Site:
    """A hub with a document whose fields can be set, and its store at `url`."""

    def __init__(self, hub: MakeHub, write: Callable[..., Path], folder: Path, url: str, table: str) -> None:
        self._file = folder / "ring.json"
        self.give(x=0)
        write("ring", RING.format(str(self._file)))
        (folder / "warden.toml").write_text(f'runs_url = "{url}"\n{table}')
        self.server: Hub = hub(shipped="yes", disabled=OTHERS)
        self.server.wait_document("Ring", "x", 0)
        self.store = Store(url)
        self.own = Own(self.store, self.server.settings.instance)

    def give(self, **fields: object) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(fields))
        part.replace(self._file)

    def wait_given(self, x: object) -> None:
        """Wait until the hub has it. It may be in a document that is too large for Memcached."""
        self.server.wait_valid("ring_x", 20)
        wait_for(lambda: self.server.proxy.read_attribute("ring_x").value == x, 20, f"for {x}: {self.server.log()}")

    def run(self, **fields: object) -> int:
        """A run by the device; until its values are in the store."""
        self.give(**fields)
        self.wait_given(fields["x"])
        number = int(self.server.proxy.StartRun(0))
        wait_run(self.own, number)
        self.server.proxy.StopRun(number)
        wait_run(self.own, number, closed=True)
        return number


MakeSite = Callable[[str], Site]


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """Of a store that is empty."""
    name = f"runs_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgresql.url.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def make(url: str, hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> Iterator[MakeSite]:
    made: list[Site] = []

    def site(table: str) -> Site:
        made.append(Site(hub, write, tmp_path, url, table))
        return made[0]

    yield site
    for each in made:
        each.store.close()


@pytest.fixture
def beamline(database: LocalDatabase, tmp_path: Path) -> Iterator[Beamline]:
    with Beamline(database.address, tmp_path, new_name("said"), (DEVICE,)) as made:
        made.device(DEVICE).Give(json.dumps({"Gain": 41}))
        yield made


def test_commands(make: MakeSite, beamline: Beamline) -> None:
    site = make(TABLE.format(device=DEVICE))
    server = site.server
    none, neither, stop = wardens(server, ("runs",), ("diff",), ("run", "stop"))
    assert (none.code, none.stderr) == (0, "warden: there is no such run\n")
    assert (neither.code, neither.stderr) == (
        3, "warden: no run has values so far; compare again when there are enough\n",
    )  # fmt: skip
    assert (stop.code, "no run is open; open one with: warden run start" in stop.stderr) == (1, True)
    assert warden(server, "run", "start").stdout == "1\n"
    wait_run(site.own, 1)
    assert warden(server, "run", "stop").stdout == "1\n"
    wait_run(site.own, 1, closed=True)
    assert site.run(x=1) == 2
    open_now = warden(server, "run", "start", "7")
    assert (open_now.code, open_now.stdout) == (0, "7\n")
    wait_run(site.own, 7)
    cases: list[tuple[tuple[str, ...], int, str]] = [
        (("diff", "1", "2"), 1, "x in Ring has changed:\n0 → 1"),
        (("diff", "2", "1", "Ring"), 1, "x in Ring has changed:\n1 → 0"),
        (("diff", "2", "7"), 0, "Diff was empty, all queried parameters are unchanged\n"),
        (("diff", "2", "2"), 0, "Diff was empty"),
        (("diff", "1", "2", DEVICE), 0, "Diff was empty"),
        (("diff", "1", "2", "Rings"), 2, f"neither run 1 nor run 2 has a partition 'Rings'; there are: Ring, {DEVICE}"),
        (("diff", "one", "2"), 2, "'one' is no run"),
        (("diff", "--", "-1", "2"), 2, "'-1' is no run"),
        (("diff", "0", "2"), 2, "'0' is no run"),
        (("diff", "1", "9" * 30), 2, f"'{'9' * 30}' is no run"),
        (("diff", "1", str(2**63 - 1)), 3, f"run {2**63 - 1} is not there; the nearest: 7"),
        (("diff", "1", "3"), 3, "run 3 is not there; the nearest: 2 and 7"),
        (("diff", "7", "7:end"), 3, "run 7:end has no values"),
        (("run", "start", "7"), 1, "run 7 is open; stop it first: warden run stop"),
        (("run", "golden", "2"), 0, "Run 2 is the golden run."),
        (("run", "golden", "3"), 1, "there is no run 3; warden runs lists"),
        (("run", "acknowledge", "2", "Ring:x", "on purpose"), 0, "Ring:x in run 2"),
        (("run", "acknowledge", "2", "Ring:y", "on purpose"), 1, 'no parameter "Ring:y"'),
    ]
    for (words, code, text), done in zip(cases, wardens(server, *(case[0] for case in cases)), strict=True):
        assert (done.code, text in done.stdout + done.stderr) == (code, True), (words, done)
        assert "Traceback" not in done.stderr
        assert code in (0, 1) or not done.stdout
    # the golden run, and how far the newest is from it
    site.give(x=2)
    site.wait_given(2)
    assert server.proxy.StopRun(7) == 7
    server.proxy.StartRun(8)
    assert server.wait_document("runs", "golden_distance", 1, 20)["golden"] == 2
    assert server.wait_valid("run_differ_golden_distance") == 1
    # a run against now, while a device has gone
    beamline.stop()
    same, other, wrong = wardens(
        site.server, ("diff", "--live", "8"), ("diff", "--live", "2", "--json"), ("diff", "--live", "3")
    )
    assert (same.code, f"Gain in {DEVICE} could not be read" in same.stdout) == (0, True), same
    found = json.loads(other.stdout)
    assert (other.code, [each["parameter"] for each in found["changes"]]) == (1, ["x"])
    assert [each["parameter"] for each in found["unavailable"]] == ["Gain"]
    assert wrong.code == 3


def test_values_of_any_kind(make: MakeSite) -> None:
    site = make('[runs]\ndocuments = ["Ring"]\n[agents.run_differ]\ninterval = 0.5\n')
    server = site.server
    old, new = site.run(x=1, **dict.fromkeys(HOSTILE, "")), site.run(x=2, **HOSTILE)
    assert {each.parameter: each.value for each in site.own.values(Side(new))} == {"x": 2, **HOSTILE}
    document = server.wait_document("runs", "new", new, 20)
    assert (document["changes"], len(document["text"]) <= 10_000) == (9, True)
    runs = str(old), str(new)
    text, short, page, found, events = wardens(
        server, ("diff", *runs), ("diff", *runs, "--short"), ("diff", *runs, "--html"), ("diff", *runs, "--json"),
        ("events", "--json"),
    )  # fmt: skip
    assert [each.code for each in (text, short, page, found, events)] == [1, 1, 1, 1, 0]
    for said in (text.stdout, short.stdout, document["text"]):
        assert not set("\0\x07\x1b\u202e\u2028") & set(said)
        assert "+ \\x1b[31mred\\x07" in said
        assert "+ ```code```" in said
    assert f"+ {HOSTILE['large']}\n" in text.stdout
    assert max(map(len, short.stdout.splitlines())) < 600
    assert len(short.stdout.splitlines()) < 70
    assert "<script>" not in page.stdout
    assert "&lt;script&gt;alert(1)" in page.stdout
    assert {each["parameter"]: each["new"] for each in json.loads(found.stdout)["changes"]} == {"x": 2, **HOSTILE}
    [event] = [each for each in map(json.loads, events.stdout.splitlines()) if each["agent"] == "run_differ"]
    assert (event["id"], len(event["text"]) < 2500) == (f"runs.Ring.{old}.{new}", True)
