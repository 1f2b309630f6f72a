"""Reading Tango devices from agents: one call for all attributes, and a bad attribute costs only itself.

The proxies are kept, one per device; each finds its device again after the device or the database was away. Tango is
imported at the first use, so that agents which never read a device need no Tango.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from WardenServer.errors import NoData, NoDatabase, Unreachable
from WardenServer.results.value import Value

#: The database's host:port, where the hub has found it at its start: an agent can change the environment for all.
TANGO_HOST = ""


def read(device: str, attributes: list[str]) -> dict[str, Value | NoData]:
    """Values of `attributes` of `device`, in that order; an attribute that cannot be read is a NoData with the reason.

    Each has its quality, its time, and what the device says of the attribute: unit, label, format and limits, as they
    were at the first answer.

    Device states come as their names (RUNNING), enumerated attributes as their labels. A device has
    Tango's 3 s to answer.

    Raises:
        NoData: the name needs a Tango database, and this machine knows of none.
        Unreachable: the device does not answer, or there is no such device; NoDatabase where its database does not.
    """
    import tango

    _need_database(device)
    try:
        proxy = pooled(device)  # without set_timeout_millis, which stops all threads while the device hangs
        answers = proxy.read_attributes(list(attributes))
        _learn(proxy, device, [answer.name for answer in answers if not answer.has_failed])
        known = _properties[device]
        return {name: _value(proxy, each, known) for name, each in zip(attributes, answers, strict=True)}
    except tango.DevFailed as error:
        raise _unreachable(device, error) from None


def state_and_values(device: str, attributes: Sequence[str]) -> tuple[Any, list[Any]]:
    """A device's state (tango.DevState) and the values of attributes as Tango has them, in one call; None for each that
    cannot be read.

    Raises:
        NoData, Unreachable: see `read`.
    """
    import tango

    _need_database(device)
    names = list({name.lower(): name for name in ("State", *attributes)}.values())  # Tango takes none twice
    try:
        answers = dict(zip(map(str.lower, names), pooled(device).read_attributes(names), strict=True))
        state = answers["state"]
        if state.has_failed:
            raise Unreachable(f"device {device} gives no state: {state.get_err_stack()[0].desc.splitlines()[0]}")
    except tango.DevFailed as error:
        raise _unreachable(device, error) from None
    found = [answers[name.lower()] for name in attributes]
    return tango.DevState.values[int(state.value)], [None if each.has_failed else each.value for each in found]


#: Reasons by which Tango says that it has asked the database in vain.
_OF_DATABASE = frozenset({"API_CantConnectToDatabase", "API_DatabaseAccess", "API_DatabaseCacheAccess"})


def _unreachable(device: str, error: Any) -> Unreachable:
    kind = NoDatabase if any(each.reason in _OF_DATABASE for each in error.args) else Unreachable
    return kind(f"device {device} does not answer: {first_reason(error)}")


def _need_database(device: str) -> None:
    """Raise NoData where the name needs a Tango database, and this machine knows of none."""
    import tango

    if "://" in device or ":" in device.partition("/")[0] or TANGO_HOST or tango.ApiUtil.get_env_var("TANGO_HOST"):
        return
    raise NoData(f"no Tango database to find {device} in: TANGO_HOST is not set")


@functools.cache
def pooled(device: str) -> Any:
    """The proxy of a device, one for all that read it. Raises what tango raises."""
    import tango

    return tango.DeviceProxy(device)


#: What devices say of their attributes, by device and attribute in lower case, as `FIELDS` names it.
_properties: dict[str, dict[str, Mapping[str, Any]]] = {}
#: What Tango writes where nothing was said.
_NOTHING = frozenset({"", "Not specified", "No unit", "No standard unit", "No display unit", "No description"})
_FORMATS = frozenset({"%6.2f", "%d", "%s"})
_TEXTS = ("unit", "standard_unit", "display_unit", "label", "format")


def _learn(proxy: Any, device: str, names: list[str]) -> None:
    """Ask for the properties of attributes that are not known yet."""
    known = _properties.setdefault(device, {})
    if new := [name for name in names if name.lower() not in known]:
        known.update({about.name.lower(): _said_of(about) for about in proxy.get_attribute_config_ex(new)})


def _said_of(about: Any) -> Mapping[str, Any]:
    """The properties of an attribute that somebody has set."""
    texts = {**{name: getattr(about, name) for name in _TEXTS}, "doc": about.description}
    usual = _NOTHING | _FORMATS | {about.name}
    limits = {name: getattr(about, name) for name in ("min_value", "max_value")}
    limits |= {name: getattr(about.alarms, name) for name in ("min_alarm", "max_alarm", "min_warning", "max_warning")}
    numbers = {name: number for name, text in limits.items() if (number := _number(text)) is not None}
    return {name: text for name, text in texts.items() if text not in usual} | numbers


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _value(proxy: Any, answer: Any, known: Mapping[str, Mapping[str, Any]]) -> Value | NoData:
    plain = _plain(proxy, answer)
    if isinstance(plain, NoData):
        return plain
    quality = answer.quality.name.removeprefix("ATTR_")
    return Value(plain, quality, answer.time.totime(), known.get(answer.name.lower(), {}))


def _plain(proxy: Any, answer: Any) -> Any:
    import tango

    if answer.has_failed:
        return NoData(answer.get_err_stack()[0].desc.splitlines()[0])
    if answer.value is None:
        return NoData(f"the device gives no value ({answer.quality})")
    if answer.type == tango.CmdArgType.DevEncoded:
        return NoData("encoded data cannot be published")
    if answer.type == tango.CmdArgType.DevState:
        return _names(answer.value, [state.name for state in tango.DevState.__members__.values()])
    if answer.type == tango.CmdArgType.DevEnum:
        return _names(answer.value, list(proxy.get_attribute_config(answer.name).enum_labels))
    return answer.value


def _names(value: Any, names: list[str]) -> Any:
    """The name of a number, or of each in an array."""
    if np.ndim(value):
        return [_names(item, names) for item in value]
    number = int(value)
    return names[number] if number < len(names) else str(number)


def first_reason(error: Any) -> str:
    """The first, most telling line of a Tango error."""
    return str(error.args[0].desc).strip().splitlines()[0] if error.args else str(error)
