"""Reading Tango devices from agents: one call for all attributes, and a bad attribute costs only itself.

The proxies are kept, one per device; each finds its device again after the device or the database was away. Tango is
imported at the first use, so that agents which never read a device need no Tango.
"""

import functools
from typing import Any

import numpy as np

from WardenServer.errors import NoData, Unreachable

#: The database's host:port, where the hub has found it at its start: an agent can change the environment for all.
TANGO_HOST = ""


def read(device: str, attributes: list[str]) -> dict[str, Any]:
    """Values of `attributes` of `device`, in that order; an attribute that cannot be read is a NoData with the reason.

    Device states come as their names (RUNNING), enumerated attributes as their labels. A device has
    Tango's 3 s to answer.

    Raises:
        NoData: the name needs a Tango database, and this machine knows of none.
        Unreachable: the device does not answer, or there is no such device.
    """
    import tango

    if "://" not in device and not (TANGO_HOST or tango.ApiUtil.get_env_var("TANGO_HOST")):
        raise NoData(f"no Tango database to find {device} in: TANGO_HOST is not set")
    try:
        proxy = _proxy(device)  # without set_timeout_millis, which stops all threads while the device hangs
        answers = proxy.read_attributes(list(attributes))
        return {name: _value(proxy, answer) for name, answer in zip(attributes, answers, strict=True)}
    except tango.DevFailed as error:
        raise Unreachable(f"device {device} does not answer: {first_reason(error)}") from None


@functools.cache
def _proxy(device: str) -> Any:
    import tango

    return tango.DeviceProxy(device)


def _value(proxy: Any, answer: Any) -> Any:
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
