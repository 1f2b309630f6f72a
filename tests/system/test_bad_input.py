"""One hub with every kind of bad plugin beside a good one: each is named with file, reason and cure, the good runs on.

Root may read every folder, so a plain file stands for a plugin folder that cannot be read.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, clean_environment
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.servers import tango_database
from WardenServer.settings import config

WORK = "def work(agent):\n    return {'x': 1}\n"
GOOD = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"


def returning(value: str, head: str = "") -> str:
    return f"{head}\nINTERVAL = 0.5\ndef work(agent):\n    return {value}\n"


@dataclass(frozen=True)
class Bad:
    """A plugin's text, and what must be said of it: reason and cure."""

    text: str
    reason: str
    cure: str


REFUSED = {
    "syntax": Bad("INTERVAL = 1\ndef work(agent:\n", "not valid Python", "correct the line"),
    "missing_import": Bad("import no_such_thing\n", "needs the module no_such_thing", "pip install no_such_thing"),
    "no_work": Bad("INTERVAL = 1\n", "has no function work", "add def work(agent)"),
    "interval_missing": Bad(WORK, "INTERVAL is missing", "write seconds"),
    "interval_zero": Bad("INTERVAL = 0\n" + WORK, "INTERVAL is 0 s", "write seconds"),
    "interval_negative": Bad("INTERVAL = -1\n" + WORK, "INTERVAL is -1 s", "write seconds"),
    "interval_nan": Bad("INTERVAL = float('nan')\n" + WORK, "INTERVAL is nan", "write seconds"),
    "interval_text": Bad("INTERVAL = '1 s'\n" + WORK, "INTERVAL is '1 s'", "write seconds"),
    "interval_fraction": Bad("INTERVAL = 0.25\n" + WORK, "no whole number of ticks of 0.1 s", "write 0.2"),
    "interval_long": Bad("INTERVAL = 86401\n" + WORK, "INTERVAL is 86401 s", "at most 86400 s (a day)"),
    "exit_at_import": Bad("import sys\nsys.exit(1)\n", "calls sys.exit() when it is imported", "take that out"),
    "raises_at_import": Bad("raise BaseException('no')\n", "BaseException at import: no", "correct the file"),
}

FAILING = {
    "exit_in_work": Bad("import sys\n" + returning("sys.exit(0)"), "work calls sys.exit()", "return a dict, or raise"),
    "wrong_type": Bad(returning("[1, 2]"), "work returned a list", "return a dict of field names"),
    "nothing": Bad(returning("None"), "work returned nothing (None)", "return a dict of field names"),
    "nested": Bad(returning("{'deep': {'a': 1}}"), 'field "deep" is a dict', "return bool, int, float, text"),
    "a_set": Bad(returning("{'several': {1, 2}}"), 'field "several" is a set', "return bool, int, float, text"),
    "some_bytes": Bad(returning("{'raw': b'abc'}"), 'field "raw" is a bytes', "return bool, int, float, text"),
    "ten_megabytes": Bad(returning("{'text': 'x' * 10_000_000}"), "10000000 characters", "return at most 1000000"),
    "text_too_long": Bad(returning("{'text': 'x' * 1_000_001}"), "is a text of 1000001 characters", "return at most"),
}

#: Published, though not all of it: the agent is good, and something is said.
WARNED = {
    "not_finite": Bad(returning("{'a': float('nan'), 'b': float('inf'), 'c': 1}"), 'field "a" is NaN', "return None"),
    "large": Bad(returning("{'text': 'x' * 900_000, 'more': 'x' * 900_000}"), "Memcached takes", "return less"),
    "long_name": Bad(returning("{'n' * 300: 1, 'x': 1}"), "has 300 characters", "keep agent and field together under"),
    "only_case": Bad(returning("{'Current': 1, 'current': 2}"), "would be the attribute", "rename one"),
    "other_type": Bad(
        returning("{'x': 1 if not agent.last else 'text'}"), "was int and is now str", "return one type always"
    ),
}

#: Good, whatever one may think of it.
FINE = {
    "slow": "INTERVAL = 100\nOFFSET = 0\ndef work(agent):\n    return {'x': 1}\n",
    "strange_names": returning("{'two words': 1, 'a/b': 2, '1st': 3, 'Grüße': 4}"),
}

RAISES = {
    "raises_base": "class Stop(BaseException): pass\ndef stop(): raise Stop('beam gone')\n" + returning("stop()"),
    "raises_without_text": "class Stop(BaseException):\n    def __str__(self): raise ValueError\n"
    "def stop(): raise Stop\n" + returning("stop()"),
}

CLASH = {
    "shared_first": "INTERVAL = 0.5\nKEY = 'shared'\ndef work(agent):\n    return {'same': 1, 'a': 1}\n",
    "shared_later": "INTERVAL = 0.5\nKEY = 'shared'\nOFFSET = 2.3\ndef work(agent):\n    return {'same': 2, 'b': 1}\n",
}


class Case:
    """The hub with all of it, and what it said in its three places."""

    def __init__(self, server: Hub, folder: Path, other_folders: list[Path]) -> None:
        self.server, self.folder = server, folder
        self.missing, self.empty, self.unreadable = other_folders
        self.proxy = server.proxy
        self.cli = ""
        self.code = 0

    def agents(self) -> Any:
        return json.loads(self.proxy.GetDocument(self.server.settings.hub_key))["agents"]

    def _have_run(self) -> bool:
        try:
            agents = self.agents()
        except tango.CommunicationFailed:  # the largest values keep a busy machine longer than Tango waits
            return False
        return all(a["runs"] > 1 or a["state"] == "refused" or n == "slow" for n, a in agents.items())

    def settle(self) -> None:
        """Until every agent has run twice, was refused, or has said what is to be said."""
        wait_for(self._have_run, 40)
        try:
            wait_for(lambda: all(bad.reason in self.proxy.status() for bad in WARNED.values()), 10)
        except AssertionError:
            pass  # the test of that one will fail, not all

    def ask(self, *more: str) -> None:
        """`warden status`, in a terminal of its own."""
        given = {"prefix": self.server.settings.prefix, "memcached": self.server.servers}
        command = [sys.executable, "-m", "WardenServer", "status", "-i", self.server.settings.instance, *more]
        command += [f"--set={name}={value}" for name, value in given.items()]
        environment = clean_environment(TANGO_HOST=self.server.database)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.stderr == ""
        self.cli, self.code = done.stdout, done.returncode

    def sentences(self, *wanted: str) -> dict[str, str]:
        """The line of each place that has most of what is wanted; the table of `warden status` breaks its lines."""
        places = {"log": self.server.log(), "Status": self.proxy.status(), "warden status": self.cli}
        return {
            place: max(text.splitlines(), key=lambda line: sum(it in line for it in wanted))
            for place, text in places.items()
        }

    def check(self, **wanted: str) -> None:
        lacking = []
        for place, sentence in self.sentences(*wanted.values()).items():
            lacking += [
                f"{place} lacks the {what} {it!r}: {sentence!r:.300}"
                for what, it in wanted.items()
                if it not in sentence
            ]
        assert not lacking, "\n".join(lacking)

    def file(self, name: str) -> str:
        return str(self.folder / f"{name}.py")


@pytest.fixture(scope="module")
def case(
    database: LocalDatabase, memcached: LocalMemcached, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    base = tmp_path_factory.mktemp("bad")
    folder = base / "plugins"
    others = [base / "missing", base / "empty", base / "unreadable"]
    for path in (folder, others[1]):
        path.mkdir()
    others[2].touch()
    texts = {name: bad.text for group in (REFUSED, FAILING, WARNED) for name, bad in group.items()}
    for name, text in {**texts, **RAISES, **CLASH, **FINE, "good": GOOD}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    said = {"plugin_folders": str(folder), "shipped": "no", "state_folder": str(base / "state")}
    settings = config.load(environment={}, options={**said, "instance": "bad_input", "prefix": "bad_input."})
    tango_database.register(tango_database.connect(database.address), settings)
    folders = os.pathsep.join(map(str, [folder, *others]))
    with Hub(settings, database.address, memcached.address, 0, {"plugin_folders": folders}) as server:
        found = Case(server, folder, others)
        found.settle()
        found.ask()
        yield found


def test_all_of_them_are_there(case: Case) -> None:
    names = {*REFUSED, *FAILING, *WARNED, *RAISES, *CLASH, *FINE, "good"}
    states = {name: agent["state"] for name, agent in case.agents().items()}
    assert set(states) == names
    assert {name for name in states if states[name] == "refused"} == set(REFUSED)
    assert {name for name in states if states[name] == "failing"} == {*FAILING, *RAISES, "shared_later"}
    assert {states[name] for name in [*WARNED, "strange_names", "good", "shared_first"]} == {"good"}
    assert case.proxy.state() == tango.DevState.ALARM
    assert case.code == 1


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_become_an_agent(case: Case, name: str) -> None:
    bad = REFUSED[name]
    case.check(file=case.file(name), reason=bad.reason, cure=bad.cure)


@pytest.mark.parametrize("name", FAILING)
def test_an_agent_whose_runs_fail(case: Case, name: str) -> None:
    bad = FAILING[name]
    case.check(file=case.file(name), reason=bad.reason, cure=bad.cure)
    document = case.server.document(name)
    assert FAILING[name].reason in document["error"]
    assert abs(document["timestamp"] - time.time()) < 5


@pytest.mark.parametrize("name", WARNED)
def test_an_agent_whose_values_cannot_all_go_out(case: Case, name: str) -> None:
    case.check(agent=name, reason=WARNED[name].reason, cure=WARNED[name].cure)


@pytest.mark.parametrize("name", WARNED)
def test_such_an_agent_is_named_with_its_file(case: Case, name: str) -> None:
    case.check(file=case.file(name), reason=WARNED[name].reason)


@pytest.mark.parametrize(("name", "said"), [("raises_base", "beam gone"), ("raises_without_text", "(no text)")])
def test_an_agent_that_raises_what_is_no_exception(case: Case, name: str, said: str) -> None:
    case.check(place=f"{case.file(name)}:{2 if name == 'raises_base' else 3}: ", reason=f"Stop: {said}")


@pytest.mark.parametrize("name", RAISES)
def test_what_an_agent_raises_comes_with_a_cure(case: Case, name: str) -> None:
    case.check(place=case.file(name), reason="Stop: ", cure="; ")


def test_two_agents_that_fill_one_field(case: Case) -> None:
    reason = 'field "same" of document shared is filled by agent shared_first already'
    cure = "rename the field or give shared_later another KEY"
    case.check(file=case.file("shared_later"), reason=reason, cure=cure)
    document = case.server.document("shared")
    assert (document["same"], document["a"]) == (1, 1)
    assert "b" not in document
    assert reason in document["error"]


@pytest.mark.parametrize(
    ("folder", "reason", "cure"),
    [
        ("missing", "does not exist", "make it, or correct plugin_folders"),
        ("empty", "holds no plugin file", "warden new NAME"),
        ("unreadable", "cannot be read (Not a directory)", "make or mount it, or correct plugin_folders"),
    ],
)
def test_a_folder_without_plugins(case: Case, folder: str, reason: str, cure: str) -> None:
    path = getattr(case, folder)
    case.check(folder=f"plugin folder {path} ", reason=reason, cure=cure)


def test_values_that_json_cannot_hold_are_null_and_the_others_stand(case: Case) -> None:
    document = case.server.document("not_finite")
    assert (document["a"], document["b"], document["c"]) == (None, None, 1)
    assert case.proxy.not_finite_b == float("inf")


def test_what_memcached_refuses_is_whole_nowhere_and_the_rest_is_there(case: Case) -> None:
    assert case.server.document("large") == {}
    assert len(json.loads(case.proxy.GetDocument("large"))["text"]) == 900_000
    assert len(case.proxy.large_text) == 900_000
    assert case.proxy.MemcachedOk


def test_fields_with_strange_names(case: Case) -> None:
    document = case.server.document("strange_names")
    assert [document[name] for name in ("two words", "a/b", "1st", "Grüße")] == [1, 2, 3, 4]
    names = ("two_words", "a_b", "1st", "Gr__e")
    assert [case.proxy.read_attribute(f"strange_names_{name}").value for name in names] == [1, 2, 3, 4]
    assert case.server.document("long_name")["n" * 300] == 1
    assert case.proxy.long_name_x == 1
    assert case.server.document("only_case")["current"] == 2
    assert case.proxy.only_case_Current == 1


def test_a_field_that_changes_its_type(case: Case) -> None:
    assert case.server.document("other_type")["x"] == "text"
    assert case.proxy.read_attribute("other_type_x").quality == tango.AttrQuality.ATTR_INVALID
    assert case.proxy.get_attribute_config("other_type_x").data_type == tango.CmdArgType.DevLong64


def test_the_log_says_each_thing_once(case: Case) -> None:
    for name, bad in {**REFUSED, **FAILING, **WARNED}.items():
        assert case.server.log().count(bad.reason) <= 3, name  # not_finite warns of two fields, intervals of alike ones


def test_the_good_agent_runs_on(case: Case) -> None:
    before = case.server.wait_document("good", "n")
    after = case.server.wait_document("good", "n", before["n"] + 10, 5)
    assert after["timestamp"] - before["timestamp"] == pytest.approx(1.0, abs=0.5)
    assert abs(after["timestamp"] - time.time()) < 1
    agent = case.agents()["good"]
    assert (agent["state"], agent["failures"]) == ("good", 0)
    wait_for(lambda: case.proxy.good_n > after["n"])


def test_an_agent_that_is_due_first_at_tick_0_has_run_though_loading_took_time(case: Case) -> None:
    assert case.agents()["slow"]["runs"] == 1


def test_no_traceback_anywhere(case: Case) -> None:
    assert "Traceback" not in case.server.log()
    assert "Traceback" not in case.cli
    assert case.server.alive


def test_all_of_it_for_programs(case: Case) -> None:
    case.ask("--json")
    document = json.loads(case.cli)
    assert document["state"] == "ALARM"
    assert len(document["problems"]) >= 3
    for name in (*REFUSED, *FAILING, *RAISES):
        assert str(case.folder / f"{name}.py") in document["agents"][name]["last_error"]
