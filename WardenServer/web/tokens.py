"""The secrets that people log in with."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from WardenServer.errors import SettingError, WardenError
from WardenServer.machine import whole_file
from WardenServer.settings import masking, secret
from WardenServer.settings.config import Settings

#: Fewest characters of a token.
SHORTEST = 12


def place(settings: Settings) -> Path:
    """The file of the token that the first start makes."""
    return settings.state_folder / f"{settings.instance}-web-token"


def token(settings: Settings) -> str:
    """What people log in with to read and to change; made at the first start, where none is set.

    Raises:
        SettingError: it cannot be read, or is too short.
        WardenError: it cannot be made.
    """
    if settings.web_token:
        return _given("web_token", settings.web_token)
    path = place(settings)
    if not path.exists():
        _make(path)
    return _given("web_token", {"file": str(path)})


def wall_token(settings: Settings) -> str:
    """What wall displays log in with, only to read; nothing where none is set. Raises SettingError as `token`."""
    return _given("web_wall_token", settings.web_wall_token) if settings.web_wall_token else ""


def _given(name: str, said: Mapping[str, str] | str) -> str:
    found = str(secret.value(name, said))
    masking.add(found)
    if len(found) < SHORTEST:
        raise SettingError(f"{name} has {len(found)} characters; take {SHORTEST} at least")
    return found


def _make(path: Path) -> None:
    part = path.with_suffix(".part")
    try:
        whole_file.make_folder(path.parent)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        part.replace(path)
    except OSError as error:
        raise WardenError(f"{path} cannot be made ({error.strerror}); make room, or set web_token") from None
