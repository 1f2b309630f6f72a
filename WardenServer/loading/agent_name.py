"""What an agent may be called: its name is also that of its plugin file, and part of its Tango attributes."""

import re
import unicodedata

from anyascii import anyascii

from WardenServer.results.board import HUB

#: Most characters; a field's name must have room beside it in the name of an attribute.
LONGEST = 61


def trouble(name: str) -> str:
    """What is wrong with a name, and one that would do; "" when nothing is."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and len(name) <= LONGEST:
        return f"is the name of the hub itself; choose another such as {name}_1" if name.lower() == HUB else ""
    strange = dict.fromkeys(re.sub(r"[A-Za-z0-9_]", "", unicodedata.normalize("NFC", name)))
    if strange:
        what = f"has {', '.join(map(repr, strange))}; only A-Z, a-z, 0-9 and _ can stand in a Tango attribute's name"
    elif len(name) > LONGEST:
        what = f"has {len(name)} characters; at most {LONGEST} leave room for a field's name"
    elif not name:
        what = "is empty"
    else:
        what = f"begins with {name[:1]!r}; begin with a letter"
    return f"{what}: {_proposal(name)} would do"


def _proposal(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "_", anyascii(unicodedata.normalize("NFC", name))).strip("_")
    return (plain if plain[:1].isalpha() else f"agent_{plain}".rstrip("_"))[:LONGEST]
