"""What a field is: its kind (type and shape), what its author says of it, and the name of its Tango attribute."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from WardenServer.errors import FieldError
from WardenServer.results import wire_form
from WardenServer.results.wire_form import FORMS

#: Names the hub itself writes into every document.
RESERVED = frozenset({"timestamp", "error", "reason"})

#: The name of the one field of a key that holds a plain value.
PLAIN = "value"

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
#: All that an entry of `FIELDS` may say.
KNOWN = (*PROPERTIES, "dtype", "dims", "labels", "key", "form", "empty", "name")
_SHORT = {"min": "min_value", "max": "max_value", "description": "doc"}
_KINDS = ("bool", "int", "float", "str", "enum")


class Place(NamedTuple):
    """Where a field goes in Memcached, if not into the document of its agent.

    Args:
        key: of the document, or of the plain value.
        form: of the value where the key holds that alone (see wire_form); None: the key holds a document, made of
            fields. With "document" the value is the whole document, as JSON; it is in Memcached only, which suits an
            agent with thousands of documents: no attribute, no history.
        name: what the field is called there, where it has another name; "" where not.
        empty: what a plain key holds where there is no value; None: there is no such key then.
    """

    key: str
    form: str | None = None
    name: str = ""
    empty: str | int | float | bool | None = None

    @property
    def is_document(self) -> bool:
        """Whether the value is a whole document, which only readers of Memcached know."""
        return self.form == wire_form.DOCUMENT

    def shown(self, field: str) -> str:
        """What a field is called there; a plain value is PLAIN."""
        return PLAIN if self.form else self.name or field


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the author says of one field in `FIELDS`: Tango attribute properties, its kind where stated, and where it
    goes in Memcached, if not into the document of its agent."""

    properties: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    place: Place | None = None


def declare(name: str, entry: Any) -> Declaration:
    """Read one entry of `FIELDS`.

    Raises:
        FieldError: the entry is not a dict, or has a name or value that means nothing.
    """
    if not isinstance(entry, Mapping):
        raise FieldError(f'FIELDS["{name}"] is {entry!r}; write a dict such as {{"unit": "mA"}}')
    said = {_SHORT.get(str(key), str(key)): value for key, value in entry.items()}
    kind, place = _declared_kind(name, said), _place(name, said)
    return Declaration(read_properties(name, said), kind, place)


def read_properties(name: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The properties of a field's attribute, as Tango takes them.

    Raises:
        FieldError: one has a name or value that means nothing.
    """
    said = {_SHORT.get(str(key), str(key)): value for key, value in said.items()}
    if unknown := [key for key in said if key not in PROPERTIES]:
        raise FieldError(f'FIELDS["{name}"] has the unknown entry "{unknown[0]}"; known are {", ".join(KNOWN)}')
    for key in said:
        if key.startswith(_NUMBERS) and not _is_number(said[key]):
            raise FieldError(f'FIELDS["{name}"]["{key}"] is {said[key]!r}; write a number')
    return {key: str(value) for key, value in said.items()}


def _place(name: str, said: dict[str, Any]) -> Place | None:
    """Take `key`, `form`, `name` and `empty` out of `said`."""
    key, form, shown, empty = (said.pop(each, None) for each in ("key", "form", "name", "empty"))
    if form is not None and (form not in FORMS or key is None):
        cure = f"write one of {', '.join(FORMS)}, and the key that holds the value"
        raise FieldError(f'FIELDS["{name}"]["form"] is {form!r:.40} with key {key!r:.40}; {cure}')
    if shown is not None and (not isinstance(shown, str) or not shown or form is not None or key is None):
        cure = "write what the field is called in the document, and the key of the document"
        raise FieldError(f'FIELDS["{name}"]["name"] is {shown!r:.40}; {cure}')
    if empty is not None and form is None:
        raise FieldError(f'FIELDS["{name}"]["empty"] is {empty!r:.40}; it is for a key with a form only')
    if key is None:
        return None
    if why := key_trouble(key):
        raise FieldError(f'FIELDS["{name}"]["key"] {why}')
    if form is not None and empty is not None:
        _check_empty(name, empty, form)
    return Place(key, form, shown or "", empty)


def _check_empty(name: str, empty: Any, form: str) -> None:
    try:
        wire_form.encode(empty, form)
    except FieldError as error:
        raise FieldError(f'FIELDS["{name}"]["empty"] {error}') from None


def is_document(field: str, places: Mapping[str, Place]) -> bool:
    """Whether the value of a field is a whole document, by the places of its result or agent."""
    return field in places and places[field].is_document


def check_place(place: Any) -> None:
    """Look at a place that a plugin made itself; raises FieldError where it is none."""
    if not isinstance(place, Place):
        raise FieldError(f"has the place {place!r:.40}; write Place(key), or Place(key, form)")
    if why := key_trouble(place.key):
        raise FieldError(f"has a place whose key {why}")
    if place.form is not None and place.form not in FORMS:
        raise FieldError(f"has a place with the form {place.form!r:.40}; write one of {', '.join(FORMS)}")
    if not isinstance(place.name, str) or (place.form is not None and place.name):
        raise FieldError(f"has a place with the name {place.name!r:.40}; write text, and none with a form")
    if place.empty is not None:
        wire_form.encode(place.empty, place.form or "")


def key_trouble(key: Any) -> str:
    """Why this can be no key of a document, "" where it can: Memcached takes no blanks or control codes, and up to 250
    bytes (200 here, to leave room for the prefix)."""
    if not isinstance(key, str) or not key:
        return f"is {key!r:.40}; write the name of the Memcached document as text"
    if len(key.encode("utf-8", "replace")) > 200 or " " in key or not key.isprintable():
        return f"{key[:40]!r} has blanks, control characters or over 200 bytes; Memcached takes neither"
    return f'"{key}" is kept for the hub about itself; choose another' if key.startswith("warden.") else ""


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
