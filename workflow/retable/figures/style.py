"""One look for all figures, and files whose bytes depend on their content alone."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, which readers with any colour vision can tell apart."""
DOTS_PER_INCH = 160
TITLE_POINTS = 11
CHARACTERS_PER_INCH = 11
"""Of a title, on average; leaves a margin."""
HANDLE_CHARACTERS = 6
"""Room that the line before a name takes in a legend."""
_SETTINGS: dict[str, Any] = {
    # Without a fixed salt the element ids of an SVG differ from run to run.
    "svg.hashsalt": "retable",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5f6368",
    "axes.grid": False,
    "grid.color": "#e3e5e8",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw within this look; the global settings are as before afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float) -> Figure:
    """Open a figure, size in inches, that needs no display and no global state."""
    return Figure(figsize=(width, height))


def title_figure(figure: Figure, title: str, note: str = "") -> None:
    """Write the title, and beneath it the note, in lines no wider than the figure."""
    width = int(figure.get_figwidth() * CHARACTERS_PER_INCH)
    lines = [*textwrap.wrap(title, width), *textwrap.wrap(note, width)]
    figure.suptitle("\n".join(lines), fontsize=TITLE_POINTS)


def legend_below(figure: Figure, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Write a legend beneath all panels, in as many columns as the longest name leaves room for.

    Args:
        figure: The figure, panels drawn.
        lines: Names, and how the line of each is drawn.
    """
    handles = [Line2D([], [], label=name, **look) for name, look in lines]
    widest = max(len(name) for name, _ in lines) + HANDLE_CHARACTERS
    columns = int(figure.get_figwidth() * CHARACTERS_PER_INCH / widest)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(max(columns, 1), len(lines))
    )


def save_figure(figure: Figure, svg: Path, png: Path) -> None:
    """Save as SVG and PNG without dates or versions: equal figures give equal bytes."""
    for path in (svg, png):
        path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
