"""What clients ask for: their arguments, who they are, and how they are refused."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import tango

from WardenServer.errors import WardenError
from WardenServer.servers.tango_text import latin1
from WardenServer.settings.masking import mask

log = logging.getLogger("warden.device")


def typed(name: str, value: Any, kind: type) -> Any:
    """A value of a request, as text or as Unix seconds (`kind` float); raises WardenError where it is none."""
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
            raise WardenError(f"{name} is {value!r:.40}; write Unix seconds")
        return float(value)
    if not isinstance(value, str):
        raise WardenError(f"{name} is {value!r:.40}; write text")
    return value


def values_of(request: str, types: Mapping[str, type]) -> list[Any]:
    """The values of a request in JSON about a rule, in the order of `types`; raises WardenError where it is none."""
    said = from_json(request)
    if not isinstance(said, dict) or not said.keys() <= types.keys() or "rule" not in said:
        raise WardenError(f"write JSON with {', '.join(types)}, such as {{\"rule\": \"beam\"}}")
    return [typed(name, said.get(name, ""), kind) for name, kind in types.items()]


def name_and_json(request: list[str]) -> tuple[str, Any]:
    """An agent's name and what is asked of it; raises WardenError where it is something else."""
    if len(request) != 2:
        raise WardenError(f"AskAgent got {len(request)} texts; give two, the agent's name and JSON")
    return request[0], from_json(request[1])


def from_json(text: str) -> Any:
    """What a request in JSON says; raises WardenError where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WardenError(f"the request is not JSON ({error}); write it as JSON, such as {{}} or \"text\"") from None


def log_client(device: Any, command: str, argument: str = "") -> str:
    """Log who changes something, and return who it is. Says nothing, and "", at the server's own start, which no client
    has asked for."""
    try:
        client = device.get_client_ident()
    except Exception:  # whatever Tango has against it: the command goes on
        log.exception("the client of %s is not known", command)
        return ""
    who = "" if client is None else describe(client)
    if who:
        log.info("%s%s by client %s", command, f" {argument!r:.80}" if argument else "", who)
    return who


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


@contextmanager
def refusals() -> Iterator[None]:
    """Answer a client with the error that comes out of what stands here: raises tango.DevFailed."""
    try:
        yield
    except WardenError as error:
        refuse(error)
