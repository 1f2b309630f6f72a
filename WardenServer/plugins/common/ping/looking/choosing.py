"""Which pairs are wanted, by regular expressions that people write."""

from collections.abc import Sequence

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.opening import libraries

#: Letters of an expression.
LONGEST = 200

Pairs = Sequence[tuple[str, str]]


def chosen(pairs: Pairs, source: str, target: str, only: str, without: str) -> list[bool]:
    """Which of the pairs are wanted: `source` and `target` must match where they are given, one of the two `only`, and
    none of the two `without`. Large and small letters are the same, as DNS has it.

    Any expression takes time in proportion to the names: polars has Rust's expressions, which cannot look around or
    back.

    Raises:
        SettingError: one of them is no regular expression, or too long; the text names it as `warden ping table` and
            the web do.
        Unreachable: the library is missing.
    """
    wanted = [True] * len(pairs)
    rules = (("from", source, (0,)), ("to", target, (1,)), ("only", only, (0, 1)), ("ex", without, (0, 1)))
    for which, expression, sides in rules:
        if expression:
            found = [_matches(which, expression, [pair[side] for pair in pairs]) for side in sides]
            is_hit = map(any, zip(*found, strict=True))
            wanted = [was and hit != (which == "ex") for was, hit in zip(wanted, is_hit, strict=True)]
    return wanted


def _matches(which: str, expression: str, names: Sequence[str]) -> list[bool]:
    with libraries(Unreachable):
        import polars

    if len(expression) > LONGEST:
        raise SettingError(f"{which} has {len(expression)} letters; {LONGEST} is the most")
    try:
        return polars.Series(names, dtype=polars.String).str.contains(f"(?i){expression}").to_list()
    except (polars.exceptions.PolarsError, UnicodeEncodeError):
        cure = "write a regular expression without look-around, such as ^cern"
        raise SettingError(f"{which} is {expression[:40]!r}; {cure}") from None
