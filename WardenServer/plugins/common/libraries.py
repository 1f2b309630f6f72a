"""Libraries that come with an extra: what is missing is said with its cure."""

from collections.abc import Iterator
from contextlib import contextmanager

from WardenServer.errors import WardenError


@contextmanager
def needed(extra: str, kind: type[WardenError] = WardenError) -> Iterator[None]:
    """Around imports for the part of the hub that an extra is named after: a library that is missing is said with its
    cure, as an error of this kind."""
    try:
        yield
    except ImportError as error:
        cure = f"install it with: pip install wardenserver[{extra}]"
        raise kind(f"{extra} need the library {error.name}; {cure}") from None
