"""What people and other programs want first: they ask, and a round of the monitor serves it."""

from collections.abc import Sequence

from sqlalchemy import LargeBinary, cast, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.tables import LONGEST, priorityjobs

#: Most requests that may wait, and that one round takes.
MOST = 100_000


def ask(database: Database, ids: Sequence[str]) -> list[str]:
    """Ask for jobs to be done first. Whether there are such jobs or files is seen in the monitor's next round.

    Args:
        database: where.
        ids: of jobs or of files; one that is asked for already may be there again.

    Returns:
        Those that are asked for now.

    Raises:
        SettingError: some of them can be no ids, or too many wait; the text names them. All others are asked for.
        Unreachable: the database cannot be used; none is asked for.
    """
    good = list(dict.fromkeys(id for id in ids if not _fault(id)))
    with database.writing() as connection:
        there = connection.scalar(select(func.count()).select_from(priorityjobs)) or 0
        taken = good[: max(0, MOST - there)]
        if taken:
            dialect = sqlite if database.is_file else postgresql
            connection.execute(dialect.insert(priorityjobs).on_conflict_do_nothing(), [{"uuid": id} for id in taken])
    bad = [f"{ascii(id)[:60]} {why}" for id in ids if (why := _fault(id))]
    if len(taken) < len(good):
        bad.append(f"{len(good) - len(taken)} are too many, since {there} requests wait; ask for them later")
    if bad:
        raise SettingError(f"not asked for: {'; '.join(bad[:10])}{_more(bad[10:])}")
    return taken


def asked(database: Database) -> list[str]:
    """What is asked for. What is no text in a file of SQLite, where anything can be written, is removed."""
    if not database.is_file:
        with database.reading() as connection:
            return list(connection.scalars(select(priorityjobs.c.uuid).limit(MOST)))
    raw = cast(priorityjobs.c.uuid, LargeBinary)
    with database.reading() as connection:
        found = connection.execute(select(raw, func.typeof(priorityjobs.c.uuid)).limit(MOST)).all()
    texts = [_text(said) if kind == "text" else "" for said, kind in found]
    if rubbish := [said for (said, _), text in zip(found, texts, strict=True) if not text]:
        with database.writing() as connection:
            for said in rubbish:
                connection.execute(delete(priorityjobs).where(raw == said))
    return [text for text in texts if text]


def _text(said: bytes) -> str:
    try:
        return said.decode()
    except UnicodeDecodeError:
        return ""


def _fault(id: str) -> str:
    """Why a text can be no id; "" where it can."""
    if not id:
        return "is empty"
    if len(id) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in id):
        return "holds signs that no id has"
    return ""


def _more(rest: Sequence[str]) -> str:
    return f"; and {len(rest)} more" if rest else ""
