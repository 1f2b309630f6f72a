"""Figures as text: for people on a terminal, and as Markdown for the README."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table

from tests.bench.figure import Figure, Spread

_HEADS = ("figure", "ours", "rival", "against", "ratio", "spread", "target", "met")


def text(figures: Sequence[Figure], title: str) -> Table:
    """All figures; those that miss their target stand out."""
    table = Table(*_HEADS, title=title, box=box.SIMPLE_HEAD, caption="ratio = ours / rival: less is better")
    for column in table.columns[1:3] + table.columns[4:7]:
        column.justify = "right"
    for figure in figures:
        table.add_row(*_cells(figure), style="bold red" if figure.met is False else "")
    return table


def markdown(figures: Iterable[Figure]) -> str:
    """The figures that have a target."""
    lines = [f"| {' | '.join(_HEADS)} |", "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |"]
    lines += [f"| {' | '.join(_cells(figure))} |" for figure in figures if figure.target]
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.figure,
        f"{_number(figure.ours)} {figure.unit}",
        f"{_number(figure.rival)} {figure.unit}",
        figure.rival_name,
        "-" if figure.ratio is None else _number(figure.ratio),
        _range(figure.ratio_spread),
        figure.target,
        {True: "yes", False: "no", None: ""}[figure.met],
    )


def _range(spread: Spread | None) -> str:
    return "-" if spread is None else f"{_number(spread[0])}..{_number(spread[1])}"


def _number(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
