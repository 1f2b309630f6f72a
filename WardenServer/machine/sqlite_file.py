"""SQLite files: what cannot be a usable one is put aside, never deleted."""

import sqlite3
import time
from pathlib import Path

from WardenServer.errors import WardenError


def put_aside(file: Path, name: str) -> str:
    """Make way for a new database where `file` cannot be one; the sentence to show, or "" when there was no need.

    `name` says what the database is. A crash during the very first start leaves an empty or incomplete file, which
    would fail every later start.
    """
    if not file.exists():
        return ""
    if file.is_file() and file.stat().st_size == 0:
        file.unlink()
        return ""
    fault = _fault(file)
    if not fault:
        return ""
    aside = file.with_name(f"{file.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    file.replace(aside)
    return f"{file} is no usable {name} ({fault}): it is now {aside}, and a new one is made."


def _fault(file: Path) -> str:
    """What is wrong with the content of a database, if anything."""
    try:
        database = sqlite3.connect(file, timeout=1.0)
    except sqlite3.OperationalError as error:
        raise WardenError(f"{file} cannot be opened ({error}); correct its rights") from None
    try:
        (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        raise WardenError(
            f"{file} cannot be used ({error}); end the program that holds it, or correct its rights"
        ) from None
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        database.close()
    if said != "ok":
        return str(said)
    return "" if version else "it is incomplete"  # the version is written last
