"""Memcached as we talk to it: with limits on every exchange, and a sentence on whatever a server answers."""

from typing import Any

from pymemcache.client.base import Client
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheError, MemcacheServerError, MemcacheUnexpectedCloseError

from WardenServer.servers import limited_socket, ports
from WardenServer.servers.ports import LOOPBACK
from WardenServer.settings.config import Settings

#: What pymemcache raises where a server is away, or answers as no Memcached does.
ERRORS = (MemcacheError, OSError, ValueError, LookupError)


def sentence(place: str, error: Exception) -> str:
    """What one of ERRORS says of the server or servers at `place`."""
    first = error.args[0] if error.args else ""
    said = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error) or type(error).__name__
    if isinstance(error, OSError | MemcacheUnexpectedCloseError):
        return f"Memcached {place} does not answer ({said})"
    if isinstance(error, MemcacheServerError):
        return f"Memcached {place} does not work ({said}); check it"
    return f"{place} answers as no Memcached does ({said}); see what listens there, or correct the setting memcached"


def client_options(timeout: float) -> dict[str, Any]:
    """What every pymemcache client of ours is made with."""
    limits = {"connect_timeout": timeout, "timeout": timeout, "socket_module": limited_socket}
    return {**limits, "no_delay": True, "allow_unicode_keys": True}


class WithFlags:
    """For pymemcache, as its serde: values are read as (bytes, flags)."""

    def serialize(self, key: object, value: bytes) -> tuple[bytes, int]:
        """As it is."""
        return value, 0

    def deserialize(self, key: object, value: bytes, flags: int) -> tuple[bytes, int]:
        """With its flags."""
        return value, flags


def open_client(servers: tuple[str, ...], timeout: float, serde: Any = None) -> Any:
    """A pymemcache client that reads from one server or several; it connects at the first use."""
    options = {**client_options(timeout), "serde": serde}
    return Client(servers[0], **options) if len(servers) == 1 else HashClient(servers, **options)


def memcached_servers(settings: Settings) -> tuple[str, ...]:
    """The Memcached servers to use: those in the settings, else the one that `warden up` made, else the default."""
    port = ports.known(settings.state_folder).get("memcached")
    return settings.memcached or ((f"{LOOPBACK}:{port}",) if port else settings.memcached_servers)
