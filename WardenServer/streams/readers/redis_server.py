"""A Redis server: how it is reached, and what its errors mean."""

from typing import Any

from WardenServer.errors import Unreachable, WardenError
from WardenServer.settings.masking import mask

#: Seconds that it may take to answer.
ANSWER = 5.0
_SCHEMES = ("redis://", "rediss://", "unix://")


def known_url(value: Any) -> str:
    """The URL of a server; raises ValueError with what to write instead."""
    if not isinstance(value, str) or not value.startswith(_SCHEMES):
        raise ValueError('"redis://host:6379/0"')
    return value


def client(url: str, answer: float = ANSWER) -> Any:
    """A client that may be used by many threads, and tries nothing twice; it connects when it is used.

    Raises:
        WardenError: there is no library, or the URL means nothing.
    """
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        cure = "pip install 'wardenserver[redis]'"
        raise WardenError(f'reader = "redis" needs the library redis: {cure}') from None
    # A command that is tried again could take entries twice; the form of the answers differs between protocols.
    once = Retry(NoBackoff(), 0)
    options = {"socket_timeout": answer, "socket_connect_timeout": answer, "retry": once, "protocol": 2}
    try:
        return redis.Redis.from_url(url, **options)
    except (ValueError, TypeError) as error:
        raise WardenError(mask(f"{url} is no URL of a Redis server ({error}); correct `url`")) from None


def trouble(error: Exception, url: str, key: str) -> WardenError:
    """What an error of redis-py means, with the cure."""
    from redis import exceptions

    said = mask(str(error))[-200:]
    place = mask(url)
    if isinstance(error, exceptions.AuthenticationError) or "NOAUTH" in said or "NOPERM" in said:
        return WardenError(f"{place} does not let us in ({said}); correct user and password in `url`")
    if "WRONGTYPE" in said:
        return WardenError(f"{key} at {place} is no stream; correct `key`")
    if "NOGROUP" in said:
        return WardenError(f"{key} at {place} has lost the group of consumers; it is made again")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return Unreachable(f"{place} does not answer ({said}); start the server, or correct `url`")
    return WardenError(f"{place} refuses ({said}); correct `url` and `key`")
