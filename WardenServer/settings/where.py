"""Where in a settings file something is, and what somebody may have meant: for sentences on what is wrong."""

import difflib
import re
from collections.abc import Mapping
from typing import Any


def meaning(name: str, known: Mapping[str, Any]) -> str:
    """What a name that is not known may have meant, to be put behind a sentence."""
    close = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    return f'; did you mean "{close[0]}"?' if close else "; `warden config` lists all settings"


def line_of(text: str, key: str, table: str = "") -> int:
    """The line of `key` in `[table]` of a TOML text that is known to parse; else the table's own line."""
    current, fallback = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            current = header[1].replace('"', "").replace("'", "").replace(" ", "")
            fallback = number if current == table else fallback
        elif current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return number
    return fallback
