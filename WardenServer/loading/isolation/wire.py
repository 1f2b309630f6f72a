"""Values and contracts on their way between the hub and the process of an isolated agent: as JSON can hold them.

Both ends use it. Nothing is ever unpickled.
"""

import base64
import datetime
import enum
import functools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from WardenServer.errors import NoData, PluginError
from WardenServer.loading import calendar
from WardenServer.loading.contract import FUNCTIONS, Contract
from WardenServer.results.field import Declaration, Kind, Place, as_said
from WardenServer.results.result import Cleaned
from WardenServer.results.value import Value

#: Longest line that either end takes, in bytes: to decode this much takes the hub 0.1 s, in which no agent starts.
LONGEST = 16 * 1024 * 1024

# -- what work returned


def encode(came: Cleaned) -> dict[str, Any]:
    """What work returned, as JSON can hold it."""
    fields, reasons, owned = came
    encoded = {name: _encode(value) for name, value in fields.items()}
    encoded |= {name: {"no data": reason} for name, reason in reasons.items()}
    return encoded | {name: {"own": [encoded[name], *own]} for name, own in owned.items()}


def _encode(value: Any) -> Any:
    """A clean value: arrays as their bytes, enum members with all labels."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "U":
            return {"texts": value.tolist()}
        raw = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": [value.dtype.str, value.shape, raw]}
    if isinstance(value, enum.Enum):
        return {"enum": [list(type(value).__members__), value.name]}
    return value


def decode(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as `work` returned them."""
    return {name: _decode_value(value) for name, value in fields.items()}


def _decode_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind, said = next(iter(value.items()))
    if kind == "array":
        dtype, shape, raw = said
        return np.frombuffer(base64.b64decode(raw), np.dtype(dtype)).reshape(shape)
    if kind == "enum":
        return _enum(tuple(said[0]))[said[1]]
    if kind == "own":
        value, quality, timestamp, properties, place = said
        where = None if place is None else Place(*place)
        return Value(_decode_value(value), quality, timestamp, as_said(properties), where)
    return NoData(said) if kind == "no data" else np.array(said)


@functools.cache
def _enum(labels: tuple[str, ...]) -> Any:
    return enum.Enum("Remote", labels)


# -- the contract


def describe(contract: Contract) -> dict[str, Any]:
    """All of a contract that the hub needs to know, and the names of its functions; settings that JSON cannot hold
    become text."""
    plain = (
        "key", "expire", "exclusive", "interval", "offset", "interval_ticks", "offset_ticks", "timeout", "memory",
        "isolate",
    )  # fmt: skip
    return {
        **{name: getattr(contract, name) for name in plain},
        "fields": {name: asdict(declared) for name, declared in contract.fields.items()},
        "settings": {str(name): _plain(said) for name, said in contract.settings.items()},
        "required": contract.required,
        "at": None if contract.at is None else str(contract.at),
        "functions": [name for name in FUNCTIONS if getattr(contract, name) is not None],
    }


def _plain(said: Any) -> Any:
    try:
        return json.loads(json.dumps(said, default=str, skipkeys=True))
    except (ValueError, RecursionError):  # it holds itself
        return repr(said)


def understand(said: dict[str, Any], **rest: Any) -> Contract:
    """The contract that was described, with the `rest` of it: name, path and what is callable."""
    required = said.pop("required")
    fields = {name: _declaration(**entry) for name, entry in said.pop("fields").items()}
    at = said.pop("at")
    settings = {**said.pop("settings"), **dict.fromkeys(required, ...)}
    return Contract(fields=fields, settings=settings, at=None if at is None else calendar.read(at), **said, **rest)


def _declaration(
    properties: Mapping[str, str], kind: dict[str, Any] | None, place: list[Any] | None
) -> Declaration:
    known = None if kind is None else Kind(kind["dtype"], kind["dims"], tuple(kind["labels"]))
    return Declaration(properties, known, None if place is None else Place(*place))


# -- configured settings, which may hold the dates and times of TOML


def encode_table(table: Mapping[str, Any]) -> str:
    """The table of an agent in the configuration."""
    return json.dumps(dict(table), default=_encode_time)


def _encode_time(value: datetime.date | datetime.time) -> dict[str, str]:
    return {"time in TOML": str(value)}


def decode_table(text: str) -> dict[str, Any]:
    """The table again."""
    return json.loads(text, object_hook=_decode_time)  # type: ignore[no-any-return]


def _decode_time(table: dict[str, Any]) -> Any:
    return tomllib.loads(f"it = {table['time in TOML']}")["it"] if "time in TOML" in table else table


# -- the state that save returns and load takes


def check_state(state: Any) -> Any:
    """The state itself, when JSON can hold it.

    Raises:
        PluginError: it cannot; the text has the cure.
    """
    try:
        json.dumps(state)
        said = "" if _has_text_keys(state) else "a dict with a key that is no text"
    except (TypeError, ValueError, RecursionError) as error:
        said = str(error)
    if said:
        raise PluginError(
            f"save returned what JSON cannot hold ({said}); return dicts with text keys, lists, text, numbers, True,"
            " False and None"
        )
    return state


def _has_text_keys(state: Any) -> bool:
    if isinstance(state, dict):
        return all(isinstance(key, str) and _has_text_keys(value) for key, value in state.items())
    return not isinstance(state, list | tuple) or all(map(_has_text_keys, state))
