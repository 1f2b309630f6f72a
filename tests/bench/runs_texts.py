"""Texts with many lines: their differences beside bare difflib, changes that are hard, and the page of those."""

import random
import time
from collections.abc import Callable
from difflib import Differ, SequenceMatcher
from pathlib import Path

from tests.bench.figure import Run
from tests.bench.timing import repeat
from WardenServer.errors import WardenError
from WardenServer.plugins.common.differ import compare, page
from WardenServer.plugins.common.differ.change import Pair
from WardenServer.plugins.common.differ.lines import diff
from WardenServer.plugins.common.differ.rules import Rules

#: Lines of a large text.
LARGE = 10_000
#: A change of a text: gets its lines, and gives those of the other one.
Change = Callable[[list[str]], list[str]]


def configuration(number: int) -> list[str]:
    """Lines of a configuration, in blocks of ten; many are similar to each other."""
    found: list[str] = []
    while len(found) < number:
        crate = len(found) // 10
        settings = [f"    channel {each} threshold {(crate * 7 + each * 13) % 97} # of crate {crate}"
                    for each in range(8)]  # fmt: skip
        found += [f"crate {crate} {{", *settings, "}"]
    return found[:number]


# -- what is usual


def difference(folder: Path, name: str, bare: bool, times: int) -> Run:
    """Milliseconds for the lines that differ, by ours or by bare difflib. Both must find the same."""
    number, change = USUAL[name]
    lines = configuration(number)
    old, new = "\n".join(lines), "\n".join(change(lines))
    found = diff(old, new)
    if found.coarse or found.lines != tuple(bare_difference(old, new)):
        raise WardenError(f"ours and difflib have found other lines ({name}); nothing is compared")
    return repeat(times, int, lambda _: bare_difference(old, new) if bare else diff(old, new))


def bare_difference(old: str, new: str) -> list[str]:
    """The lines that differ, each after the line that opens its block, if there is one."""
    found: list[str] = []
    opening = ""
    for line in Differ().compare(old.strip().splitlines(), new.strip().splitlines()):
        if line[0] in "+-":
            found += [opening, line] if opening else [line]
            opening = ""
        elif line[0] == " " and "{" in line and "}" not in line and "#" not in line:
            opening = line
    return found


def _some(lines: list[str]) -> list[str]:
    """Ten lines from everywhere."""
    return _at(lines, range(5, len(lines), len(lines) // 10))


def _blocks(lines: list[str]) -> list[str]:
    """Thirty lines in blocks of five."""
    return _at(lines, [first + each for first in range(102, len(lines), len(lines) // 6) for each in range(5)])


def _similar(lines: list[str]) -> list[str]:
    """Ten blocks of eight lines that are similar to each other, with a line more in each."""
    found = _at(lines, [first + each for first in range(1, len(lines), len(lines) // 10) for each in range(8)])
    for first in reversed(range(1, len(lines), len(lines) // 10)):
        found.insert(first + 3, f"    channel 8 threshold {first} # of crate {first // 10}")
    return found


def _at(lines: list[str], places: range | list[int]) -> list[str]:
    """Other numbers in the lines at these places."""
    found = list(lines)
    for place in places:
        found[place] = _other(found[place])
    return found


def _other(line: str) -> str:
    return line.replace("threshold ", "threshold 1") if "threshold" in line else f"{line} "


USUAL: dict[str, tuple[int, Change]] = {
    "200 lines, 10 changed": (200, _some),
    "1000 lines, 30 changed in blocks": (1000, _blocks),
    "300 lines, 10 blocks of 8 similar lines changed": (300, _similar),
}

# -- what is hard


def _second(lines: list[str]) -> list[str]:
    return _at(lines, range(1, len(lines), 2))


def _all(lines: list[str]) -> list[str]:
    return [f"{line} changed" for line in lines]


def _others(lines: list[str]) -> list[str]:
    return [f"nothing in common {number * 7919}" for number in range(len(lines))]


def _shuffled(lines: list[str]) -> list[str]:
    return random.Random(14).sample(lines, len(lines))


def _blocks_of_a_hundred(lines: list[str]) -> list[str]:
    """As many lines as Differ may compare with each other, and one that is the same."""
    return [line if number % 101 == 100 else f"{line} changed" for number, line in enumerate(lines)]


def _repeated(number: int, kinds: int, seed: int) -> list[str]:
    choose = random.Random(seed)
    return [f"    channel {choose.randrange(kinds)} is masked" for _ in range(number)]


#: What is changed, and how; the lines before are those of `configuration`, but for those repeated at random.
HARD: dict[str, Change] = {
    "every second line": _second,
    "all lines, which stay similar": _all,
    "all lines by others": _others,
    "shuffled": _shuffled,
    "reversed": lambda lines: lines[::-1],
    "blocks of a hundred lines": _blocks_of_a_hundred,
    "ten lines repeated at random": lambda lines: _repeated(len(lines), 10, 15),
    "300 lines repeated at random": lambda lines: _repeated(len(lines), 300, 15),
}
_KINDS = {"ten lines repeated at random": 10, "300 lines repeated at random": 300}


def hard(name: str, number: int) -> tuple[str, str]:
    """A text of so many lines before and after a change."""
    lines = _repeated(number, _KINDS[name], 14) if name in _KINDS else configuration(number)
    return "\n".join(lines), "\n".join(HARD[name](lines))


def differences(folder: Path, number: int) -> Run:
    """Seconds for each of the hard changes."""
    return {name: _seconds(diff, *hard(name, number)) for name in HARD}


def pages(folder: Path, number: int) -> Run:
    """Seconds for the complete page of each of the hard changes, once they are compared."""
    return {name: _page(*hard(name, number)) for name in HARD}


def _page(old: str, new: str) -> float:
    comparison = compare.compare([Pair("HCAL_HF", "CONFIGURATION", old, new)], Rules())
    return _seconds(page.fragment, comparison, True)


def matched(folder: Path, name: str, number: int, bare: bool) -> Run:
    """Seconds for the lines that differ, or for a plain SequenceMatcher to match the lines."""
    old, new = hard(name, number)
    return {"took": _seconds(_match, old, new) if bare else _seconds(diff, old, new)}


def _match(old: str, new: str) -> object:
    return SequenceMatcher(None, old.splitlines(), new.splitlines()).get_opcodes()


def _seconds(action: Callable[..., object], *given: object) -> float:
    before = time.perf_counter()
    action(*given)
    return time.perf_counter() - before
