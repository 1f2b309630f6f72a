"""Values that say more than their number: the quality and the time of their source, and its properties."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self

from WardenServer.errors import FieldError, NoData
from WardenServer.results.field import Place


class Quality(StrEnum):
    """How far a value is to be trusted, as Tango's qualities say it."""

    VALID = "VALID"
    CHANGING = "CHANGING"
    WARNING = "WARNING"
    ALARM = "ALARM"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value with what is known of it beside.

    Args:
        value: as `work` returns it.
        quality: one of Quality, by name; what is INVALID has no value.
        timestamp: when it was measured, in Unix seconds; None: when the run ended.
        properties: what `FIELDS` could say of the field, such as its unit; the first ones that come count, and what
            `FIELDS` says counts more.
        place: the key it goes to in Memcached, where only the run knows that; `FIELDS` says it of all others.
    """

    value: Any
    quality: str = Quality.VALID
    timestamp: float | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


class Own(NamedTuple):
    """What a field of a result has of its own; `timestamp` in Unix seconds."""

    quality: Quality = Quality.VALID
    timestamp: float | None = None
    properties: Mapping[str, str] = {}
    place: Place | None = None


class Readings(dict[str, Any]):
    """Values of a device by attribute, to be calculated with; what has no value is a NoData with the reason.

    `full` has each as a Value, with quality, time and properties. An entry that is returned as it came keeps these.
    """

    def __init__(self, full: Mapping[str, Value | NoData]) -> None:
        super().__init__({name: each.value if isinstance(each, Value) else each for name, each in full.items()})
        self.full = dict(full)

    def __or__(self, other: Mapping[str, Any]) -> Self:  # type: ignore[override]
        merged = type(self)(self.full)
        merged.clear()
        merged.update(self)
        merged.update(other)
        return merged

    def whole(self) -> dict[str, Any]:
        """The entries, each as a Value where it is as it came."""
        return {name: self._whole(name, value) for name, value in self.items()}

    def _whole(self, name: str, value: Any) -> Any:
        full = self.full.get(name)
        return full if isinstance(full, Value) and full.value is value else value


def own(value: Value) -> Own:
    """What a value has of its own.

    Raises:
        FieldError: its quality or time is none.
        NoData: it is INVALID.
    """
    if value.quality not in list(Quality):
        raise FieldError(f"has the quality {value.quality!r:.40}; write {', '.join(Quality)}")
    if value.quality == Quality.INVALID:
        raise NoData("its source says that it is INVALID")
    return Own(Quality(value.quality), stamp(value.timestamp, "has the timestamp"), value.properties, value.place)


def stamp(said: Any, begin: str) -> float | None:
    """A time in Unix seconds, or None.

    Raises:
        FieldError: it is neither; the text starts with `begin`.
    """
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < 1e11:
        raise FieldError(f"{begin} {said!r:.40}; write Unix seconds, or leave it out")
    return float(said)
