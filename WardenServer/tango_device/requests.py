"""What clients ask for: their arguments, who they are, and how they are refused."""

import json
from typing import Any, NoReturn

import tango

from WardenServer.errors import WardenError
from WardenServer.servers.tango_text import latin1
from WardenServer.settings.masking import mask


def typed(name: str, value: Any, kind: type) -> Any:
    """A value of a request, as text or as Unix seconds (`kind` float); raises WardenError where it is none."""
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
            raise WardenError(f"{name} is {value!r:.40}; write Unix seconds")
        return float(value)
    if not isinstance(value, str):
        raise WardenError(f"{name} is {value!r:.40}; write text")
    return value


def from_json(text: str) -> Any:
    """What a request in JSON says; raises WardenError where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WardenError(f"the request is not JSON ({error}); write it as JSON, such as {{}} or \"text\"") from None


def describe(client: Any) -> str:
    """A client as Tango gives it. Its name is not looked up: that can take long."""
    address = client.client_ip.removeprefix("giop:tcp:").rpartition(":")[0]
    if client.client_ip.startswith("giop:unix"):
        address = "this computer"
    if not client.client_ident:  # of an old Tango
        return str(address)
    if client.client_lang.name.startswith("JAVA"):
        return f"{address} (Java, {client.java_main_class!r:.80})"
    return f"{address} (pid {client.client_pid}, C++ or Python)"


def refuse(error: WardenError) -> NoReturn:
    """Answer a client with an error and its cure: raises tango.DevFailed."""
    tango.Except.throw_exception(f"Warden_{type(error).__name__}", latin1(mask(str(error))), "BeamlineWarden")
    raise error  # not reached; the call above always raises
