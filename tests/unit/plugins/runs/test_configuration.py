"""The table [runs]: what it means, its defaults, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import SettingError
from WardenServer.plugins.common.differ.rules import Tolerance
from WardenServer.plugins.common.runs import configuration

GIVEN = {"hub": "p02", "folder": "/state/runs"}
OWN = {**GIVEN, "documents": ["Petra", "P022.*"]}
FOREIGN = {**GIVEN, "database": "oracle+oracledb://me:swordfish@host", "parameters": "/etc/diffed_parameters.txt"}


def test_runs_of_the_hub_need_no_more_than_what_belongs_to_them() -> None:
    runs = configuration.read(OWN)
    assert (runs.hub, runs.is_own, runs.documents, runs.attributes) == ("p02", True, ("Petra", "P022.*"), ())
    assert runs.url == "sqlite:////state/runs/runs.db"
    assert (runs.folder, runs.log) == (Path("/state/runs"), Path("/state/runs/BotUrlLog.html"))
    assert (runs.every, runs.limit, runs.link, runs.file) == (0.0, 2.5, "", None)
    assert "RUNNING" in runs.running


def test_all_that_can_be_said_of_them() -> None:
    attributes = ["p02/motor/eh1.01/Position", "tango://host:10000/a/b/c/d", "a/b/c#dbase=no/d", "host:1/a/b/c/d"]
    runs = configuration.read(
        {**OWN, "attributes": attributes, "state": "p02/daq/1/State", "running": ["ON"], "number": "p02/daq/1/Run",
         "every": 60, "limit": 1, "link": "https://host:8060/warden/", "log": "", "url": "postgresql://host/runs"}
    )  # fmt: skip
    assert (runs.attributes, runs.running) == (tuple(attributes), ("ON",))
    assert (runs.state, runs.number) == ("p02/daq/1/State", "p02/daq/1/Run")
    assert (runs.every, runs.limit, runs.link, runs.log) == (60.0, 1.0, "https://host:8060/warden", None)


def test_what_is_empty_is_as_if_it_was_not_given() -> None:
    runs = configuration.read({**OWN, "database": "", "schema": "", "parameters": "", "file": "", "state": ""})
    assert runs == configuration.read(OWN)


def test_a_run_database_needs_its_parameters() -> None:
    runs = configuration.read({**FOREIGN, "schema": "cms_hcl_runinfo"})
    assert (runs.is_own, runs.parameters, runs.schema) == (
        False, Path("/etc/diffed_parameters.txt"), "cms_hcl_runinfo",
    )  # fmt: skip
    with pytest.raises(SettingError, match=r"\[runs\]: database needs parameters = "):
        configuration.read({**FOREIGN, "parameters": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [("documents", ["Petra"]), ("attributes", ["a/b/c/d"]), ("state", "a/b/c/d"), ("number", "a/b/c/d"),
     ("file", "/run/open"), ("every", 10), ("limit", 2), ("running", ["ON"])],
)  # fmt: skip
def test_what_belongs_to_runs_of_the_hub_does_not_go_with_a_database(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=rf"\[runs\]: {name} is of runs .*; take one of them out"):
        configuration.read({**FOREIGN, name: value})


@pytest.mark.parametrize(("name", "value"), [("schema", "s"), ("parameters", "/f")])
def test_what_belongs_to_a_database_does_not_go_without_one(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf'\[runs\]: {name} belongs to .*; give database = "URL", or take'):
        configuration.read({**OWN, name: value})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"file": "/f", "state": "a/b/c/d"}, "state and file both say when"),
        ({"file": "/f", "number": "a/b/c/d"}, "number and file both say when"),
        ({"running": ["ON"]}, "running has no meaning without state"),
    ],
)
def test_what_contradicts_itself_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=rf"\[runs\]: {said}.*; .*take"):
        configuration.read({**OWN, **more})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("documents", "Petra", "a list of texts"),
        ("documents", ["Petra", 3], "a list of texts"),
        ("documents", [""], "a list of texts"),
        ("documents", [], "a list of texts"),
        ("documents", ["Petra", "Petra"], "'Petra' once"),
        ("attributes", ["a/b/c"], "a list of Tango attributes"),
        ("attributes", ["a/b/c/d/e"], "a list of Tango attributes"),
        ("attributes", ["a b/b/c/d"], "a list of Tango attributes"),
        ("attributes", ["tango://host/a/b/c/d"], "a list of Tango attributes"),
        ("attributes", ["a/b/c/d", "A/b/c/D"], "'a/b/c/d' once"),
        ("state", "State", "a Tango attribute"),
        ("number", 3, "a Tango attribute"),
        ("running", "ON", "a list of texts"),
        ("file", "run", "a path that begins with /"),
        ("file", "~nobody-of-this-name/run", "a path that begins with /"),
        ("log", "/a\0b", "a path"),
        ("folder", 3, "a path"),
        ("every", -1, "seconds, from 0 to 86400"),
        ("every", True, "seconds, from 0 to 86400"),
        ("limit", 0, "seconds, from 0.1 to 600"),
        ("limit", float("nan"), "seconds, from 0.1 to 600"),
        ("limit", float("inf"), "seconds, from 0.1 to 600"),
        ("limit", "2 s", "seconds, from 0.1 to 600"),
        ("link", "host:8060", "the address of the page"),
        ("link", "javascript:alert(1)", "the address of the page"),
        ("link", "http://host/#/runs", "the address of the page"),
        ("tolerances", 0.1, r"a table \[runs.tolerances\]"),
        ("masks", {"pattern": "a"}, r"tables \[\[runs.masks\]\]"),
        ("masks", ["a"], r"tables \[\[runs.masks\]\]"),
    ],
)
def test_a_mistake_is_named_with_the_cure(name: str, value: Any, said: str) -> None:
    with pytest.raises(SettingError, match=rf"\[runs\]: {name} is .*; write {said}"):
        configuration.read({**OWN, name: value})


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(SettingError, match=r'\[runs\] needs documents = \["Petra"\] or attributes = '):
        configuration.read(GIVEN)
    with pytest.raises(SettingError, match=r"\[runs\] needs hub"):
        configuration.read({"folder": "/f", "documents": ["a"]})
    with pytest.raises(SettingError, match='unknown setting "documnets"; did you mean "documents"'):
        configuration.read({**OWN, "documnets": ["a"]})
    with pytest.raises(SettingError, match='unknown setting "xyz"; there are: hub, folder'):
        configuration.read({**OWN, "xyz": 1})


def test_urls_are_never_shown() -> None:
    assert "swordfish" not in repr(configuration.read({**FOREIGN, "url": "postgresql://me:swordfish@host/runs"}))
    for name in ("url", "database"):
        with pytest.raises(SettingError, match=rf"\[runs\]: {name} is wrong; write a text") as error:
            configuration.read({**FOREIGN, name: ["swordfish"]})
        assert "swordfish" not in str(error.value)


def test_tolerances_are_numbers_or_parts_of_the_old_value_in_the_order_of_the_file() -> None:
    said = {"p02/motor/1:Position": 0, "Position": 0.01, "p02/*:Temp": "1 %", "Current": "0.5%"}
    rules = configuration.read({**OWN, "tolerances": said}).rules
    assert [pattern for pattern, _ in rules.tolerances] == list(said)
    assert rules.tolerance("p02/motor/1", "Position") == Tolerance()
    assert rules.tolerance("p02/motor/2", "Position") == Tolerance(absolute=0.01)
    assert rules.tolerance("p02/a/b", "Temp") == Tolerance(relative=0.01)
    assert rules.tolerance("Petra", "Current") == Tolerance(relative=0.005)
    assert rules.tolerance("q", "Temp") == Tolerance()


@pytest.mark.parametrize(
    "said", [-1, True, float("nan"), float("inf"), 10**400, "1", "1 % of it", "%", "-1 %", "nan %", None, [1], {}]
)
def test_a_wrong_tolerance_is_named_with_the_cure(said: Any) -> None:
    with pytest.raises(SettingError, match=r'\[runs\]: the tolerance of "Position" is .*; write a number, 0 or more'):
        configuration.read({**OWN, "tolerances": {"Position": said}})


def test_masks_hide_all_or_parts_of_lines() -> None:
    said = [
        {"pattern": "Time*", "reason": "the time of day"},
        {"pattern": "Petra:*", "reason": "a counter", "lines": r"\d+ turns"},
    ]
    rules = configuration.read({**OWN, "masks": said}).rules
    assert [mask.reason for mask in rules.masks_of("Petra", "Time1")] == ["the time of day", "a counter"]
    assert [mask.lines for mask in rules.masks_of("Dcm", "Time1")] == [None]
    lines = rules.masks_of("Petra", "Text")[0].lines
    assert lines is not None and lines.search("12 turns")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ({"reason": "r"}, 'mask 2 needs pattern = "'),
        ({"pattern": "p"}, 'mask 2 needs reason = "'),
        ({"pattern": "p", "reason": " "}, 'mask 2 needs reason = "'),
        ({"pattern": 3, "reason": "r"}, 'mask 2 needs pattern = "'),
        ({"pattern": "p", "reason": "r", "line": "x"}, 'mask 2 has an unknown setting "line"; did you mean "lines"'),
        ({"pattern": "p", "reason": "r", "lines": "("}, r"mask 2: lines is '\(', no regular expression .*; correct it"),
        ({"pattern": "p", "reason": "r", "lines": ""}, "mask 2: lines is ''; write a regular expression"),
        ({"pattern": "p", "reason": "r", "lines": 3}, "mask 2: lines is 3; write a regular expression"),
    ],
)
def test_a_wrong_mask_is_named_with_the_cure(said: dict[str, Any], cure: str) -> None:
    with pytest.raises(SettingError, match=rf"\[runs\]: {cure}"):
        configuration.read({**OWN, "masks": [{"pattern": "a", "reason": "b"}, said]})


def test_attributes_by_device_in_their_order() -> None:
    names = configuration.names(["a/b/c/y", "d/e/f/x", "a/b/c/x"])
    assert list(names.items()) == [("a/b/c", ["y", "x"]), ("d/e/f", ["x"])]
