"""Two texts side by side, as rows of a table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from WardenServer.plugins.common.differ.limited import Matcher, Work
from WardenServer.plugins.common.differ.lines import split
from WardenServer.plugins.common.differ.matching import Block, Mark, match
from WardenServer.plugins.common.differ.unique import both_ends

__all__ = ["Mark", "Parts", "Row", "Table", "table"]

#: The pieces of the old and of the new line, each with whether it changed.
Parts = tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]

#: Most steps (see Work) for what changed inside the lines of a table: about 0.2 s. Each pair of lines takes so many
#: besides, for its words and their way to the page.
STEPS, PAIR = 2_000_000, 1500

#: Most characters of a line that is compared word by word.
LONGEST = 20_000

_WORD_OR_SIGN = re.compile(r"\w+|\s+|.")


@dataclass(frozen=True, slots=True)
class Row:
    """A line on either side, with its number from 1; None where that side has none. `parts` of a changed row are the
    pieces of both lines; () where they have no word in common, are too long, or come after many others. `left_out`: how
    many lines a row stands for that has none."""

    mark: Mark
    old: tuple[int, str] | None
    new: tuple[int, str] | None
    parts: Parts | tuple[()] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Table:
    """The rows. `coarse`: see Lines."""

    rows: tuple[Row, ...]
    coarse: bool = False


def table(old: str, new: str, context: int = 3) -> Table:
    """All changes with so many lines around them. White space at the ends of the texts is no change."""
    old_lines, new_lines = split(old), split(new)
    matching = match(old_lines, new_lines)
    if all(block.mark is Mark.SAME for block in matching.blocks):
        return Table(())
    rows = _rows(matching.blocks, old_lines, new_lines, max(context, 0))
    return Table(tuple(rows), matching.coarse)


def _rows(blocks: Sequence[Block], old: Sequence[str], new: Sequence[str], context: int) -> Iterator[Row]:
    work = Work(STEPS)
    for at, block in enumerate(blocks):
        removed = list(enumerate(old[block.i1 : block.i2], block.i1 + 1))
        added = list(enumerate(new[block.j1 : block.j2], block.j1 + 1))
        if block.mark is Mark.SAME:
            yield from _around(removed, added, context if at else 0, context if at + 1 < len(blocks) else 0)
        elif block.mark is Mark.CHANGED:
            for one, other in zip(removed, added, strict=True):
                yield Row(Mark.CHANGED, one, other, _parts(one[1], other[1], work))
        else:
            yield from (Row(Mark.REMOVED, line, None) for line in removed)
            yield from (Row(Mark.ADDED, None, line) for line in added)


def _around(
    old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]], after: int, before: int
) -> Iterator[Row]:
    """Lines that are the same, so many of them after one change and before the next."""
    rest = len(old) - before
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        if at < after or at >= rest:
            yield Row(Mark.SAME, one, other)
        elif at == after:
            yield Row(Mark.LEFT_OUT, None, None, left_out=rest - after)


def _parts(old: str, new: str, work: Work) -> Parts | tuple[()]:
    """What changed inside a line, word by word."""
    if max(len(old), len(new)) > LONGEST or not work.take(PAIR):
        return ()
    words, new_words = _WORD_OR_SIGN.findall(old), _WORD_OR_SIGN.findall(new)
    changed, new_changed = [True] * len(words), [True] * len(new_words)
    for i, j, size in _same(words, new_words, work):
        changed[i : i + size] = new_changed[j : j + size] = [False] * size
    parts = _pieces(words, changed), _pieces(new_words, new_changed)
    return parts if any(text.strip() for text, is_changed in parts[0] if not is_changed) else ()


def _same(words: Sequence[str], new_words: Sequence[str], work: Work) -> Iterator[tuple[int, int, int]]:
    """Where words are the same: the places in both, and how many."""
    head, tail = both_ends(words, new_words)
    end, new_end = len(words) - tail, len(new_words) - tail
    yield 0, 0, head
    yield end, new_end, tail
    for i, j, size in Matcher(work, words[head:end], new_words[head:new_end], autojunk=False).get_matching_blocks():
        yield head + i, head + j, size


def _pieces(words: Sequence[str], changed: Sequence[bool]) -> tuple[tuple[str, bool], ...]:
    groups = groupby(zip(words, changed, strict=True), key=itemgetter(1))
    return tuple(("".join(word for word, _ in group), is_changed) for is_changed, group in groups)
