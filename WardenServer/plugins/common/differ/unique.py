"""What two sequences have in common for certain: their ends, and lines that occur once (the patience diff)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile


def both_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines at the beginning are the same, and how many of the others at the end."""
    head = sum(1 for _ in takewhile(_is_equal, zip(old, new, strict=False)))
    rest = min(len(old), len(new)) - head
    ends = zip(reversed(old), reversed(new), range(rest), strict=False)
    return head, sum(1 for _ in takewhile(_is_equal, ends))


def _is_equal(lines: tuple[object, ...]) -> bool:
    return lines[0] == lines[1]


def in_common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places in old and new of lines that occur once in each: the most of them that are in the same order in both."""
    places = {line: at for at, line in enumerate(new)}
    once, once_new = _once(old), _once(new)
    return _rising([(at, places[line]) for at, line in enumerate(old) if line in once and line in once_new])


def _once(lines: Sequence[str]) -> set[str]:
    return {line for line, count in Counter(lines).items() if count == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part in which the second numbers rise (patience sorting); the first ones do."""
    ends: list[int] = []  # the smallest second number in which a part of each length ends
    last: list[int] = []  # the pair that this is
    before: list[int] = []  # for each pair the one before it
    for at, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [at]
    found = []
    at = last[-1] if last else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]
