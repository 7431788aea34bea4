"""Accuracy of a fusion against the number of classifiers that are fused."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from retable.errors import DataError
from retable.figures.style import COLOURS, legend_below, new_figure
from retable.spec.figure import AccuracyByFused
from retable.tables.verdicts import print_number
from retable.tsv import as_numbers, read_tsv

SIZE_COLUMNS = ("n", "draw", "accuracy")


def draw_accuracy_by_fused(
    figure: AccuracyByFused, sizes: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw how accuracy grows with the number of fused classifiers; a line a fusion.

    The line is the mean over the draws of that many classifiers, the band reaches from the worst
    to the best of them. The accuracy of all classifiers, or of most, is written at the end.

    Args:
        figure: Its fusions and title.
        sizes: Fusion -> its accuracies by number of classifiers.
        titles: Fusion -> its name in the legend.

    Raises:
        DataError: A file is unreadable or holds no sizes.
    """
    curves = {name: accuracy_by_fused(sizes[name]) for name in figure.experiments}
    looks = []
    drawing = new_figure(6.2, 4.0)
    axes = drawing.subplots()
    for index, (name, table) in enumerate(curves.items()):
        colour = COLOURS[index % len(COLOURS)]
        _draw_line(axes, table, colour)
        looks.append((titles.get(name, name), {"color": colour, "marker": "o"}))
    axes.set_xlabel("fused classifiers")
    axes.set_ylabel("accuracy (%)")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.margins(x=0.08)
    most = max(int(table["n"].max()) for table in curves.values())
    axes.set_xticks(_ticks(most))
    legend_below(drawing, looks)
    return drawing


def accuracy_by_fused(paths: Sequence[Path]) -> pd.DataFrame:
    """Points of one fusion by rising number of classifiers: `n, mean, low, high`, in percent.

    Raises:
        DataError: A file is unreadable or holds no sizes.
    """
    types = {"n": int, "accuracy": float}
    parts = [as_numbers(read_tsv(path, SIZE_COLUMNS), types, path) for path in paths]
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        raise DataError(f"{paths[0]}: holds no sizes; remove it and build it again")
    percent = (100 * table["accuracy"]).groupby(table["n"])
    points = percent.agg(mean="mean", low="min", high="max")
    return points.reset_index()


def _ticks(most: int) -> list[int]:
    """Round numbers up to the most classifiers, and the single one that a line starts from."""
    ticks = MaxNLocator(8, integer=True).tick_values(1, most)
    return sorted({1, *(int(tick) for tick in ticks if 1 < tick <= most)})


def _draw_line(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    axes.plot(table["n"], table["mean"], color=colour, marker="o", markersize=3.5, linewidth=1.6)
    axes.fill_between(
        table["n"], table["low"], table["high"], color=colour, alpha=0.15, linewidth=0
    )
    last = table.iloc[-1]
    axes.annotate(
        print_number(last["mean"], 1),
        (last["n"], last["mean"]),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=colour,
    )
