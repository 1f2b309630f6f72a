"""difflib within a limit of work, which is counted, not timed: the same texts always give the same result."""

import difflib
from collections.abc import Sequence
from importlib.util import find_spec, module_from_spec
from itertools import accumulate, repeat
from typing import Any

#: Most pairs of lines in a block whose lines are compared with each other.
PAIRS = 100 * 100

#: Steps that a call takes, whatever it does; and that it takes for each piece, before it looks where that stands.
CALL = 50
PIECE = 3


class Work:
    """So many steps may still be done: `left`, each of about 0.1 microseconds. `is_short`: something was not done."""

    def __init__(self, steps: int) -> None:
        self.is_short = False
        self.left = steps

    def take(self, steps: int) -> bool:
        """Whether these may still be done."""
        if steps > self.left:
            self.is_short = True
            return False
        self.left -= steps
        return True


class Matcher(difflib.SequenceMatcher[Any]):
    """A SequenceMatcher that finds no more matches where its work would go over the limit.

    The work stands where a SequenceMatcher has its `isjunk`, because that is what Differ hands on to it.
    """

    a: Sequence[Any]
    b2j: dict[Any, list[int]]

    def __init__(self, work: Work, a: Sequence[Any] = "", b: Sequence[Any] = "", autojunk: bool = True) -> None:
        self._work = work
        self._found: list[int] = []
        super().__init__(None, a, b, autojunk)

    def quick_ratio(self) -> float:
        """See SequenceMatcher."""
        return super().quick_ratio() if self._work.take(CALL + len(self.a)) else 0.0

    def get_matching_blocks(self) -> list[difflib.Match]:
        """See SequenceMatcher."""
        places = map(self.b2j.get, self.a, repeat(()))
        self._found = list(accumulate(map(len, places), initial=0))
        return super().get_matching_blocks()

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Any:
        """See SequenceMatcher; it looks at all places in `b` where a piece of `a` stands, also before `blo`."""
        end = len(self.a) if ahi is None else ahi
        if self._work.take(CALL + PIECE * (end - alo) + self._found[end] - self._found[alo]):
            return super().find_longest_match(alo, ahi, blo, bhi)
        return difflib.Match(alo, blo, 0)


def _difflib() -> Any:
    """The module once more, for us alone, with our matcher in it: Differ cannot be given one."""
    spec = find_spec("difflib")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["SequenceMatcher"] = Matcher
    return module


_OURS = _difflib()


def signs(old: Sequence[str], new: Sequence[str], block: tuple[int, int, int, int], work: Work) -> str | None:
    """How Differ replaces old[i1:i2] by new[j1:j2]: the first sign of each line that it gives.

    None: it has more than PAIRS to look at, or too much work. Before Python 3.14 it may look at all pairs again for
    each pair that it has found.
    """
    i1, i2, j1, j2 = block
    lines, new_lines = i2 - i1, j2 - j1
    rounds = min(lines, new_lines) + 1
    characters = sum(map(len, new[j1:j2]))
    if lines * new_lines > PAIRS:
        work.is_short = True
        return None
    if not work.take(rounds * ((CALL + lines) * new_lines + characters)):
        return None
    # It is private, but nothing else pairs lines; a test says so if a version of Python no longer has it.
    replaced = _OURS.Differ(charjunk=work)._fancy_replace(old, i1, i2, new, j1, j2)
    return "".join(line[0] for line in replaced)
