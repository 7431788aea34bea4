"""One look for all figures, and files whose bytes depend on their content alone."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from retable.registry import FIGURES, load
from retable.spec.figure import Figure as Spec

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, which readers with any colour vision can tell apart."""
GREY = "#5f6368"
"""Of what belongs to no single experiment, and of axes."""
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
    "axes.edgecolor": GREY,
    "axes.grid": False,
    "grid.color": "#e3e5e8",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
}


def new_figure(width: float, height: float) -> Figure:
    """Open a figure, size in inches, that needs no display and no global state."""
    return Figure(figsize=(width, height))


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


def write_figure(
    figure: Spec,
    files: Mapping[str, Sequence[Path]],
    titles: Mapping[str, str],
    *,
    note: str = "",
    svg: Path,
    png: Path,
) -> None:
    """Draw a figure of a paper as its kind does, and save it without dates or versions.

    Equal inputs give equal bytes, and the global settings are as before afterwards.

    Args:
        figure: Its kind, its title and what the kind asks for.
        files: Experiment, fusion or verification -> the files that the kind draws it from.
        titles: The same -> its name, which a kind shows as its function says.
        note: Printed beneath the title, for instance that the audio is simulated.
        svg: File to write.
        png: File to write.

    Raises:
        DataError: The files are unreadable, or hold something else than the figure shows.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        drawing = load(FIGURES, figure.kind)(figure, files, titles)
        width = int(drawing.get_figwidth() * CHARACTERS_PER_INCH)
        lines = [*textwrap.wrap(figure.title, width), *textwrap.wrap(note, width)]
        drawing.suptitle("\n".join(lines), fontsize=TITLE_POINTS)
        for path in (svg, png):
            path.parent.mkdir(parents=True, exist_ok=True)
        drawing.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        drawing.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
