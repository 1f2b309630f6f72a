"""A table of pairs as people read it in a terminal."""

from collections.abc import Callable, Sequence

from WardenServer.plugins.common.differ.shown import printable
from WardenServer.plugins.common.ping.looking.classes import Class, class_of, classes, meaning

#: What gives a text the colour of a class.
Paint = Callable[[str, Class], str]
Values = Sequence[float | None]
#: A line of a table: two names, and the values behind them.
Line = tuple[str, str, Values]


def cells(name: str, values: Values) -> list[str]:
    """Numbers as the tables have them, with three decimals, and a dot where there is none; those in a row "pairs" of a
    summary are whole."""
    decimals = 0 if name == "pairs" else 3
    return ["." if value is None else f"{value:.{decimals}f}" for value in values]


def lines(metric: str, points: Sequence[str], rows: Sequence[Line], below: Sequence[Line], paint: Paint) -> list[str]:
    """The points, the rows, an empty line, and those below, in columns.

    Args:
        metric: whose classes the values of the rows have.
        points: the headers.
        rows: of pairs.
        below: of the summary.
        paint: adds colours, as escapes of no width.
    """
    names = [(printable(first), printable(second)) for first, second, _ in (("From", "To", ()), *rows, *below)]
    numbers = [list(points), *(cells("", values) for _, _, values in rows), *(cells(*line[::2]) for line in below)]
    first, second = (max(len(each[side]) for each in names) for side in (0, 1))
    width = max((len(number) for row in numbers for number in row), default=0)

    def line(place: int, values: Values | None) -> str:
        kinds = [class_of(metric, value) for value in values or [None] * len(points)]
        shown = (_cell(number, width, kind, paint) for number, kind in zip(numbers[place], kinds, strict=True))
        return f"{names[place][0]:<{first}}  {names[place][1]:<{second}}  {'  '.join(shown)}".rstrip()

    all_rows = [line(place, values) for place, (_, _, values) in enumerate(rows, 1)]
    return [line(0, None), *all_rows, "", *(line(place, None) for place in range(len(rows) + 1, len(names)))]


def legend(metric: str, paint: Paint) -> str:
    """What the signs mean; "" where the metric has no classes."""
    return "   ".join(paint(f"{each.sign} {each.name}: {meaning(metric, each)}", each) for each in classes(metric))


def _cell(number: str, width: int, kind: Class | None, paint: Paint) -> str:
    text = f"{number:>{width}} {kind.sign if kind else '':<2}"
    return paint(text, kind) if kind else text
