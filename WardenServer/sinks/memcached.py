"""Documents in Memcached: UTF-8 JSON with flags 0, acknowledged, expiring, and whole again after Memcached was away."""

import logging
import math
from collections.abc import Mapping
from typing import Any

from pymemcache.client.base import Client
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheError, MemcacheServerError, MemcacheUnexpectedCloseError

from WardenServer.board import HUB
from WardenServer.config import Settings
from WardenServer.errors import Unreachable
from WardenServer.result import to_json
from WardenServer.sinks.base import Sink

log = logging.getLogger("warden.memcached")

#: What Memcached adds to an item: header, CAS number, and the slack of its largest slab.
OVERHEAD = 200


def connect(servers: tuple[str, ...], timeout: float) -> Any:
    """A pymemcache client for one server, or one that spreads keys over several; it connects at the first use."""
    addresses = []
    for server in servers:
        host, _, port = server.rpartition(":")
        addresses.append((host.strip("[]"), int(port)))
    options: dict[str, Any] = {
        "connect_timeout": timeout, "timeout": timeout, "no_delay": True, "allow_unicode_keys": True,
    }  # fmt: skip
    if len(addresses) == 1:
        return Client(addresses[0], **options)
    return HashClient(addresses, retry_attempts=0, dead_timeout=1, **options)


class Memcached(Sink):
    """Writes the document of every key that has something new, all in one exchange per wake-up."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("memcached")
        self.servers = settings.memcached_servers
        self._prefix = settings.prefix
        self._beacon = settings.prefix + settings.hub_key
        self._array_limit = settings.array_limit
        self._client = connect(self.servers, settings.memcached_timeout)
        self._item_size: int | None = None
        self._beacon_stands = False

    def publish(self, agents: list[str]) -> None:
        """See Sink."""
        try:
            if self._item_size is None:
                self._item_size = self._ask_item_size()
            if HUB in agents:
                self._look()
            for expire, documents in self._documents(agents).items():
                self._send(documents, expire)
        except (MemcacheError, OSError) as error:
            self._item_size, self._beacon_stands = None, False
            said = str(error) or type(error).__name__
            raise Unreachable(f"Memcached {', '.join(self.servers)} does not answer ({said})") from None

    def end(self) -> None:
        """See Sink."""
        self._client.close()

    def _look(self) -> None:
        """Before the hub's own document is written anew: where the last one is gone, the server came back empty or was
        flushed, and everything is sent again."""
        if self._beacon_stands and self._client.get(self._beacon) is None:
            log.info("Memcached has lost what it held; everything is sent again")
            self.send_all()

    def _ask_item_size(self) -> int:
        """The largest item that all servers take, in bytes."""
        clients = list(self._client.clients.values()) if isinstance(self._client, HashClient) else [self._client]
        sizes = [client.stats("settings").get(b"item_size_max", 1024 * 1024) for client in clients]
        return min(int(size) for size in sizes) - OVERHEAD

    def _documents(self, agents: list[str]) -> dict[int, dict[str, bytes]]:
        """The documents to write, by their life in seconds."""
        documents: dict[int, dict[str, bytes]] = {}
        for key in dict.fromkeys(result.key for agent in agents if (result := self._board.result(agent))):
            document = self._board.document(key)
            if document is None:
                continue
            encoded = to_json(document, self._array_limit)
            if self._fits(key, encoded):
                life = max(result.expire for result in self._board.results(key))
                documents.setdefault(math.ceil(life), {})[self._prefix + key] = encoded
        return documents

    def _fits(self, key: str, encoded: bytes) -> bool:
        size = len(encoded) + len(self._prefix + key)
        limit = self._item_size or 0
        if size > limit:
            self._refuse(key, f"has {size} bytes, Memcached takes {limit}; return less, or raise its -I")
            return False
        if key in self.problems:
            self.problems = {other: said for other, said in self.problems.items() if other != key}
        return True

    def _refuse(self, key: str, sentence: str) -> None:
        if key not in self.problems:
            files = ", ".join(self.file_of(result.agent) for result in self._board.results(key))
            self.problems = {**self.problems, key: f"{files}: document {key} {sentence}"}
            log.error("%s", self.problems[key])

    def _send(self, documents: Mapping[str, bytes], expire: int) -> None:
        try:
            failed = self._client.set_many(documents, expire=expire, noreply=False)
        except MemcacheUnexpectedCloseError:  # the server has gone: it counts as one of the errors below, but is none
            raise
        except MemcacheServerError:
            failed = list(documents)  # one bad item ends the exchange: send them singly to find it
        for key in failed:
            self._send_singly(key, documents[key], expire)
        if self._beacon in documents:
            self._beacon_stands = True

    def _send_singly(self, key: str, encoded: bytes, expire: int) -> None:
        try:
            self._client.set(key, encoded, expire=expire, noreply=False)
        except MemcacheUnexpectedCloseError:
            raise
        except MemcacheServerError as error:
            said = (error.args[0] if error.args else b"").decode("utf-8", "replace")
            self._refuse(key.removeprefix(self._prefix), f"is refused by Memcached ({said}); return less")
