"""Two texts line by line, in the form of CMS HCAL's RunInfoDiffer: the rules of difflib, for texts of any size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from WardenServer.plugins.common.differ.matching import Block, Mark, match


@dataclass(frozen=True)
class Lines:
    """The lines that differ, each with `- `, `+ ` or, for context, two blanks before it. `coarse`: large blocks were
    not compared line with line, but stand as removed, then added."""

    lines: tuple[str, ...]
    coarse: bool = False


def diff(old: str, new: str) -> Lines:
    """What changed. White space at the ends of the texts is no change.

    Of the lines that did not change, the one that opened the block of a change stands before it: the last that has {,
    but neither } nor #.
    """
    old_lines, new_lines = split(old), split(new)
    matching = match(old_lines, new_lines)
    found: list[str] = []
    for block in matching.blocks:
        if block.mark is not Mark.SAME:
            found += _changed(block, old_lines, new_lines)
        elif block is not matching.blocks[-1]:
            found += _opening(old_lines[block.i1 : block.i2])
    return Lines(tuple(found), matching.coarse)


def _changed(block: Block, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    removed = [f"- {line}" for line in old[block.i1 : block.i2]]
    added = [f"+ {line}" for line in new[block.j1 : block.j2]]
    if block.mark is Mark.CHANGED:
        return chain.from_iterable(zip(removed, added, strict=True))
    return chain(removed, added)


def _opening(lines: Sequence[str]) -> list[str]:
    """The last line that opens a block; [] if there is none."""
    openings = (line for line in reversed(lines) if "{" in line and "}" not in line and "#" not in line)
    return [f"  {line}" for line in islice(openings, 1)]


def split(text: str) -> list[str]:
    """Its lines, without the white space at its ends."""
    return text.strip().splitlines()
