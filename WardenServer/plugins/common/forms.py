"""Forms that settings of several tables have. What has another form raises ValueError, with what to write instead."""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def meant(name: str, known: Iterable[str]) -> str:
    """What a name that is not known may have meant, to be put behind a sentence."""
    there = list(known)
    close = difflib.get_close_matches(name, there, 1)
    return f'; did you mean "{close[0]}"?' if close else f"; there are: {', '.join(there)}"


def or_nothing(read: Callable[[Any], Any], nothing: Any) -> Callable[[Any], Any]:
    """What `read` reads; of an empty text, `nothing`."""
    return lambda value: nothing if value in ("", None) else read(value)


def path(value: Any) -> Path:
    """A path that does not depend on the folder in which a program runs."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError('a path, such as "/a/folder"')
    try:
        found = Path(value).expanduser()
    except RuntimeError:  # ~name of nobody
        raise ValueError("a path that begins with /") from None
    if not found.is_absolute():
        raise ValueError("a path that begins with /")
    return found
