"""What people must not read: passwords in settings, log lines and errors. Pure, and safe on any thread.

A value becomes known as secret by the name of its setting, by its place in a URL, or because it came from a variable
or file that the settings name (see secret.py). Known values are masked wherever they turn up in text.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

MASK = "***"
#: Shorter values are not looked for in text: too much else would vanish with them.
SHORTEST = 4

_WORDS = (
    "password", "passwords", "passwd", "passphrase", "secret", "secrets", "token", "api_key", "apikey", "credential",
    "credentials",
)  # fmt: skip
#: The password of a URL: scheme://user:PASSWORD@host (RFC 3986, 3.2.1; a stray @ in the password is part of it).
_URL = re.compile(r"(?<=://)([^\s/?#:@]*):([^\s/?#]*)@")


def is_secret(name: str) -> bool:
    """Whether the name of a setting says that its value is secret: as a whole word of it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return any(f"_{word}_" in f"_{re.sub(r'[^a-z0-9]+', '_', words)}_" for word in _WORDS)


def is_reference(value: Any) -> bool:
    """Whether a setting only says where its value is: { env = "NAME" } or { file = "PATH" }."""
    return isinstance(value, Mapping) and list(value) in (["env"], ["file"])


def secrets_in(name: str, value: Any) -> Iterator[str]:
    """What is secret in the value of a setting: all of it, or the passwords of its URLs."""
    if isinstance(value, Mapping):
        for key, item in () if is_reference(value) else value.items():
            yield from secrets_in(_below(name, key), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(name, item)
    elif is_secret(name):
        yield from () if value is None or isinstance(value, bool) else (str(value),)
    elif isinstance(value, str):
        yield from (password for _, password in _URL.findall(value))


def masked(name: str, value: Any) -> Any:
    """The value of a setting as people may see it."""
    if isinstance(value, Mapping):
        return dict(value) if is_reference(value) else {k: masked(_below(name, k), item) for k, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(name, item) for item in value]
    if is_secret(name) and any(secrets_in(name, value)):
        return MASK
    return mask(value) if isinstance(value, str) else value


def _below(name: str, key: Any) -> str:
    """The name of an entry of a table: in a table of secrets all are secret."""
    return f"{name}_{key}" if is_secret(name) else str(key)


class Secrets:
    """The values known as secret. They are never forgotten: an old password may still be one elsewhere."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def add(self, value: str) -> None:
        """Know a value as secret, also as `repr` and URLs would show it."""
        if len(value) < SHORTEST:
            return
        with self._lock:
            if value not in self._known:
                self._known |= {value, repr(value)[1:-1], quote(value, safe="")}
                longest_first = sorted(self._known, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def learn(self, name: str, value: Any) -> None:
        """Know what is secret in the value of a setting."""
        for secret in secrets_in(name, value):
            self.add(secret)

    def mask(self, text: str) -> str:
        """The text with *** in place of everything known as secret, and of the passwords of URLs."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return _URL.sub(rf"\1:{MASK}@", text)


_secrets = Secrets()
add = _secrets.add
learn = _secrets.learn
mask = _secrets.mask
