"""What crosses between the hub and the process of an isolated agent (values: tests/system/test_isolated.py)."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import NoData, PluginError
from WardenServer.loading.contract import Contract
from WardenServer.loading.isolation.wire import (
    check_state,
    decode,
    decode_table,
    describe,
    encode,
    encode_table,
    understand,
)
from WardenServer.results.field import Declaration, Kind, Place
from WardenServer.results.result import clean
from WardenServer.results.value import Value

FIELDS = {"g": Declaration({"unit": "mA"}, Kind("enum", 1, ("A", "B"))), "x": Declaration({})}


def contract(**settings: Any) -> Contract:
    return Contract(
        name="a", path=Path("a.py"), key="K", interval=1.0, offset=0.5, interval_ticks=10, offset_ticks=5, timeout=3.0,
        isolate=True, memory=7, fields=FIELDS, settings=settings, work=dict, save=dict,
    )  # fmt: skip


def test_a_contract_crosses() -> None:
    said = json.loads(json.dumps(describe(contract(device=..., limit=1.5, names={"a"}))))
    assert said.pop("functions") == ["work", "save"]
    again = understand(said, name="a", path=Path("a.py"), work=dict, save=dict)
    assert again == contract(device=..., limit=1.5, names="{'a'}")
    assert again.required == ("device",)


def test_settings_that_json_cannot_hold_do_not_stop_it() -> None:
    round_and_round: list[Any] = []
    round_and_round.append(round_and_round)
    settings = describe(contract(loop=round_and_round, keys={(1, 2): 3, "a": 1}, when=print))["settings"]
    assert settings == {"loop": "[[...]]", "keys": {"a": 1}, "when": "<built-in function print>"}


def test_a_field_without_a_value_keeps_its_reason_and_its_place() -> None:
    came = clean({"loss": Value(NoData("no reply"), place=Place("ping.a")), "n": 1})
    fields, reasons, own = clean(decode(json.loads(json.dumps(encode(came)))))
    assert (fields, reasons) == ({"loss": None, "n": 1}, {"loss": "no reply"})
    assert own["loss"].place == Place("ping.a")


def test_a_configured_table_crosses_with_its_dates_and_times() -> None:
    table = {
        "day": datetime.date(2024, 2, 29),
        "at": datetime.time(7, 30, 0, 1),
        "since": [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)],
        "deep": {"x": 1.5, "on": True, "t": "温"},
    }
    assert decode_table(encode_table(table)) == table


@pytest.mark.parametrize("state", [None, 1, "x", [1, {"a": [None, True]}], (1, 2), {"a": {"b": 1.5}}])
def test_state_that_json_can_hold(state: Any) -> None:
    assert check_state(state) is state


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({1, 2}, "Object of type set is not JSON serializable"),
        ([{"a": {1: 2}}], "a dict with a key that is no text"),
        ({(1, 2): 3}, "keys must be str"),
        (b"x", "Object of type bytes is not JSON serializable"),
    ],
)
def test_state_that_json_cannot_hold_is_refused_with_the_cure(state: Any, why: str) -> None:
    with pytest.raises(PluginError) as error:
        check_state(state)
    assert str(error.value).startswith(f"save returned what JSON cannot hold ({why}")
    assert str(error.value).endswith("; return dicts with text keys, lists, text, numbers, True, False and None")
