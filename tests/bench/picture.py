"""Figures as a picture: a bar for the ratio of each that has a target, with the spread of its rounds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure

_MET, _MISSED, _MARK = "#4c956c", "#c8553d", "#1f2933"
#: Inches: width of the picture, height of one bar, and of what stands above and below the bars.
_WIDTH, _BAR, _FRAME = 11.0, 0.36, 1.5


def draw(figures: Sequence[Figure], title: str, file: Path) -> None:
    """Draw the figures that have a target into a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    shown = [figure for figure in figures if figure.limit is not None and figure.ratio]
    canvas = Canvas(figsize=(_WIDTH, _FRAME + _BAR * len(shown)), layout="constrained")
    axes = canvas.subplots()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1.0, color="grey", linewidth=0.8, zorder=0)
    for row, figure in enumerate(shown):
        _bar(axes, row, figure)
    axes.set_yticks(
        range(len(shown)), [f"{figure.figure}\nagainst {figure.rival_name}" for figure in shown], fontsize=7
    )
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("ours / rival, less is better: median (bar), rounds (line), target (mark)", fontsize=9)
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    FigureCanvasAgg(canvas).print_png(str(file))


def _bar(axes: Any, row: int, figure: Figure) -> None:
    axes.barh(row, figure.ratio, 0.6, color=_MET if figure.met else _MISSED)
    axes.hlines(row, *(figure.ratio_spread or ()), color=_MARK, linewidth=1)
    axes.plot(figure.limit, row, marker="|", markersize=14, markeredgewidth=2, color=_MARK)
    said = f"{figure.ratio:.2g}  ({figure.target})"
    axes.text(1.01, row, said, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
