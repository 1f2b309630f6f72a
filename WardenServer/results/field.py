"""What a field is: its kind (type and shape), what its author says of it, and the name of its Tango attribute."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from WardenServer.errors import FieldError

#: Names the hub itself writes into every document.
RESERVED = frozenset({"timestamp", "error", "reason"})

#: Longest name of a Tango attribute the hub makes (Tango's database column holds 255 characters with the device).
NAME_LIMIT = 100

_DTYPES = {"b": "bool", "i": "int", "u": "int", "f": "float", "U": "str"}


@dataclass(frozen=True, slots=True)
class Kind:
    """Type and shape of a field: `dtype` is bool, int, float, str or enum; `dims` 0 scalar, 1 spectrum, 2 image."""

    dtype: str
    dims: int = 0
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ("", "spectrum of ", "image of ")[self.dims] + self.dtype

    def accepts(self, other: "Kind") -> bool:
        """Whether values of the kind `other` fit into an attribute of this kind (an int fits into a float)."""
        if self is other:
            return True
        widened = self.dtype == "float" and other.dtype == "int" and self.dims == other.dims
        return self == other or widened


_SCALARS = {bool: Kind("bool"), int: Kind("int"), float: Kind("float"), str: Kind("str")}


def kind_of(value: Any) -> Kind | None:
    """The kind of a clean value; None where it cannot be known (null, an empty list)."""
    if (scalar := _SCALARS.get(type(value))) is not None:
        return scalar
    if isinstance(value, enum.Enum):
        return Kind("enum", labels=tuple(type(value).__members__))
    if isinstance(value, np.ndarray):
        return None if value.size == 0 else Kind(_DTYPES[value.dtype.kind], value.ndim)
    return next((kind for cls, kind in _SCALARS.items() if isinstance(value, cls)), None)


#: What `FIELDS` may say of a field, as Tango's own attribute properties name it; all but `dtype`, `dims` and `labels`.
PROPERTIES = (
    "unit", "standard_unit", "display_unit", "label", "format", "doc", "min_value", "max_value",
    "min_alarm", "max_alarm", "min_warning", "max_warning", "abs_change", "rel_change",
)  # fmt: skip
_NUMBERS = ("min_", "max_", "abs_", "rel_")
_SHORT = {"min": "min_value", "max": "max_value", "description": "doc"}
_KINDS = ("bool", "int", "float", "str", "enum")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the author says of one field in `FIELDS`: Tango attribute properties, and its kind where stated."""

    properties: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None


def declare(name: str, entry: Any) -> Declaration:
    """Read one entry of `FIELDS`.

    Raises:
        FieldError: the entry is not a dict, or has a name or value that means nothing.
    """
    if not isinstance(entry, Mapping):
        raise FieldError(f'FIELDS["{name}"] is {entry!r}; write a dict such as {{"unit": "mA"}}')
    said = {_SHORT.get(str(key), str(key)): value for key, value in entry.items()}
    kind = _declared_kind(name, said)
    if unknown := [key for key in said if key not in PROPERTIES]:
        raise FieldError(f'FIELDS["{name}"] has the unknown entry "{unknown[0]}"; known are {", ".join(PROPERTIES)}')
    for key in said:
        if key.startswith(_NUMBERS) and not _is_number(said[key]):
            raise FieldError(f'FIELDS["{name}"]["{key}"] is {said[key]!r}; write a number')
    return Declaration({key: str(value) for key, value in said.items()}, kind)


def _declared_kind(name: str, said: dict[str, Any]) -> Kind | None:
    """Take `dtype`, `dims` and `labels` out of `said`."""
    dtype, dims, labels = said.pop("dtype", None), said.pop("dims", 0), said.pop("labels", ())
    if dtype is None:
        return None
    try:
        return read_kind(getattr(dtype, "__name__", dtype), dims, labels)
    except ValueError as error:
        raise FieldError(f'FIELDS["{name}"]: {error}') from None


def read_kind(dtype: Any, dims: Any, labels: Any) -> Kind:
    """A kind from values that may be anything; raises ValueError."""
    if dtype not in _KINDS or isinstance(dims, bool) or dims not in (0, 1, 2):
        raise ValueError(f"dtype is one of {', '.join(_KINDS)}, dims 0, 1 or 2")
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise ValueError("labels is a list of texts")
    return Kind(dtype, dims, tuple(labels))


def as_said(properties: Mapping[str, str]) -> dict[str, str | float]:
    """Properties as `FIELDS` says them: limits are numbers."""
    return {name: float(text) if name.startswith(_NUMBERS) else text for name, text in properties.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def attribute_name(agent: str, name: str) -> str:
    """The Tango attribute of a field, `agent_field`, made to fit `[A-Za-z][A-Za-z0-9_]*`.

    Raises:
        FieldError: nothing readable is left, or the name is too long for Tango's database.
    """
    fitted = re.sub(r"[^A-Za-z0-9_]", "_", f"{agent}_{name}")
    if not fitted[0].isalpha():
        fitted = f"a_{fitted}"
    if len(fitted) > NAME_LIMIT:
        raise FieldError(
            f'field "{name[:20]}..." has {len(name)} characters: too long for a Tango attribute;'
            f" keep agent and field together under {NAME_LIMIT}"
        )
    return fitted
