"""A comparison as HTML: a short view, and a complete one with the lines side by side. Needs jinja2."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from WardenServer.plugins.common.differ import rows, short
from WardenServer.plugins.common.differ.change import Change, Comparison, Kind

if TYPE_CHECKING:
    from jinja2 import Environment

#: Most lines of a parameter in the short view.
SHORT = 20
#: Most characters of a line in the short view.
WIDE = 2000
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
    shown = list(_complete(comparison.changes[:MOST]) if complete else map(_short, comparison.changes[:MOST]))
    return _templates().get_template(name).render(
        comparison=comparison, shown=shown, complete=complete, title=title, empty=short.EMPTY, most=MOST
    )


def _short(change: Change) -> _Shown:
    lines = [line if len(line) <= WIDE else f"{line[:WIDE]}…" for line in change.lines[:SHORT]]
    is_truncated = len(change.lines) > SHORT or any(len(line) > WIDE for line in change.lines[:SHORT])
    return _Shown(change, lines, is_truncated=is_truncated)


def _complete(changes: Sequence[Change]) -> Iterator[_Shown]:
    """Each with its table or all its lines, until the page is full; from then on in short."""
    left = ROWS
    for change in changes:
        if left <= 0:
            yield _short(change)
        elif _is_text(change):
            table = rows.table(_text(change.old), _text(change.new))
            left -= len(table.rows)
            yield _Shown(change, table=table)
        else:
            left -= len(change.lines)
            yield _Shown(change, change.lines)


def _is_text(change: Change) -> bool:
    """Whether its values are lines: of a parameter that came or went, the one that there is."""
    one_sided = change.kind in (Kind.ADDED, Kind.REMOVED)
    return change.kind is Kind.TEXT or (one_sided and isinstance(change.old, str) != isinstance(change.new, str))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@functools.cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader

    from WardenServer.plugins.common.differ.cells import cells, visible

    folder = FileSystemLoader(Path(__file__).parent)
    made = Environment(autoescape=True, loader=folder, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"shown": visible, "cells": cells, "raw": _encodable}
    return made


def _encodable(text: str) -> str:
    """The text as it is, as far as UTF-8 has it: for programs that look at the page."""
    return text.encode("utf-8", "replace").decode()
