"""How readers of the network take on their settings."""

from collections.abc import Callable
from typing import Any, TypeVar

from WardenServer.errors import SettingError
from WardenServer.settings.masking import mask
from WardenServer.streams.readers.decode import FORMS

T = TypeVar("T")


def checked(name: str, value: Any, parse: Callable[[Any], T]) -> T:
    """What `parse`, one of WardenServer.settings.parse or the like, makes of the value of a setting.

    Raises:
        SettingError: the value means nothing; the text names the setting, and says what to write.
    """
    try:
        return parse(value)
    except ValueError as error:
        said = mask(repr(value))[:60]
        raise SettingError(f"{name} is {said}; write {error}") from None


def word(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("text in quotes")
    return value


def known_form(value: Any) -> str:
    """One of the forms that events come in."""
    if value not in FORMS:
        raise ValueError(f"one of {', '.join(FORMS)}")
    return str(value)
