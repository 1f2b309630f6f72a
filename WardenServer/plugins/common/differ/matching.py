"""Which lines of two texts belong together: as difflib has it, for texts of any size."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from WardenServer.plugins.common.differ.limited import Matcher, Work, signs
from WardenServer.plugins.common.differ.unique import both_ends, in_common

#: From so many lines on, lines that occur once are matched first.
LARGE = 2000

#: From so many characters on, or with so many lines, a text has only `STEPS_LARGE`.
LARGE_CHARACTERS = 250_000

#: Most steps (see Work) for a text: about 10 s, where difflib might take hours.
STEPS = 100_000_000

#: ... and for a large one: about half a second.
STEPS_LARGE = 4_000_000

# In the signs of Differ: a pair of similar lines has a line with ? behind one of them, or behind both.
_PAIR_OR_LINE = re.compile(r"-\?\+\??|-\+\?|[-+ ]")


class Mark(StrEnum):
    """What lines are."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    LEFT_OUT = "left out"  # lines that are the same, too far from any change


class Block(NamedTuple):
    """Lines old[i1:i2] and new[j1:j2]. Those that are the same or changed belong together one by one."""

    mark: Mark
    i1: int
    i2: int
    j1: int
    j2: int


@dataclass(frozen=True)
class Matching:
    """The blocks, from the first lines to the last. `coarse`: the lines of some were not compared with each other."""

    blocks: tuple[Block, ...]
    coarse: bool


def match(old: Sequence[str], new: Sequence[str]) -> Matching:
    """The lines of two texts."""
    lines, characters = max(len(old), len(new)), max(sum(map(len, old)), sum(map(len, new)))
    work = Work(STEPS if lines < LARGE and characters < LARGE_CHARACTERS else STEPS_LARGE)
    replaced = _opcodes(SequenceMatcher(None, old, new)) if lines < LARGE else _large(old, new, work)
    return Matching(tuple(_joined(_compared(replaced, old, new, work))), work.is_short)


def _large(old: Sequence[str], new: Sequence[str], work: Work) -> Iterator[Block]:
    """Blocks from the lines that both have once, and from what difflib finds between them."""
    i = j = 0
    for next_i, next_j in [*in_common(old, new), (len(old), len(new))]:
        if next_i > i or next_j > j:
            yield from _between(old[i:next_i], new[j:next_j], i, j, work)
        i, j = next_i + 1, next_j + 1
        if next_i < len(old):
            yield Block(Mark.SAME, next_i, i, next_j, j)


def _between(old: Sequence[str], new: Sequence[str], i: int, j: int, work: Work) -> Iterator[Block]:
    """Blocks of a part of the texts, which begins at i and j."""
    head, tail = both_ends(old, new)
    i2, j2 = len(old) - tail, len(new) - tail
    yield Block(Mark.SAME, i, i + head, j, j + head)
    yield from _opcodes(Matcher(work, old[head:i2], new[head:j2]), i + head, j + head)
    yield Block(Mark.SAME, i + i2, i + len(old), j + j2, j + len(new))


def _opcodes(matcher: "SequenceMatcher[str]", i: int = 0, j: int = 0) -> Iterator[Block]:
    """What difflib finds; a block that it replaces has the mark CHANGED, whatever is in it."""
    marks = {"equal": Mark.SAME, "replace": Mark.CHANGED, "delete": Mark.REMOVED, "insert": Mark.ADDED}
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        yield Block(marks[tag], i + i1, i + i2, j + j1, j + j2)


def _compared(blocks: Iterable[Block], old: Sequence[str], new: Sequence[str], work: Work) -> Iterator[Block]:
    """Blocks that are replaced, line by line; a single line by a single one needs no comparison."""
    for block in blocks:
        lines = (block.i2 - block.i1, block.j2 - block.j1)
        if block.mark is not Mark.CHANGED or lines == (1, 1):
            yield block
        else:
            yield from _replaced(block, old, new, work)


def _replaced(block: Block, old: Sequence[str], new: Sequence[str], work: Work) -> Iterator[Block]:
    """The lines of a block as Differ pairs them; if there are too many of them, all removed, then all added."""
    _, i1, i2, j1, j2 = block
    found = signs(old, new, (i1, i2, j1, j2), work)
    if found is None:
        yield Block(Mark.REMOVED, i1, i2, j1, j1)
        yield Block(Mark.ADDED, i2, i2, j1, j2)
        return
    for part in _PAIR_OR_LINE.findall(found):
        mark = {" ": Mark.SAME, "-": Mark.REMOVED, "+": Mark.ADDED}.get(part, Mark.CHANGED)
        i, j = i1, j1
        i1, j1 = i + (mark is not Mark.ADDED), j + (mark is not Mark.REMOVED)
        yield Block(mark, i, i1, j, j1)


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Neighbours of the same mark as one block; empty ones are left out."""
    last: Block | None = None
    for block in blocks:
        if block.i1 == block.i2 and block.j1 == block.j2:
            continue
        if last is not None and last.mark is block.mark:
            last = Block(last.mark, last.i1, block.i2, last.j1, block.j2)
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last
