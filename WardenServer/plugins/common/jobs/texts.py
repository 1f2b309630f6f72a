"""Whether a text in the database has another in it, in small or large letters, in the way that is quickest there."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: What means something in a pattern, and the sign before it that takes the meaning away, which comes first.
_SIGNS = ("/", "%", "_")


class _like(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "like"


def has(column: ColumnElement[Any], piece: str) -> ColumnElement[bool]:
    """Whether a column has this piece in it. SQLite knows small and large letters of ASCII only."""
    for sign in _SIGNS:
        piece = piece.replace(sign, f"/{sign}")
    return _like(column, f"%{piece}%")


@compiles(_like, "sqlite")
def _in_sqlite(element: _like, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} LIKE {pattern} ESCAPE '/')"


@compiles(_like, "postgresql")
def _in_postgresql(element: _like, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} ILIKE {pattern} ESCAPE '/')"
