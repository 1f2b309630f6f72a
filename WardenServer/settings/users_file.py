"""Files that people write, with whatever editor: their text, or why it cannot be had and what to do about it."""

import codecs
import errno
import os
from pathlib import Path

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unusable(ValueError):
    """The text says what is wrong with a file, and the cure; it follows the file's name."""


def read(path: Path) -> str:
    """The text of a file in UTF-8, with or without byte order mark.

    Raises:
        FileNotFoundError: there is no such file, nor a link of that name.
        Unusable: it cannot be read, or is no such text.
    """
    try:
        return decode(path.read_bytes())
    except OSError as error:
        if error.errno == errno.ENOENT and not path.is_symlink():
            raise
        raise Unusable(why(path, error)) from None


def decode(content: bytes) -> str:
    """What was read as text; raises Unusable when it is none in UTF-8."""
    if content.startswith(UTF16):
        raise Unusable("is saved as UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        raise Unusable(f"is not UTF-8: line {line} has the byte 0x{byte:02x}; save it as UTF-8") from None


def why(path: Path, error: OSError) -> str:
    """What keeps a file from being read, and the cure."""
    said = error.strerror or str(error)
    if error.errno == errno.ELOOP:
        return "is a link that leads back to itself; mend or remove the link"
    if error.errno == errno.ENOENT and path.is_symlink():
        return f"is a link to {os.readlink(path)}, which does not exist; mend or remove the link"  # noqa: PTH115 - as text
    if error.errno == errno.ENOENT:
        return "does not exist any more; put it back, or reload without it"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"cannot be read ({said}); correct its rights"
    if error.errno == errno.EISDIR:
        return "is a folder; name the file in it"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"cannot be read ({said}); see what keeps so many files open, or raise the limit (ulimit -n)"
    return f"cannot be read ({said}); check the disk it is on"
