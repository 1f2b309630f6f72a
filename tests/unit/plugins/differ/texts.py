"""Texts as they come, and the rules of the original in few lines, by difflib alone."""

import difflib

from hypothesis import strategies as some

_KINDS = ["crate N {", "  threshold N", "  threshold N0", "}", "", "# off N {", "{ N }", "? N", "- N"]
_LINES = some.builds(lambda kind, n: kind.replace("N", str(n)), some.sampled_from(_KINDS), some.integers(0, 12))

#: Short lists of lines that are often the same, or similar.
lists = some.lists(_LINES, max_size=30)


@some.composite
def edited(draw: some.DrawFn) -> tuple[list[str], list[str]]:
    """Lines, and the same lines after a few edits."""
    old = draw(some.lists(_LINES, min_size=1, max_size=60))
    new = list(old)
    for _ in range(draw(some.integers(0, 6))):
        at = draw(some.integers(0, len(new)))
        new[at : at + draw(some.integers(0, 3))] = draw(some.lists(_LINES, max_size=3))
    return old, new


#: Two lists of lines, some with much in common and some with little.
pairs = some.one_of(some.tuples(lists, lists), edited())


def by_difflib(old: str, new: str) -> tuple[str, ...]:
    """What the original shows."""
    found = difflib.Differ().compare(old.strip().splitlines(), new.strip().splitlines())
    kept = [line for line in found if line[0] in "+-" or (line[0] == " " and _opens(line))]
    following = [*kept[1:], " "][: len(kept)]
    return tuple(line for line, after in zip(kept, following, strict=True) if line[0] in "+-" or after[0] in "+-")


def _opens(line: str) -> bool:
    return "{" in line and "}" not in line and "#" not in line


def different(count: int, word: str, first: int = 0) -> list[str]:
    """Lines that are similar to those with another word, and none the same."""
    return [f"crate{n:04} = {word}" for n in range(first, first + count)]


def text(lines: list[str]) -> str:
    return "\n".join(lines)
