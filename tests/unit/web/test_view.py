"""What a client that knows one view must learn to know the next one."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.conftest import make_view
from WardenServer.web.view import View, change, encode

VALUES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([1.0, 2.5, "a", ""]) | st.lists(st.integers())
NAMES = st.sampled_from(["a", "b", "a.b", "value"])
TABLES = st.dictionaries(NAMES, VALUES, max_size=3)
HUBS = st.none() | st.builds(
    lambda rest, agents: {**rest, "state": "RUNNING", "agents": agents},
    TABLES,
    st.dictionaries(NAMES, TABLES, max_size=3),
)
VIEWS = st.builds(
    lambda hub, fields, alarms, documents: View(1, 0.0, None, hub, fields, alarms, documents),
    HUBS,
    st.dictionaries(NAMES, TABLES, max_size=3),
    st.dictionaries(NAMES, TABLES, max_size=3),
    st.dictionaries(NAMES, TABLES | VALUES, max_size=3),
)


def merge(view: View, said: dict[str, Any]) -> View:
    """What a client makes of a change, as the contract for clients says."""
    hub, documents = deepcopy(view.hub), deepcopy(dict(view.documents))
    if "hub" in said or "agents" in said or "agents_gone" in said:
        agents = {} if hub is None else hub["agents"]
        for name, entry in said.get("agents", {}).items():
            agents[name] = {**agents.get(name, {}), **entry}
        agents = {name: entry for name, entry in agents.items() if name not in said.get("agents_gone", [])}
        hub = None if said.get("hub", ...) is None else {**(hub or {}), **said.get("hub", {}), "agents": agents}
    documents.update(said.get("whole", {}))
    for key, fields in said.get("changed", {}).items():
        documents[key] = {**documents[key], **fields}
    for key in said.get("gone", []):
        del documents[key]
    tables = []
    for name in ("fields", "alarms"):
        table = {**getattr(view, name), **said.get(name, {})}
        tables.append({key: entry for key, entry in table.items() if key not in said.get(f"{name}_gone", [])})
    return View(view.number, view.read, said["problem"], hub, *tables, documents)


def without_null(hub: dict[str, Any]) -> dict[str, Any]:
    """In the hub's document, null and nothing are the same."""
    agents = {name: {k: v for k, v in entry.items() if v is not None} for name, entry in hub.get("agents", {}).items()}
    return {name: value for name, value in {**hub, "agents": agents}.items() if value is not None}


@given(VIEWS, VIEWS)
def test_a_client_that_takes_the_change_knows_the_new_view(before: View, now: View) -> None:
    merged = merge(before, change(before, now))
    for name in ("fields", "alarms", "documents"):
        assert json.dumps(getattr(merged, name), sort_keys=True) == json.dumps(getattr(now, name), sort_keys=True)
    assert (merged.hub is None) == (now.hub is None)
    assert without_null(merged.hub or {}) == without_null(now.hub or {})


def test_where_nothing_has_changed_only_the_number_and_the_time_are_said() -> None:
    before = make_view()
    assert change(before, View(8, 2.0, None, before.hub, before.fields, before.alarms, before.documents)) == {
        "id": 8, "read": 2.0, "problem": None,
    }  # fmt: skip


def test_only_fields_that_changed_are_said() -> None:
    before = View(1, 0.0, documents={"Petra": {"a": 1, "b": 2}})
    now = View(2, 1.0, documents={"Petra": {"a": 1, "b": 3}})
    assert change(before, now)["changed"] == {"Petra": {"b": 3}}
    assert "whole" not in change(before, now)


def test_a_hub_that_is_gone_is_said() -> None:
    gone = View(8, 1.0, "Memcached does not answer")
    said = change(make_view(), gone)
    assert said["hub"] is None
    assert said["agents_gone"] == ["ring", "old"]
    assert sorted(said["gone"]) == ["Old", "Petra", "shutter"]
    assert said["problem"] == "Memcached does not answer"
    assert "hub" not in change(gone, gone)


@pytest.mark.parametrize(("before", "now"), [(1, 1.0), (1, True), (0, False), ("1", 1)])
def test_a_value_of_another_type_is_a_change(before: Any, now: Any) -> None:
    said = change(View(1, 0.0, documents={"a": {"b": before}}), View(2, 0.0, documents={"a": {"b": now}}))
    assert said["changed"] == {"a": {"b": now}}


def test_lone_surrogates_are_no_obstacle() -> None:
    assert encode({"a": "\ud800<€>"}) == '{"a":"?<€>"}'.encode()
