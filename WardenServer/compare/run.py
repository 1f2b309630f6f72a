"""Compares for a while, and keeps what was found, so that it can go on after an interruption.

Of the other server only `get` is asked: nothing is ever written there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from WardenServer.compare.match import Key, Matcher, load, save
from WardenServer.compare.report import Report
from WardenServer.compare.sample import Sample, read
from WardenServer.errors import Unreachable
from WardenServer.loading import loader
from WardenServer.machine.state_file import StateFile
from WardenServer.servers.memcached import ERRORS, WithFlags, memcached_servers, open_client, sentence
from WardenServer.settings import config, settings_view
from WardenServer.settings.config import Settings

#: Seconds between looks, and between two savings of what was found.
LOOK, SAVE = 0.5, 10.0


def keys_of_example(name: str, folder: Path) -> list[str]:
    """The keys that the agents of a shipped example fill, as far as they are known before they run.

    Raises:
        SettingError: there is no such example.
    """
    file = folder / f"example-{name}.toml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(settings_view.example(name), encoding="utf-8")
    settings = config.load(file, {}, options={"plugin_folders": str(folder)})
    loaded = loader.load(settings)
    keys: dict[str, None] = {}
    for contract in loaded.contracts.values():
        places = [contract.places.get(field) for field in contract.fields]
        keys.update((place.key if place is not None else contract.key, None) for place in places)
        if not contract.fields:
            keys[contract.key] = None
        contract.discard()
    return list(keys)


class Side:
    """One server, or several that are one key space."""

    def __init__(self, servers: tuple[str, ...], prefix: str, timeout: float) -> None:
        self.place = ", ".join(servers)
        self._prefix = prefix
        self._client = open_client(servers, timeout, WithFlags())

    def samples(self, keys: Sequence[str], now: float) -> dict[str, Sample]:
        """What is there; raises Unreachable where the server does not answer."""
        try:
            found = self._client.get_many([self._prefix + key for key in keys])
        except ERRORS as error:
            raise Unreachable(sentence(self.place, error)) from None
        samples = {}
        for key in keys:
            if self._prefix + key in found:
                data, flags = found[self._prefix + key]
                samples[key] = read(data, flags, now)
        return samples

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


class Comparison:
    """Both sides, and what was found so far."""

    def __init__(
        self, settings: Settings, against: str, their_prefix: str, keys: Sequence[str], tolerance: float, anew: bool
    ) -> None:
        timeout = settings.memcached_timeout
        self._ours = Side(memcached_servers(settings), settings.prefix, timeout)
        self._theirs = Side((against,), their_prefix, timeout)
        self._tolerance = tolerance
        place = "".join(letter if letter.isalnum() else "-" for letter in against)
        self._file = StateFile(settings.state_folder / f"compare-{place}.json", 1, "what was compared before")
        before: tuple[float, dict[str, Key]] = (0.0, {})
        kept = before if anew else self._file.read(lambda _, said: (said["took"], load(said["keys"])), before)
        self.took, found = kept
        self._matchers = {key: Matcher(tolerance, found.get(key)) for key in keys}

    @property
    def report(self) -> Report:
        """What was found so far."""
        keys: dict[str, Key] = {key: matcher.found for key, matcher in self._matchers.items()}
        return Report(self._ours.place, self._theirs.place, self.took, keys)

    def run(self, seconds: float, say: Callable[[str], None]) -> Iterator[float]:
        """Compare until `seconds` are compared in all; yields them after each look. `say` is told once of a server that
        does not answer: that time does not count."""
        last, saved, away = time.monotonic(), time.monotonic(), ""
        while self.took < seconds:
            try:
                self._look()
                away, counts = "", True
            except Unreachable as error:
                counts = False
                if str(error) != away:
                    say(f"{error}; waiting for it")
                away = str(error)
            time.sleep(LOOK)
            now = time.monotonic()
            self.took, last = self.took + (now - last if counts else 0.0), now
            if now - saved > SAVE:
                self.save()
                saved = now
            yield self.took
        self.save()

    def _look(self) -> None:
        keys, now = list(self._matchers), time.time()
        theirs, ours = self._theirs.samples(keys, now), self._ours.samples(keys, now)
        for key, matcher in self._matchers.items():
            matcher.take(ours.get(key), theirs.get(key), now)

    def save(self) -> None:
        """Keep what was found."""
        content: Any = {"took": self.took, "keys": save({key: each.found for key, each in self._matchers.items()})}
        self._file.write(content)

    def close(self) -> None:
        """Let go of both servers."""
        self._ours.close()
        self._theirs.close()
