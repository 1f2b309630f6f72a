"""Reading Tango devices from agents: one call for all attributes, and a bad attribute costs only itself.

The proxies are kept, one per device; each finds its device again after the device or the database was away. Tango is
imported at the first use, so that agents which never read a device need no Tango.
"""

import enum
import functools
from typing import Any

from WardenServer.errors import NoData, Unreachable

#: Seconds a device may take to answer.
TIMEOUT = 3.0


def read(device: str, attributes: list[str], timeout: float = TIMEOUT) -> dict[str, Any]:
    """Values of `attributes` of `device`, in that order; an attribute that cannot be read is a NoData with the reason.

    Device states come as their names (RUNNING), enumerated attributes as their labels.

    Raises:
        Unreachable: the device does not answer, or there is no such device.
    """
    import tango

    try:
        proxy = _proxy(device)
        proxy.set_timeout_millis(int(timeout * 1000))
        answers = proxy.read_attributes(list(attributes))
    except tango.DevFailed as error:
        raise Unreachable(f"device {device} does not answer: {first_reason(error)}") from None
    return {name: _value(proxy, answer) for name, answer in zip(attributes, answers, strict=True)}


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
    if isinstance(answer.value, enum.Enum):
        return answer.value.name
    if answer.type == tango.CmdArgType.DevEnum:
        return _label(proxy, answer)
    return answer.value


def _label(proxy: Any, answer: Any) -> str:
    labels = proxy.get_attribute_config(answer.name).enum_labels
    return labels[answer.value] if answer.value < len(labels) else str(answer.value)


def first_reason(error: Any) -> str:
    """The first, most telling line of a Tango error."""
    return str(error.args[0].desc).strip().splitlines()[0] if error.args else str(error)
