"""Two texts line by line, in the form of CMS HCAL's RunInfoDiffer: the rules of difflib, for texts of any size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lines:
    """The lines that differ, each with `- `, `+ ` or, for context, two blanks before it. `coarse`: large blocks were
    not compared line with line, but stand as removed, then added."""

    lines: tuple[str, ...]
    coarse: bool = False


def diff(old: str, new: str) -> Lines:
    """What changed. White space at the ends of the texts is no change."""
    raise NotImplementedError
