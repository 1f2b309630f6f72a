"""Messages that no hub sends: to try a target, and about a hub that is dead."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from WardenServer.errors import SettingError, WardenError
from WardenServer.machine.state_file import StateFile
from WardenServer.results import hub_document
from WardenServer.results.event import Severity
from WardenServer.servers import client
from WardenServer.settings.config import Settings
from WardenServer.settings.units import duration
from WardenServer.sinks.notify.letters import Letter
from WardenServer.sinks.notify.target import connect, send


def send_to(settings: Settings, target: str | None, letter: Letter | None = None) -> Iterator[tuple[str, str]]:
    """Send a letter to a target, or to each: its name, and why it has not taken it, "" where it has.

    Raises:
        SettingError: there is no such target, or none at all.
    """
    targets = settings.notify.targets
    if not targets:
        raise SettingError("there are no targets; write a table [notify.targets.NAME] into the settings file")
    if target is not None and target not in targets:
        raise SettingError(f'there is no target "{target}"; there are: {", ".join(targets)}')
    if letter is None:
        title = f"[warden {settings.instance}] test"
        letter = Letter((), title, "This is a test: alarms of this hub come here.", Severity.INFO)
    for name in [target] if target is not None else targets:
        try:
            send(connect(targets[name], settings), letter)
            yield name, ""
        except WardenError as error:
            yield name, str(error)


@dataclass
class Watched:
    """How a hub is, in a sentence, and which targets could not be told."""

    lives: bool
    text: str
    failures: list[str] = field(default_factory=list)


def look_after(settings: Settings, after: str) -> Watched:
    """Whether the hub has said something of itself lately; who is to be told of a change is told.

    Raises:
        SettingError: `after` is no duration.
    """
    try:
        limit = duration(after)
    except ValueError as error:
        raise SettingError(f'--after is "{after}"; write {error}') from None
    lives, text = _looks(settings, limit)
    file = StateFile(settings.state_folder / f"{settings.instance}-watched.json", 1, "what was told of the hub")
    before: bool = file.read(lambda _, content: bool(content["lives"]), True)
    watched = Watched(lives, text)
    if lives != before and settings.notify.targets:
        title = f"[warden {settings.instance}] {'GOOD AGAIN' if lives else 'ALARM'}"
        letter = Letter((), title, text, Severity.INFO if lives else Severity.ALARM)
        told = list(send_to(settings, None, letter))
        watched.failures = [f"target {name} {why}" for name, why in told if why]
        if all(why for _, why in told):
            return watched  # with the next look it is tried again
    if lives != before:
        file.write({"lives": lives})
    return watched


def _looks(settings: Settings, limit: float) -> tuple[bool, str]:
    """Whether it lives, and a sentence. Its document in Memcached is asked for, and then its device."""
    name = f"hub {settings.instance}"
    why = []
    for ask in (lambda: client.document(settings, settings.hub_key),
                lambda: client.command(settings, "GetDocument", settings.hub_key)):  # fmt: skip
        try:
            found = hub_document.stamped(ask())
        except (WardenError, ValueError) as error:
            why.append(str(error))
            continue
        age = time.time() - found[1]
        if age <= limit:
            return True, f"{name} lives, in state {found[0].state}."
        why.append(f"its newest document is {age:.0f} s old")
    return False, f"{name} does not live: {'; '.join(why)}"
