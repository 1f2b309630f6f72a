"""What is in a folder, by kind."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Names:
    """The names in a folder. A link is a link, whatever it leads to; what is neither counts as a file."""

    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def names_in(folder: Path) -> Names:
    """List a folder, without looking at what is in it.

    Raises:
        OSError: it cannot be read.
    """
    names = Names()
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                names.links.append(entry.name)
            elif entry.is_dir():
                names.folders.append(entry.name)
            else:
                names.files.append(entry.name)
    return names
