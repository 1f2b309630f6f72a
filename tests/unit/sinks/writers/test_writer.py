"""What all writers share: how a document becomes text, and how a table becomes a writer."""

import enum
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.settings import masking
from WardenServer.sinks.writers import WRITERS, make
from WardenServer.sinks.writers.writer import Document, as_text


class Valve(enum.IntEnum):
    OPEN = 1


def test_all_that_fields_may_hold_becomes_json() -> None:
    fields = {
        "valve": Valve.OPEN,
        "nan": math.nan,
        "deep": {"list": [1, (2.5, -math.inf)], 7: np.array([[1, 2], [3, 4]]), None: np.float32(0.5)},
        "bytes": b"\xffabc",
        "masked": np.ma.masked,
        "huge": 1 << 70,
        "more than a float": 1 << 2000,
        "gap": np.array([1.0, math.nan]),
        "when": np.datetime64("2026-01-01"),
        "half": "\ud800 und \n Größe",
        "yes": True,
    }
    text = as_text(fields)
    assert "\n" not in text
    assert json.loads(text) == {
        "valve": "OPEN",
        "nan": None,
        "deep": {"list": [1, [2.5, None]], "7": [[1, 2], [3, 4]], "None": 0.5},
        "bytes": "\ufffdabc",
        "masked": None,
        "huge": 2.0**70,
        "more than a float": None,
        "gap": [1.0, None],
        "when": "2026-01-01",
        "half": "? und \n Größe",
        "yes": True,
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=9),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text() | st.integers(), each, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters()), VALUES, max_size=5))
def test_any_fields_become_one_line_of_strict_json(fields: dict[str, Any]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = as_text(fields)
    assert "\n" not in text
    assert len(json.loads(text, parse_constant=refuse)) <= len(fields)


@pytest.mark.parametrize(("timestamp", "minute"), [(0, 0), (59.9, 0), (60, 1), (1.7e9, 28333333), (-0.5, -1)])
def test_minutes_are_whole_ones_since_1970(timestamp: float, minute: int) -> None:
    assert Document("a", timestamp, {}).minute == minute


COUCH = {"url": "http://127.0.0.1:5984", "database": "daq"}


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("root", {}, "writer is 'root'; write one of print, json_lines, couchdb"),
        ("print", {"path": "a"}, 'writer print has no setting "path"; it has none'),
        ("json_lines", {}, "writer json_lines needs the setting path"),
        ("json_lines", {"file": "a"}, 'writer json_lines has no setting "file"; it has path, size, keep'),
        ("json_lines", {"path": 3}, "path is 3; write text in quotes"),
        ("json_lines", {"path": "~nobody_of_this_name/a"}, "path is '~nobody_of_this_name/a'"),
        ("json_lines", {"path": "a", "size": "much"}, "size is 'much'; write a size"),
        ("json_lines", {"path": "a", "keep": -1}, "keep is -1; write a whole number"),
        ("couchdb", {"url": "http://127.0.0.1:5984"}, "writer couchdb needs the setting database"),
        ("couchdb", {**COUCH, "spool_file": "/tmp/x"}, 'writer couchdb has no setting "spool_file"'),
        ("couchdb", {**COUCH, "spool": 0}, "spool is 0; write a size"),
        ("couchdb", {**COUCH, "database": "Daq"}, "database is 'Daq'; write a name of small letters"),
        ("couchdb", {**COUCH, "database": None}, "database is None; write a name"),
        ("couchdb", {**COUCH, "url": "127.0.0.1:5984"}, "url is no address of a server; write"),
        ("couchdb", {**COUCH, "url": "http://127.0.0.1:5984/?a=b"}, "url is no address of a server; write"),
        ("couchdb", {**COUCH, "url": "http://127.0.0.1:port"}, "url is no address of a server; write"),
        ("couchdb", {**COUCH, "url": ["http://a"]}, "url is no address of a server; write"),
        ("couchdb", {**COUCH, "url": {"env": "NO_SUCH_VARIABLE"}}, "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_what_cannot_be_made_says_why(tmp_path: Path, kind: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as refused:
        make("archive", kind, options, tmp_path)
    assert str(refused.value).startswith("[writers.archive]")
    assert said in str(refused.value)


def test_all_kinds_are_made_and_nothing_is_opened(tmp_path: Path) -> None:
    options = {"print": {}, "json_lines": {"path": str(tmp_path / "a.json")}, "couchdb": COUCH}
    for kind in WRITERS:
        make("archive", kind, options[kind], tmp_path / "state").close()
    assert list(tmp_path.iterdir()) == []


def test_a_url_that_comes_from_elsewhere_is_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCH", "http://daq:pass%20word@127.0.0.1:5984")
    make("archive", "couchdb", {**COUCH, "url": {"env": "COUCH"}}, tmp_path).close()
    assert masking.mask("said pass%20word and pass word") == "said *** and ***"
