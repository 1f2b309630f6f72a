"""The list of beacons: hosts that others keep, by URL or in a file, fetched again now and then.

What is fetched is kept in the folder as `beacons.txt`; its time is that of the last check. Only a list with hosts
changes anything. As PingER has it, an address in the list wins over DNS.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from WardenServer.errors import Unreachable
from WardenServer.machine import whole_file
from WardenServer.plugins.common.ping.hosts import Host, read_list
from WardenServer.plugins.common.ping.probe.download import LARGEST, Download

#: Names that a sentence has at most.
NAMED = 10
_HEAD = "# list of "


class Change(NamedTuple):
    """What a look at the list has brought: hosts that came and went, by name, and sentences on lines that were left
    out."""

    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In a sentence for people; "" where nothing came or went."""
        parts = [f"{word}: {_some(names)}" for word, names in (("new", self.came), ("gone", self.went)) if names]
        return f"the list of beacons has changed; {'; '.join(parts)}" if parts else ""


class Beacons:
    """The list, for one thread; `stop` may be called by any. Nothing here raises.

    Args:
        source: URL of HTTP or path.
        refresh: how old the list may be, in seconds.
        folder: where it is kept.
        default: what a host has where its line says nothing.
        clock: Unix seconds.
    """

    def __init__(
        self, source: str, refresh: float, folder: Path, default: Host, clock: Callable[[], float] = time.time
    ) -> None:
        self._source, self._refresh, self._clock = source, refresh, clock
        self._file = folder / "beacons.txt"
        self._default = replace(default, is_cached=False)
        self._download: Download | None = None
        self.hosts: tuple[Host, ...] = ()
        self.problem = ""  # what people should put right
        self._checked = 0.0  # Unix seconds; 0: never
        self._is_stopped = False
        with suppress(OSError):
            if not source:
                return
            text = self._file.read_text("utf-8", "replace")
            self.hosts = read_list(text, self._default)[0]
            if self.hosts and text.startswith(f"{self._head}\n"):
                self._checked = self._file.stat().st_mtime

    @property
    def is_due(self) -> bool:
        """Whether it should be fetched. A time of the last check that has not come yet counts for nothing."""
        return bool(self._source) and not 0 <= self._clock() - self._checked < self._refresh

    def fetch(self) -> Change:
        """Fetch the list, which may take a minute. Where that fails all stays as it is, and it is due still."""
        try:
            text = self._text()
            hosts, left_out = read_list(text, self._default)
            _check(text, hosts, left_out)
        except Unreachable as error:
            cure = f"the {len(self.hosts)} hosts there are stay; correct beacons, or see to where it comes from"
            self.problem = f"the list of beacons {plain(self._source)} {error}; {cure}"
            return Change()
        before, now = ({host.name for host in some} for some in (self.hosts, hosts))
        self.hosts, self._checked, self.problem = hosts, self._clock(), ""
        self._keep(text)
        return Change(tuple(sorted(now - before)), tuple(sorted(before - now)), left_out)

    def stop(self) -> None:
        """End a `fetch` that goes on, and each later one, at once."""
        self._is_stopped = True
        if self._download is not None:
            self._download.stop()

    def _text(self) -> str:
        if "://" not in self._source:
            return _read(Path(self._source))
        self._download = Download(self._source)
        if self._is_stopped:
            self._download.stop()
        return self._download.text()

    def _keep(self, text: str) -> None:
        try:
            whole_file.write(self._file, f"{self._head}\n{text}")
            os.utime(self._file, (self._checked, self._checked))
        except OSError as error:
            cure = "make room, or correct its rights"
            self.problem = f"{self._file} cannot be written ({error.strerror}), the next start needs it; {cure}"

    @property
    def _head(self) -> str:
        return f"{_HEAD}{plain(self._source)}"


def plain(source: str) -> str:
    """The URL without user, password and query, which may be secret; or the path."""
    if "://" not in source:
        return source
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _read(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise Unreachable("is no file")
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except Unreachable:
        raise
    except OSError as error:
        raise Unreachable(f"cannot be read ({error.strerror})") from None
    if len(text) > LARGEST:
        raise Unreachable(f"has more than {LARGEST} bytes")
    return text.decode("utf-8", "replace")


def _check(text: str, hosts: tuple[Host, ...], left_out: tuple[str, ...]) -> None:
    """Raises Unreachable where it is no list, such as somebody else's page."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise Unreachable("is a page of HTML")
    if not hosts:
        raise Unreachable("has no host")
    if len(left_out) > len(hosts):
        raise Unreachable(f"has {len(left_out)} lines that mean nothing, such as {left_out[0]}")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
