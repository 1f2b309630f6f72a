"""Documents in Memcached: UTF-8 JSON with flags 0, acknowledged, expiring, and whole again after Memcached was away.

Several servers are one key space, spread as pymemcache's HashClient spreads it, so that readers find every document.
The documents of a server that is away move to the others, and come back with it. Every exchange has a limit as a whole,
and whatever a server answers can only make it count as away.
"""

import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pymemcache.client.base import Client
from pymemcache.client.rendezvous import RendezvousHash
from pymemcache.exceptions import MemcacheServerError, MemcacheUnexpectedCloseError

from WardenServer.errors import Unreachable
from WardenServer.results.board import HUB, bytes_of, plain_place
from WardenServer.results.result import Result, shorten, to_json
from WardenServer.servers.exposure import exposure
from WardenServer.servers.memcached import ERRORS, client_options, sentence
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import PAUSES, StateSink

log = logging.getLogger("warden.memcached")

#: Longest life that Memcached takes as such, in seconds.
MONTH = 30 * 24 * 3600
#: What Memcached adds to an item: header, CAS number, and the slack of its largest slab.
OVERHEAD = 200


#: The life, in seconds, of what is to be gone at once.
GONE = -1


class _How(NamedTuple):
    """How documents are written: their life as Memcached takes it, and their flags."""

    life: int
    flags: int


@functools.lru_cache(1000)
def _as_document(life: float) -> _How:
    """How a document is written; as Memcached takes its life, since beyond 30 days it would be a date."""
    return _How(min(math.ceil(life), MONTH), 0)


class _Server:
    """One server, with what is known of it. `holds_beacon` is whether the beacon should still be there."""

    def __init__(self, place: str, beacon: str, timeout: float) -> None:
        self.place = place
        self.client = Client(place, **client_options(timeout))
        address = self.client.server
        self.node = "{}:{}".format(*address) if isinstance(address, tuple) else address  # as HashClient names it
        self.beacon = beacon
        self.holds_beacon = False
        self.item_size = 0
        self.away_since: float | None = None
        self.trouble = ""
        self.note = ""
        self._probe: threading.Thread | None = None

    def look(self) -> bool:
        """Set the beacon again; False when the one set before is gone: the server came back empty, or was flushed."""
        if not self.item_size:
            about = self.client.stats("settings")
            self.item_size = int(about.get(b"item_size_max", 1024 * 1024)) - OVERHEAD
            if isinstance(self.client.server, tuple):  # a Unix socket has no other machine
                self._warn(exposure(self.place, about.get(b"inter")))
        lost = self.holds_beacon and self.client.get(self.beacon) is None
        self.holds_beacon = bool(self.client.set(self.beacon, b"1", noreply=False))
        return not lost

    def _warn(self, note: str) -> None:
        """Say once that others reach the server."""
        if note and note != self.note:
            log.warning("%s", note)
        self.note = note

    def lose(self, error: Exception) -> None:
        """Forget what was known: it is away."""
        self.client.close()
        self.trouble = sentence(self.place, error)
        self.holds_beacon, self.item_size, self.away_since = False, 0, time.monotonic()

    @property
    def probed(self) -> bool:
        """Whether another thread looks at it, or has looked."""
        return self._probe is not None

    def is_back(self) -> bool:
        """Whether it answers again; looks on a thread of its own, so that no other server has to wait for this one."""
        if self._probe is not None and not self._probe.is_alive():
            self._probe = None
            return self.holds_beacon
        if self._probe is None and self.away_since is not None and time.monotonic() > self.away_since + PAUSES[1]:
            self._probe = threading.Thread(target=self._look_again, name=f"look at {self.place}", daemon=True)
            self._probe.start()
        return False

    def _look_again(self) -> None:
        try:
            self.look()
        except ERRORS as error:
            self.lose(error)

    def close(self) -> None:
        """Let go of the connection."""
        if self._probe is not None:
            self._probe.join()  # each of its exchanges has a limit
        self.client.close()


class Memcached(StateSink):
    """Writes the document of every key that has something new, all in one exchange per wake-up and server."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("memcached")
        self._prefixes = [settings.prefix] + ([settings.second_prefix] if settings.second_prefix else [])
        self._names: dict[str, list[str]] = {}  # in Memcached, by key
        self._keys: dict[str, str] = {}  # by name in Memcached
        self._array_limit = settings.array_limit
        beacon = f"{settings.prefix}{settings.hub_key}.stands"
        servers = [_Server(place, beacon, settings.memcached_timeout) for place in settings.memcached_servers]
        self._servers = {server.node: server for server in servers}
        self._there = RendezvousHash(list(self._servers))
        self._refused: set[str] = set()  # keys that a server does not store; sent again with every look
        self._limit = settings.memcached_timeout

    @property
    def ok(self) -> bool:
        """Whether all servers answer, and store what they are sent."""
        away = any(server.away_since is not None for server in self._servers.values())
        return self.problem is None and not away and not self._refused

    @property
    def notes(self) -> list[str]:
        """Sentences on what is no failure but should be known."""
        return [server.note for server in self._servers.values() if server.note]

    def publish(self, agents: list[str]) -> None:
        """See StateSink."""
        for server in self._servers.values():
            if HUB in agents or not server.item_size:
                self._try(server, self._look)
        if HUB in agents:
            self._forget_gone()
            agents = [*agents, *(result.agent for key in self._refused for result in self._board.parts(key))]
        for how, documents in self._documents(agents).items():
            for node, part in self._spread(documents).items():
                self._try(self._servers[node], functools.partial(self._send, documents=part, how=how))
        if not self._there.nodes:
            raise Unreachable("; ".join(server.trouble for server in self._servers.values()))

    def release(self) -> None:
        """See StateSink."""
        for server in self._servers.values():
            server.close()

    # -- servers

    def _try(self, server: _Server, action: Callable[[_Server], None]) -> None:
        """Do something with a server; where it does not answer, its documents move to the others."""
        if server.away_since is not None and (self._there.nodes or server.probed) and not server.is_back():
            return
        try:
            action(server)
        except ERRORS as error:
            self._lose(server, error)
            return
        if server.away_since is not None:
            server.away_since = None
            self._there.add_node(server.node)
            self._well(server.place)
            self.send_all()

    def _lose(self, server: _Server, error: Exception) -> None:
        server.lose(error)
        if server.node in self._there.nodes:
            self._there.remove_node(server.node)
            self.problems = {**self.problems, server.place: server.trouble}
            if self._there.nodes:
                log.warning("%s; its documents move to the other servers", server.trouble)
            self.send_all()

    def _look(self, server: _Server) -> None:
        if not server.look():
            log.info("Memcached %s has lost what it held; everything is sent again", server.place)
            self.send_all()

    def _spread(self, documents: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
        """The documents by server."""
        parts: dict[str, dict[str, bytes]] = {}
        if len(self._there.nodes) == 1:
            return {self._there.nodes[0]: documents}
        for key, encoded in documents.items() if self._there.nodes else ():
            parts.setdefault(self._there.get_node(key), {})[key] = encoded
        return parts

    # -- documents

    def _documents(self, agents: list[str]) -> dict[_How, dict[str, bytes]]:
        """The documents to write, by how they are written."""
        documents: dict[_How, dict[str, bytes]] = {}
        limit = min((self._servers[node].item_size for node in self._there.nodes), default=0)
        board = self._board
        for key in dict.fromkeys([key for agent in agents for key in board.keys_of(agent)]):
            parts = board.parts(key)
            if not parts or not limit or (key in self._refused and HUB not in agents):
                continue
            encoded, how = self._encode(key, parts)
            for name in self._names.get(key) or self._name(key):
                size = len(encoded) + len(name)
                if size <= limit:
                    documents.setdefault(how, {})[name] = encoded
                else:
                    self._refuse(key, f"has {size} bytes, Memcached takes {limit}; return less, or raise its -I")
        return documents

    def _name(self, key: str) -> list[str]:
        """What a key is called in Memcached."""
        names = self._names[key] = [prefix + key for prefix in self._prefixes]
        self._keys.update(dict.fromkeys(names, key))
        return names

    def _encode(self, key: str, parts: list[Result]) -> tuple[bytes, _How]:
        """The bytes that a key is to hold, and how. A plain key without a value is to be gone."""
        first = parts[0]
        if len(parts) == 1 and not first.places:
            return to_json(self._board.merge([shorten(first, self._array_limit)])), _as_document(first.expire)
        how, place = _as_document(max(part.expire for part in parts)), plain_place(key, parts)
        if place is None:
            return to_json(self._board.merge([shorten(part, self._array_limit) for part in parts])), how
        found = bytes_of(parts, place)
        return (b"", _How(GONE, 0)) if found is None else (found[0], how._replace(flags=found[1]))

    def _forget_gone(self) -> None:
        """No problem is left of documents whose agents have gone."""
        places = {server.place for server in self._servers.values()}
        known = set(self._board.keys())
        for key in self.problems.keys() - places - known:
            self._stored(key)
        for key in self._names.keys() - known:
            for name in self._names.pop(key):
                del self._keys[name]

    def _refuse(self, key: str, sentence: str) -> None:
        if key not in self.problems:
            files = ", ".join(self.file_of(result.agent) for result in self._board.parts(key))
            self.problems = {**self.problems, key: f"{files}: document {key} {sentence}"}
            log.error("%s", self.problems[key])

    def _send(self, server: _Server, documents: Mapping[str, bytes], how: _How) -> None:
        try:
            failed = server.client.set_many(documents, how.life, noreply=False, flags=how.flags)
        except MemcacheUnexpectedCloseError:  # the server has gone: it counts as one of the errors below, but is none
            raise
        except MemcacheServerError:
            failed = list(documents)  # one bad item ends the exchange: send them singly to find it
        if self.problems:
            for key in documents.keys() - set(failed):
                self._stored(self._keys[key])
        self._send_singly(server, {key: documents[key] for key in failed}, how)

    def _send_singly(self, server: _Server, documents: Mapping[str, bytes], how: _How) -> None:
        until = time.monotonic() + self._limit
        for key, encoded in documents.items():
            name = self._keys[key]
            said = self._set(server, key, encoded, how) if time.monotonic() < until else "it takes too long"
            if said:
                self._refused.add(name)
                why = f"is refused by Memcached {server.place} ({said})"
                self._refuse(name, f"{why}; return less, or give it more memory (-m)")
            else:
                self._stored(name)

    def _set(self, server: _Server, key: str, encoded: bytes, how: _How) -> str:
        """Send one document; what the server says against it."""
        try:
            return "" if server.client.set(key, encoded, how.life, noreply=False, flags=how.flags) else "not stored"
        except MemcacheUnexpectedCloseError:
            raise
        except MemcacheServerError as error:
            return (error.args[0] if error.args else b"").decode("utf-8", "replace")

    def _stored(self, key: str) -> None:
        self._refused.discard(key)
        self._well(key)
