"""What stands in Memcached is believed only when it is what a hub writes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from WardenServer.settings import config
from WardenServer.web import memory
from WardenServer.web.memory import Memory
from WardenServer.web.view import View

HUB = {"state": "RUNNING", "agents": {"ring": {"state": "good"}}, "timestamp": 1.0}
FIELDS = {
    "Petra.a": {"agent": "ring", "key": "Petra", "field": "a"},
    "shutter.value": {"agent": "ring", "key": "shutter", "field": "value", "form": "bool"},
    "timestamp": 1.0,
}


class Store:
    """In place of a Memcached."""

    def __init__(self) -> None:
        self.content: dict[str, tuple[bytes, int]] = {}
        self.asked: list[list[str]] = []
        self.error: Exception | None = None

    def get_many(self, keys: list[str]) -> dict[str, tuple[bytes, int]]:
        self.asked.append(keys)
        if self.error is not None:
            raise self.error
        return {key: self.content[key] for key in keys if key in self.content}

    def close(self) -> None:
        pass

    def put(self, key: str, document: Any, flags: int = 0) -> None:
        self.content[key] = (document if isinstance(document, bytes) else json.dumps(document).encode(), flags)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(memory, "open_client", lambda *_: made)
    made.put("p.warden.local", HUB)
    made.put("p.warden.local.fields", FIELDS)
    return made


@pytest.fixture
def read(settings: Callable[..., config.Settings], store: Store) -> Callable[[], View]:
    reader = Memory(settings(prefix="p."))
    return lambda: reader.read(len(store.asked))


def test_documents_are_those_that_the_table_of_fields_names(store: Store, read: Callable[[], View]) -> None:
    store.put("p.Petra", {"a": 1.5})
    store.put("p.shutter", b"1", 2)
    store.put("p.other", {"b": 1})
    read()
    view = read()
    assert view.documents == {"Petra": {"a": 1.5}, "shutter": 1}
    assert view.agents == {"ring": {"state": "good"}}
    assert "timestamp" not in view.fields
    assert view.problem is None
    assert store.asked[-1] == [f"p.warden.local{end}" for end in ("", ".fields", ".alarms")] + ["p.Petra", "p.shutter"]


def test_without_a_hub_the_problem_names_the_key_and_the_cure(store: Store, read: Callable[[], View]) -> None:
    del store.content["p.warden.local"]
    assert "Memcached has no p.warden.local: the hub local does not run; start it" in str(read().problem)


def test_where_memcached_is_away_nothing_is_passed_off_as_live(store: Store, read: Callable[[], View]) -> None:
    store.put("p.Petra", {"a": 1.5})
    read()
    assert read().documents
    store.error = ConnectionRefusedError("refused")
    view = read()
    assert (view.hub, view.fields, view.documents) == (None, {}, {})
    assert "does not answer" in str(view.problem)
    store.error = None
    assert read().documents == {"Petra": {"a": 1.5}}, "what there is to read was not forgotten"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("warden.local", b"no JSON"),
        ("warden.local", b"[1]"),
        ("warden.local", b'{"agents": 3}'),
        ("warden.local", b"[" * 100_000),
        ("warden.local.fields", b'"x"'),
        ("warden.local.alarms", b"{"),
        ("Petra", b"\xff\xfe"),
        ("Petra", b"17"),
    ],
)
def test_lies_are_named_and_left_out(store: Store, read: Callable[[], View], key: str, value: bytes) -> None:
    store.put("p.Petra", {"a": 1})
    read()
    store.put(f"p.{key}", value)
    view = read()
    assert f"Memcached holds under {key} what no hub has written" in str(view.problem)


def test_a_plain_value_in_no_form_of_ours_is_named(store: Store, read: Callable[[], View]) -> None:
    store.put("p.shutter", b"cos\nsystem\n.", 1)
    read()
    view = read()
    assert "shutter" in str(view.problem)
    assert "shutter" not in view.documents


def test_what_is_no_number_becomes_null(store: Store, read: Callable[[], View]) -> None:
    store.put("p.Petra", b'{"a": NaN, "b": -Infinity}')
    read()
    assert read().documents["Petra"] == {"a": None, "b": None}


def test_entries_that_are_none_are_left_out(store: Store, read: Callable[[], View]) -> None:
    store.put("p.warden.local.fields", {**FIELDS, "x": 1, "y": {"key": 3, "field": "a"}})
    store.put("p.warden.local.alarms", {"beam": {"state": "alarm"}, "timestamp": 1.0})
    view = read()
    assert view.fields.keys() == {"Petra.a", "shutter.value"}
    assert view.alarms.keys() == {"beam"}
