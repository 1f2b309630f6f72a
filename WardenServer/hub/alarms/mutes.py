"""What people have said about alarms: which rules are muted until when, and which alarms they know of.

One file in the state folder, `INSTANCE-mutes.json`: kept over restarts, and read again when somebody else has changed
it, such as `warden notify mute` while no device can be asked.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from WardenServer.errors import WardenError
from WardenServer.machine import whole_file
from WardenServer.machine.child import wait_until
from WardenServer.machine.state_file import StateFile
from WardenServer.settings.config import Settings

VERSION = 1
#: Seconds to wait for another program that writes the file.
PATIENCE = 0.5
#: The name that means all rules.
ALL = "*"


@dataclass(frozen=True)
class Mute:
    """A rule about which nobody is told; times in Unix seconds."""

    until: float
    since: float
    why: str = ""


@dataclass(frozen=True)
class Said:
    """All that people have said. `mutes` by rule; `known` are the begins of alarms that somebody knows of, by rule and
    subject as `Fault.name` has them."""

    mutes: dict[str, Mute] = field(default_factory=dict)
    known: dict[str, float] = field(default_factory=dict)

    def mute_of(self, rule: str, now: float) -> Mute | None:
        """What mutes a rule at a time."""
        found = [mute for name in (rule, ALL) if (mute := self.mutes.get(name)) is not None and now < mute.until]
        return max(found, key=lambda mute: mute.until, default=None)


def place(settings: Settings) -> Path:
    """The file of an instance."""
    return settings.state_folder / f"{settings.instance}-mutes.json"


class Mutes:
    """The file. Any thread and process may use it."""

    def __init__(self, path: Path) -> None:
        self._file = StateFile(path, VERSION, "mutes and acknowledgements")
        self._read_at: tuple[int, int] | None = None
        self._said = Said()

    def look(self) -> Said:
        """What stands in the file, read again where it has changed."""
        try:
            stat = self._file.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
        except OSError:
            stamp = None
        if stamp != self._read_at:
            self._said, self._read_at = self._file.read(_understand, Said()), stamp
        return self._said

    def mute(self, rule: str, until: float, why: str, now: float) -> None:
        """Tell nobody of a rule until a time; raises WardenError where that cannot be kept."""
        self._change(lambda said: said.mutes.update({rule: Mute(until, now, why)}), now)

    def unmute(self, rule: str, now: float) -> None:
        """Tell people again; raises WardenError where it is not muted."""

        def change(said: Said) -> None:
            if said.mutes.pop(rule, None) is None:
                raise WardenError(f"{rule} is not muted; muted are: {', '.join(said.mutes) or 'none'}")

        self._change(change, now)

    def acknowledge(self, begins: dict[str, float], now: float) -> None:
        """Send no reminders about these alarms, given by name with their begin."""
        self._change(lambda said: said.known.update(begins), now)

    def forget(self, names: list[str], now: float) -> None:
        """These alarms are over."""
        if any(name in self.look().known for name in names):
            self._change(lambda said: [said.known.pop(name, None) for name in names], now)

    def _change(self, change: Callable[[Said], Any], now: float) -> None:
        with self._locked():
            said = self._file.read(_understand, Said())
            change(said)
            for rule in [rule for rule, mute in said.mutes.items() if mute.until <= now]:
                del said.mutes[rule]
            if not self._file.write(asdict(said)):
                raise WardenError(f"{self._file.path} cannot be written; make room, or correct its rights")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time. The lock is held for as long as a small file takes to be written."""
        try:
            whole_file.make_folder(self._file.path.parent)
            with self._file.path.with_suffix(".lock").open("a") as file:
                if not wait_until(lambda: _lock(file), PATIENCE):
                    raise WardenError(f"another program holds {file.name}; end it, or try again")
                yield
        except WardenError:
            raise
        except OSError as error:
            raise WardenError(f"{self._file.path} cannot be written ({error.strerror}); correct its rights") from None


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _understand(version: int, content: Any) -> Said:
    entries = content["mutes"].items()
    mutes = {str(rule): Mute(float(m["until"]), float(m["since"]), str(m["why"])) for rule, m in entries}
    return Said(mutes, {str(name): float(begin) for name, begin in content["known"].items()})
