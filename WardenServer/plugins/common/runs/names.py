"""Texts that every database holds: without NUL and without halves of UTF-16 pairs, and names that an index takes."""

import hashlib

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Most bytes of a name: an index of PostgreSQL takes 2704 for three of them.
LONGEST = 800


def clean(text: str) -> str:
    """What no database holds becomes U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def kept(name: str) -> str:
    """A name as it is kept: of one that is too long its beginning, and a hash of all."""
    name = clean(name)
    if len(name) * 4 <= LONGEST or len(data := name.encode()) <= LONGEST:
        return name
    return f"{data[: LONGEST - 70].decode(errors='ignore')}…{hashlib.sha256(data).hexdigest()}"


class Words(TypeDecorator[str]):
    """What people read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else clean(value)


class Name(TypeDecorator[str]):
    """What something is known by. It is sorted by its characters' numbers, as Python does."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """SQLite sorts so by itself."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else kept(value)
