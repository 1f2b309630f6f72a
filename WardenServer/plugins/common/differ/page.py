"""A comparison as HTML: a short view, and a complete one with the lines side by side. Needs jinja2."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from WardenServer.plugins.common.differ import rows, short, shown
from WardenServer.plugins.common.differ.change import MISSING, Change, Comparison

if TYPE_CHECKING:
    from jinja2 import Environment

#: Most lines of a parameter in the short view.
SHORT = 20
#: Most parameters on a page, and most rows of all its tables: a browser has to show them.
MOST, ROWS = 1000, 50_000


@dataclass(frozen=True)
class _Shown:
    """A change as the template takes it: with a table, or else with lines."""

    change: Change
    lines: Sequence[str] = ()
    table: rows.Table | None = None
    is_truncated: bool = False

    @property
    def is_coarse(self) -> bool:
        return self.change.coarse if self.table is None else self.table.coarse


def fragment(comparison: Comparison, complete: bool) -> str:
    """The changes as HTML without a frame; everything that came from a run is escaped.

    A section of class `change` has the parameter in data-parameter, and in its heading elements with data-partition.
    Raises ImportError without jinja2.
    """
    return _render("fragment.html", comparison, complete)


def page(comparison: Comparison, title: str, complete: bool) -> str:
    """A page of its own, which needs no other file. Raises ImportError without jinja2."""
    return _render("page.html", comparison, complete, title)


def _render(name: str, comparison: Comparison, complete: bool, title: str = "") -> str:
    changes = comparison.changes[:MOST]
    return _templates().get_template(name).render(
        comparison=comparison, changes=_complete(changes) if complete else map(_short, changes), complete=complete,
        title=title, short=short, most=MOST,
    )  # fmt: skip


def _short(change: Change) -> _Shown:
    lines = [shown.cut(line, short.WIDEST) for line in change.lines[:SHORT]]
    return _Shown(change, lines, is_truncated=lines != list(change.lines))


def _complete(changes: Sequence[Change]) -> Iterator[_Shown]:
    """Each with its table or all its lines, until the page is full; from then on in short."""
    left = ROWS
    for change in changes:
        if left <= 0:
            yield _short(change)
        elif (table := _table(change)) is not None:
            left -= len(table.rows)
            yield _Shown(change, table=table)
        else:
            left -= len(change.lines)
            yield _Shown(change, change.lines)


def _table(change: Change) -> rows.Table | None:
    """The lines of a text side by side; of one that came or went, beside nothing. None where there are none."""
    old, new = ("" if side is MISSING else side for side in (change.old, change.new))
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    table = rows.table(old, new)
    return table if table.rows else None


@functools.cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader

    from WardenServer.plugins.common.differ.cells import cells

    folder = FileSystemLoader(Path(__file__).parent)
    made = Environment(autoescape=True, loader=folder, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"shown": shown.printable, "cells": cells, "raw": _encodable}
    return made


def _encodable(text: str) -> str:
    """The text as it is, as far as UTF-8 has it: for programs that look at the page."""
    return text.encode("utf-8", "replace").decode()
