"""What the hub's Memcached holds, for agents that look at what others write.

pymemcache is imported at the first use: the processes of isolated agents must start fast.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from WardenServer.errors import FieldError, Unreachable

if TYPE_CHECKING:
    from WardenServer.settings.config import Settings


class Hub(NamedTuple):
    """Where the hub's documents are: servers, what is put before each key, and seconds that an exchange may take."""

    servers: Sequence[str]
    prefix: str
    timeout: float


#: Of the hub that runs here; None: nobody has said so.
hub: Hub | None = None


def use(settings: "Settings") -> None:
    """Have agents read where this hub writes."""
    global hub
    from WardenServer.servers.memcached import memcached_servers

    hub = Hub(memcached_servers(settings), settings.prefix, settings.memcached_timeout)


def read(keys: Sequence[str]) -> dict[str, Any]:
    """What is there under these keys, given without prefix: text (documents are JSON), int, float or bool, in the forms
    of wire_form. A key that is not there is left out.

    Raises:
        Unreachable: Memcached does not answer.
        FieldError: a key holds what is in no form of ours.
    """
    from WardenServer.servers.memcached import ERRORS, WithFlags, open_client, sentence

    if hub is None:
        raise Unreachable("no Memcached is known; run this in a hub, or by `warden try`")
    client = open_client(tuple(hub.servers), hub.timeout, WithFlags())
    try:
        found = client.get_many([hub.prefix + key for key in keys])
    except ERRORS as error:
        raise Unreachable(sentence(", ".join(hub.servers), error)) from None
    finally:
        client.close()
    return {key: _decoded(key, *found[hub.prefix + key]) for key in keys if hub.prefix + key in found}


def _decoded(key: str, data: bytes, flags: int) -> Any:
    from WardenServer.results import wire_form

    try:
        return wire_form.decode(data, flags)
    except ValueError as error:
        raise FieldError(f"key {key} holds {error}; see what writes it") from None
